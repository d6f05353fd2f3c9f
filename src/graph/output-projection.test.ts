import { describe, expect, it } from "vitest";
import { createSession, tensorFactory } from "../runtime/session.ts";
import { readOnnx, writeOnnx } from "./onnx-file.ts";
import { modelType } from "./onnx-schema.ts";
import { multiplyOutputInEightBits } from "./output-projection.ts";

const [rows, columns] = [40, 32];
const [scale, zeroPoint] = [0.02, 120];
const weights = Uint8Array.from({ length: rows * columns }, (_, i) => (i * 7919) % 256);

const value = (name: string, elemType: number, sizes: number[]) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
});

/** Both branches of an `If` give `x · dequantise(transpose(weights))` as `logits`. */
function model(transposed = true): Uint8Array {
  const node = (opType: string, input: string[], output: string, attribute: object[] = []) => ({
    opType,
    name: output,
    input,
    output: [output],
    attribute,
  });
  const perm = [{ name: "perm", type: 7, ints: [1, 0] }];
  const branch = () => ({
    name: "branch",
    node: [
      node(transposed ? "Transpose" : "Identity", ["weights"], "turned", transposed ? perm : []),
      node("DequantizeLinear", ["turned", "scale", "zero"], "floats"),
      node("MatMul", ["x", "floats"], "logits"),
    ],
    output: [value("logits", 1, [1, transposed ? rows : columns])],
  });
  const branches = [
    { name: "then_branch", type: 5, g: branch() },
    { name: "else_branch", type: 5, g: branch() },
  ];
  return modelType
    .encode({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 14 }],
      graph: {
        name: "test",
        node: [{ ...node("If", ["flag"], "logits", branches) }],
        initializer: [
          {
            name: "weights",
            dims: transposed ? [rows, columns] : [columns, rows],
            dataType: 2,
            rawData: weights,
          },
          { name: "scale", dims: [], dataType: 1, floatData: [scale] },
          { name: "zero", dims: [], dataType: 2, rawData: Uint8Array.of(zeroPoint) },
        ],
        input: [value("flag", 9, [1]), value("x", 1, [1, columns])],
        output: [value("logits", 1, [1, rows])],
      },
    })
    .finish();
}

async function logits(bytes: Uint8Array, x: Float32Array, flag: boolean): Promise<Float32Array> {
  const tensors = await tensorFactory();
  await using session = await createSession(bytes);
  const outputs = await session.run({ flag: tensors.bool(flag), x: tensors.float32(x, [1, columns]) });
  return outputs.logits!.data as Float32Array;
}

describe("multiplyOutputInEightBits", () => {
  it("gives the same product but for the rounding of the activations, in both branches", async () => {
    const changed = readOnnx(model());
    expect(multiplyOutputInEightBits(changed)).toBe(true);
    const x = Float32Array.from({ length: columns }, (_, i) => Math.sin(i));
    for (const flag of [true, false]) {
      const after = await logits(writeOnnx(changed), x, flag);
      for (let row = 0; row < rows; row++) {
        let exact = 0;
        for (let i = 0; i < columns; i++) exact += x[i]! * (weights[row * columns + i]! - zeroPoint) * scale;
        // Half a step of 1/127 of the largest activation, for every product.
        expect(Math.abs(after[row]! - exact)).toBeLessThan((columns * 128 * scale * 0.5) / 127);
      }
    }
  });

  it("leaves a graph alone that is built in another way", () => {
    const other = readOnnx(model(false));
    const before = writeOnnx(other);
    expect(multiplyOutputInEightBits(other)).toBe(false);
    expect(Buffer.compare(writeOnnx(other), before)).toBe(0);
  });
});
