import { describe, expect, it } from "vitest";
import { createSession, tensorFactory } from "../runtime/session.ts";
import {
  constantShape,
  exposeBranchValues,
  keepOutputs,
  readOnnx,
  transposition,
  writeOnnx,
  type OnnxModel,
} from "./onnx-file.ts";
import { modelType } from "./onnx-schema.ts";

const value = (name: string, elemType: number, dimensions: (string | number)[]) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: {
        dim: dimensions.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size })),
      },
    },
  },
});
const node = (opType: string, input: string[], output: string[], attribute: object[] = []) => ({
  name: output[0]!,
  opType,
  input,
  output,
  attribute,
});

/** `flag ? -(x + x) : -(x · x)`, with the inner value called `inner` in both branches, and x itself passed on. */
function branchingModel(): Uint8Array {
  const branch = (name: string, opType: string) => ({
    name,
    node: [node(opType, ["x", "x"], ["inner"]), node("Neg", ["inner"], ["negative"])],
    output: [value("negative", 1, ["n"])],
    input: [],
  });
  const ifNode = node(
    "If",
    ["flag"],
    ["y"],
    [
      { name: "then_branch", type: 5, g: branch("then", "Add") },
      { name: "else_branch", type: 5, g: branch("else", "Mul") },
    ],
  );
  return modelType
    .encode({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 14 }],
      graph: {
        name: "test",
        node: [ifNode, node("Identity", ["x"], ["same"])],
        input: [value("flag", 9, []), value("x", 1, ["n"])],
        output: [value("y", 1, ["n"]), value("same", 1, ["n"])],
      },
    })
    .finish();
}

async function run(model: OnnxModel, flag: boolean): Promise<Record<string, number[]>> {
  const tensors = await tensorFactory();
  await using session = await createSession(writeOnnx(model));
  const { Tensor } = await import("onnxruntime-node");
  const feeds = {
    flag: new Tensor("bool", [flag], []),
    x: tensors.float32(Float32Array.of(1, 2, 3), [3]),
  };
  const outputs = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, Array.from(tensor.data as Float32Array)]),
  );
}

describe("ONNX files", () => {
  it("compute the same after reading and writing", async () => {
    const model = readOnnx(branchingModel());
    expect(await run(model, true)).toEqual({ y: [-2, -4, -6], same: [1, 2, 3] });
    expect(await run(model, false)).toEqual({ y: [-1, -4, -9], same: [1, 2, 3] });
  });

  it("show values from inside both branches", async () => {
    const model = readOnnx(branchingModel());
    exposeBranchValues(model, [{ value: "inner", output: "shown", shape: ["n"] }]);
    expect((await run(model, true)).shown).toEqual([2, 4, 6]);
    expect((await run(model, false)).shown).toEqual([1, 4, 9]);
  });

  it("keep only the outputs that are asked for", async () => {
    const model = readOnnx(branchingModel());
    keepOutputs(model, ["y"]);
    expect(Object.keys(await run(model, true))).toEqual(["y"]);
    expect(() => keepOutputs(model, ["same"])).toThrow("no output same");
  });

  it("take new nodes with constant shapes and transpositions", async () => {
    const model = readOnnx(branchingModel());
    model.graph.node.push(
      constantShape("shape", [3, 1]),
      { name: "r", opType: "Reshape", input: ["same", "shape"], output: ["column"], attribute: [] },
      {
        name: "t",
        opType: "Transpose",
        input: ["column"],
        output: ["row"],
        attribute: transposition([1, 0]),
      },
    );
    model.graph.output.push(value("row", 1, [1, 3]));
    expect((await run(model, true)).row).toEqual([1, 2, 3]);
  });

  it("refuse what is no model, and graphs without the wanted branch", () => {
    expect(() => readOnnx(new TextEncoder().encode("no model at all"))).toThrow("no ONNX model");
    const model = readOnnx(branchingModel());
    expect(() => exposeBranchValues(model, [{ value: "absent", output: "shown", shape: [] }])).toThrow(
      "absent",
    );
    model.graph.node.shift();
    expect(() => exposeBranchValues(model, [])).toThrow("no If node");
  });
});
