/**
 * Published ONNX files as objects: their nodes, and the weights that are taken out of them.
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
