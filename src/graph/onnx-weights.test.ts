import { describe, expect, it } from "vitest";
import { modelType } from "./onnx-schema.ts";
import { OnnxWeights } from "./onnx-weights.ts";
import { bytesOf } from "./program.ts";
import { dequantise, type FloatMatrix, type QuantisedMatrix } from "./quantised-matrix.ts";

const file = modelType
  .encode({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 14 }],
    graph: {
      name: "published",
      initializer: [
        { name: "norm.weight_merged_0", dims: [2], dataType: 1, rawData: bytesOf(Float32Array.of(1, 2)) },
        {
          name: "onnx::MatMul_7_quantized",
          dims: [3, 2],
          dataType: 3,
          rawData: Uint8Array.of(1, 2, 3, 4, 5, 255),
        },
        { name: "onnx::MatMul_7_scale", dims: [], dataType: 1, floatData: [0.5] },
        { name: "onnx::MatMul_7_zero_point", dims: [], dataType: 3, int32Data: [1] },
        { name: "onnx::MatMul_8", dims: [3, 2], dataType: 1, floatData: [1, 2, 3, 4, 5, 6] },
        {
          name: "embedding.weight_merged_0_quantized",
          dims: [2, 2],
          dataType: 2,
          rawData: Uint8Array.of(0, 1, 2, 3),
        },
        { name: "embedding.weight_merged_0_scale", dims: [], dataType: 1, floatData: [2] },
        { name: "embedding.weight_merged_0_zero_point", dims: [], dataType: 2, rawData: Uint8Array.of(1) },
        { name: "onnx::MatMul_9_merged_0", dims: [1, 1], dataType: 1, floatData: [10] },
        { name: "onnx::MatMul_9_merged_1", dims: [1, 1], dataType: 1, floatData: [20] },
        { name: "index", dims: [1], dataType: 7, rawData: new Uint8Array(8) },
      ],
      node: [
        {
          name: "/fc/MatMul_quant",
          opType: "MatMulInteger",
          input: ["x", "onnx::MatMul_7_quantized"],
          output: ["y"],
        },
        { name: "/plain/MatMul", opType: "MatMul", input: ["x", "onnx::MatMul_8"], output: ["z"] },
        { name: "/first/MatMul", opType: "MatMul", input: ["x", "onnx::MatMul_9_merged_0"], output: ["a"] },
        { name: "/second/MatMul", opType: "MatMul", input: ["x", "onnx::MatMul_9_merged_1"], output: ["b"] },
      ],
    },
  })
  .finish();

describe("weights of an ONNX file", () => {
  const weights = new OnnxWeights(file, "published.onnx");

  it("are found by name, as floats", () => {
    expect(weights.floats("norm.weight")).toEqual({ shape: [2], values: Float32Array.of(1, 2) });
    expect(weights.floats("embedding.weight")).toEqual({
      shape: [2, 2],
      values: Float32Array.of(-2, 0, 2, 4),
    });
    expect(weights.has("norm.weight")).toBe(true);
    expect(weights.has("embedding.weight")).toBe(false);
  });

  it("are found by the product that uses them, with outputs first", () => {
    const quantised = weights.matrix("/fc/MatMul") as QuantisedMatrix;
    expect(dequantise(quantised)).toEqual({
      outputs: 2,
      inputs: 3,
      values: Float32Array.of(0, 1, 2, 0.5, 1.5, -1),
    });
    expect(weights.matrix("/plain/MatMul")).toEqual({
      outputs: 2,
      inputs: 3,
      values: Float32Array.of(1, 3, 5, 2, 4, 6),
    });
    expect(weights.integers("embedding.weight", "outputs first").integers).toEqual(Uint8Array.of(0, 1, 2, 3));
  });

  it("are told apart when merging two graphs gave them one name and numbers", () => {
    const value = (product: string) => (weights.matrix(product) as FloatMatrix).values[0];
    expect([value("/first/MatMul"), value("/second/MatMul")]).toEqual([10, 20]);
  });

  it("say which file lacks what", () => {
    expect(() => weights.floats("absent")).toThrow("published.onnx has no weight absent.");
    expect(() => weights.matrix("/absent")).toThrow("published.onnx has no product /absent.");
    expect(() => weights.floats("index")).toThrow("type (7)");
  });
});
