import { describe, expect, it } from "vitest";
import { readOnnx } from "./onnx-file.ts";
import { modelType } from "./onnx-schema.ts";

const node = (opType: string, input: string[], output: string[], attribute: object[] = []) => ({
  name: output[0]!,
  opType,
  input,
  output,
  attribute,
});

describe("ONNX files", () => {
  it("are read with their branches, and with weights where they lie", () => {
    const branch = { name: "then", node: [node("Add", ["x", "w"], ["y"])], input: [], output: [] };
    const weight = {
      name: "w",
      dims: [2],
      dataType: 1,
      rawData: new Uint8Array(Float32Array.of(1, 2).buffer),
    };
    const bytes = modelType
      .encode({
        irVersion: 8,
        opsetImport: [{ domain: "", version: 14 }],
        graph: {
          name: "test",
          node: [node("If", ["flag"], ["y"], [{ name: "then_branch", type: 5, g: branch }])],
          input: [],
          output: [],
          initializer: [weight],
        },
      })
      .finish();
    const { graph } = readOnnx(bytes);
    expect(graph.node[0]!.attribute[0]!.g!.node[0]).toMatchObject({ opType: "Add", input: ["x", "w"] });
    const [read] = graph.initializer;
    expect(read!.dims.map(Number)).toEqual([2]);
    expect([...read!.rawData]).toEqual([...weight.rawData]);
    expect(read!.rawData.buffer).toBe(bytes.buffer);
  });

  it("are refused when they are none", () => {
    expect(() => readOnnx(new TextEncoder().encode("no model at all"))).toThrow("no ONNX model");
    expect(() => readOnnx(new Uint8Array(0))).toThrow("no ONNX model");
  });
});
