import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { add, concatenate, matmul, reshape, transpose } from "./operators.ts";
import { bytesOf, Program } from "./program.ts";
import { runProgram } from "./testing/run-program.ts";
import { saveProgram, writeProgram } from "./write-program.ts";
import { createSession, tensorFactory } from "../runtime/session.ts";

const counting = (length: number) => Float32Array.from({ length }, (_, i) => i - Math.floor(length / 3));

function example(): Program {
  const program = new Program("example");
  const x = program.input("x", "float32", ["rows", 2]);
  const weight = program.weight("weight", { type: "float32", shape: [2, 3], bytes: bytesOf(counting(6)) });
  program.within("layer", () => program.output("y", add(matmul(x, weight), program.scalar(1))));
  program.output("same", x);
  return program;
}

describe("a tensor program", () => {
  it("computes what its functions say, for any number of rows", async () => {
    for (const rows of [1, 4]) {
      const x = counting(rows * 2);
      const { y, same } = await runProgram(example(), { x: { data: x, shape: [rows, 2] } });
      const expected = Array.from({ length: rows * 3 }, (_, i) => {
        const [row, column] = [Math.floor(i / 3), i % 3];
        return x[row * 2]! * counting(6)[column]! + x[row * 2 + 1]! * counting(6)[3 + column]! + 1;
      });
      expect(Array.from(y!.data)).toEqual(expected);
      expect(Array.from(same!.data)).toEqual(Array.from(x));
    }
  });

  it("may give the same value out under several names", async () => {
    const program = example();
    program.output("again", program.outputs.get("y")!);
    const { y, again } = await runProgram(program, { x: { data: counting(2), shape: [1, 2] } });
    expect(again).toEqual(y);
  });

  it("keeps the sizes of dimensions that are named through reshaping", async () => {
    const program = new Program("reshaping");
    const x = program.input("x", "float32", ["rows", 4]);
    const heads = transpose(reshape(x, ["rows", 2, 2]), [1, 0, 2]);
    program.output("y", concatenate([heads, heads], 1));
    expect(program.outputs.get("y")!.shape).toEqual([2, "rows + rows", 2]);
    const { y } = await runProgram(program, { x: { data: counting(4), shape: [1, 4] } });
    expect(y!.shape).toEqual([2, 2, 2]);
  });

  it("names the operator and both shapes when they do not fit", () => {
    const program = new Program("wrong");
    const x = program.input("x", "float32", ["rows", 512]);
    const y = program.input("y", "float32", ["rows", 384]);
    const z = program.input("z", "float32", ["others", 512]);
    expect(() => add(x, y)).toThrow("Add: shapes [rows, 512] and [rows, 384] do not fit.");
    expect(() => add(x, z)).toThrow("[others, 512]");
    expect(() => matmul(x, y)).toThrow("MatMul: shapes [rows, 512] and [rows, 384] do not fit.");
    expect(() => reshape(x, ["a", "b"])).toThrow("more than one size open");
    expect(() => transpose(x, [0, 0])).toThrow("[0, 0] is no order");
    expect(() => program.weight("w", { type: "int8", shape: [2, 3], bytes: new Uint8Array(5) })).toThrow(
      "6 bytes",
    );
    expect(() => program.input("x", "float32", [])).toThrow("already has a tensor x");
    expect(() => add(x, new Program("other").input("x", "float32", ["rows", 512]))).toThrow(
      "another program",
    );
  });

  it("is saved with its weights beside it, and with weights that lie in other files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "glossa-program-"));
    try {
      const program = new Program("saved");
      const x = program.input("x", "float32", [1, 2048]);
      const values = counting(2048);
      const inMemory = program.weight("in_memory", {
        type: "float32",
        shape: [2048],
        bytes: bytesOf(values),
      });
      const file = join(folder, "other.bin");
      await writeFile(file, Buffer.concat([Buffer.alloc(8), bytesOf(values)]));
      const elsewhere = program.weight("elsewhere", {
        type: "float32",
        shape: [2048],
        bytes: { file, offset: 8 },
      });
      program.output("y", add(add(x, inMemory), elsewhere));
      expect(() => writeProgram(program)).toThrow("elsewhere lies in a file");
      await saveProgram(program, join(folder, "saved.onnx"));
      expect((await readFile(join(folder, "saved.onnx"))).length).toBeLessThan(1000);
      await using session = await createSession(join(folder, "saved.onnx"));
      const tensors = await tensorFactory();
      const { y } = await session.run({ x: tensors.float32(values, [1, 2048]) });
      expect(Array.from(y!.data as Float32Array)).toEqual(Array.from(values, (value) => 3 * value));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
