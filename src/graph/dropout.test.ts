import { describe, expect, it } from "vitest";
import { dropout } from "./dropout.ts";
import { Program } from "./program.ts";
import { loadProgram } from "./testing/run-program.ts";

describe("dropout", () => {
  it("drops the share asked for, scales the rest, and differs by seed and place", async () => {
    const program = new Program("dropout");
    const x = program.input("x", "float32", ["rows", 50]);
    const seed = program.input("seed", "int32", [1]);
    program.output("some", dropout(x, 0.2, seed, 0));
    program.output("elsewhere", dropout(x, 0.2, seed, 1));
    program.output("many", dropout(x, 0.7, seed, 0));
    await using loaded = await loadProgram(program);
    const run = async (seed: number) => {
      const ones = { data: new Float32Array(10_000).fill(1), shape: [200, 50] };
      return await loaded.run({ x: ones, seed: { data: Int32Array.of(seed), shape: [1] } });
    };
    const first = await run(1);
    expect(first.some!.shape).toEqual([200, 50]);
    expect([...new Set(first.some!.data)].sort()).toEqual([0, 1.25]);
    const dropped = (data: Float32Array) => data.filter((value) => value === 0).length / data.length;
    // Five deviations of a share of 10,000 are 0.02.
    expect(Math.abs(dropped(first.some!.data) - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(dropped(first.many!.data) - 0.7)).toBeLessThan(0.025);
    // Independent choices agree in 1 − 2 · 0.2 · 0.8 of all elements.
    const agreeing = (a: Float32Array, b: Float32Array) =>
      a.filter((value, i) => (value === 0) === (b[i] === 0)).length / a.length;
    const second = await run(2);
    expect(Math.abs(agreeing(first.some!.data, second.some!.data) - 0.68)).toBeLessThan(0.025);
    expect(Math.abs(agreeing(first.some!.data, first.elsewhere!.data) - 0.68)).toBeLessThan(0.025);
    // Neighbours in a row and in a column too.
    for (const distance of [1, 50]) {
      const shifted = first.some!.data.subarray(distance);
      expect(Math.abs(agreeing(shifted, first.some!.data) - 0.68)).toBeLessThan(0.025);
    }
    expect((await run(1)).some!.data).toEqual(first.some!.data);
  });

  it("refuses to drop everything", () => {
    const program = new Program("dropout");
    const [x, seed] = [program.input("x", "float32", [2]), program.input("seed", "int32", [1])];
    expect(() => dropout(x, 1, seed, 0)).toThrow("got 1");
  });
});
