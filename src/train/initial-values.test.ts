import { describe, expect, it } from "vitest";
import { initialValues } from "./initial-values.ts";
import type { Initial } from "./model.ts";

const values = (initial: Initial, shape: number[] = [40, 100], name = "weight", seed = 1) =>
  initialValues({ name, shape, initial }, seed);
const largest = (numbers: Float32Array) =>
  numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("initial values", () => {
  it("follow from seed and name", () => {
    const normal: Initial = { kind: "normal", deviation: 0.5 };
    expect(values(normal)).toEqual(values(normal));
    expect(values(normal)).not.toEqual(values(normal, [40, 100], "bias"));
    expect(values(normal)).not.toEqual(values(normal, [40, 100], "weight", 2));
  });

  it("are distributed as asked for", () => {
    const normal = values({ kind: "normal", deviation: 0.5 });
    const mean = normal.reduce((sum, value) => sum + value, 0) / normal.length;
    const variance = normal.reduce((sum, value) => sum + value * value, 0) / normal.length;
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.03);
    const bound = Math.sqrt(6 / 140);
    expect(largest(values({ kind: "xavier" }))).toBeGreaterThan(0.98 * bound);
    expect(largest(values({ kind: "xavier" }))).toBeLessThanOrEqual(bound);
    // [inputs, outputs] of a product; [outputs, inputs, kernel] of a convolution.
    expect(largest(values({ kind: "uniform-fan-in" }))).toBeCloseTo(1 / Math.sqrt(40), 2);
    expect(largest(values({ kind: "uniform-fan-in" }, [40, 20, 5]))).toBeCloseTo(1 / Math.sqrt(100), 2);
    expect([...values({ kind: "constant", value: 3 }, [2])]).toEqual([3, 3]);
  });

  it("that are given must fill the shape", () => {
    const given: Initial = { kind: "values", values: Float32Array.of(1, 2, 3) };
    expect(values(given, [3])).toEqual(Float32Array.of(1, 2, 3));
    expect(() => values(given, [2, 2])).toThrow("weight of shape [2, 2] needs 4 initial values; got 3");
  });
});
