/**
 * ONNX files as objects: read, look at, change, write.
 */
import { GlossaError } from "../errors.ts";
import { modelType } from "./onnx-schema.ts";

export interface OnnxNode {
  name: string;
  opType: string;
  /** Whose operator it is; ONNX's own when left out. */
  domain?: string;
  input: string[];
  output: string[];
  attribute: OnnxAttribute[];
}

export interface OnnxAttribute {
  name: string;
  /** Which of the fields holds the value: see `attributeKind`. */
  type?: number;
  /** A nested graph: a branch of an `If`, the body of a `Loop`. */
  g?: OnnxGraph | null;
  i?: number;
  ints?: number[];
  t?: OnnxTensor;
}

export interface OnnxTensor {
  name?: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
  floatData?: number[];
  int32Data?: number[];
}

export interface OnnxValue {
  name: string;
  type?: {
    tensorType: { elemType: number; shape?: { dim: { dimValue?: number; dimParam?: string }[] } };
  };
}

export interface OnnxGraph {
  name: string;
  node: OnnxNode[];
  input: OnnxValue[];
  output: OnnxValue[];
  initializer: OnnxTensor[];
}

export interface OnnxModel {
  graph: OnnxGraph;
  opsetImport: { domain: string; version: number }[];
}

/** ONNX's codes of element types. */
export const elementType = { float32: 1, uint8: 2, int64: 7 } as const;

/** ONNX's codes of attribute types. */
const attributeKind = { integer: 2, tensor: 4, integers: 7 };

/**
 * Reads a model. Weights stay views of `bytes`.
 * @throws GlossaError `model-corrupt` when the bytes are no ONNX model
 */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  try {
    const model = modelType.decode(bytes) as unknown as OnnxModel;
    if (!model.graph) throw new Error("it has no graph");
    return model;
  } catch (cause) {
    throw new GlossaError("model-corrupt", "The file is no ONNX model, or a broken one.", { cause });
  }
}

/** Writes a model. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  return modelType.encode(model as unknown as Record<string, unknown>).finish();
}

/**
 * Drops the outputs that nobody reads, so that the engine can reuse their memory.
 * @throws GlossaError `model-corrupt` when the graph does not have one of the names
 */
export function keepOutputs(model: OnnxModel, names: readonly string[]): void {
  const missing = names.find((name) => !model.graph.output.some((output) => output.name === name));
  if (missing !== undefined) throw new GlossaError("model-corrupt", `The graph has no output ${missing}.`);
  model.graph.output = model.graph.output.filter((output) => names.includes(output.name));
}

/**
 * Makes values inside the branches of the graph's `If` into outputs of the graph.
 *
 * @param values for each new output the name of a float32 value that every branch computes, and its shape
 * @throws GlossaError `model-corrupt` when the graph has no `If` or a branch does not compute the value
 */
export function exposeBranchValues(
  model: OnnxModel,
  values: readonly { value: string; output: string; shape: readonly string[] }[],
): void {
  const branching = model.graph.node.find((node) => node.opType === "If");
  if (!branching)
    throw new GlossaError("model-corrupt", "The graph has no If node whose values could be shown.");
  for (const attribute of branching.attribute) {
    const branch = attribute.g;
    if (!branch) continue;
    const computed = new Set(branch.node.flatMap((node) => node.output));
    for (const { value, shape } of values) {
      if (!computed.has(value)) {
        throw new GlossaError("model-corrupt", `The graph's ${attribute.name} does not compute ${value}.`);
      }
      branch.output.push(floatValue(value, shape));
    }
  }
  for (const { output, shape } of values) {
    branching.output.push(output);
    model.graph.output.push(floatValue(output, shape));
  }
}

/** A node that gives a constant shape, for `Reshape`. */
export function constantShape(output: string, dimensions: readonly number[]): OnnxNode {
  const rawData = new Uint8Array(BigInt64Array.from(dimensions, BigInt).buffer);
  const value = { dims: [dimensions.length], dataType: elementType.int64, rawData };
  const attribute = [{ name: "value", type: attributeKind.tensor, t: value }];
  return { name: output, opType: "Constant", input: [], output: [output], attribute };
}

/** An attribute that is one whole number. */
export function integerAttribute(name: string, i: number): OnnxAttribute {
  return { name, type: attributeKind.integer, i };
}

/** The attributes of a `Transpose`. */
export function transposition(order: readonly number[]): OnnxAttribute[] {
  return [{ name: "perm", type: attributeKind.integers, ints: [...order] }];
}

function floatValue(name: string, shape: readonly string[]): OnnxValue {
  return {
    name,
    type: {
      tensorType: { elemType: elementType.float32, shape: { dim: shape.map((dimParam) => ({ dimParam })) } },
    },
  };
}
