/**
 * Whisper's weights, wherever they come from, as the programs here want them.
 */
import type { FloatTensor, NamedTensors } from "../../weights/float-tensor.ts";
import type { OnnxWeights } from "../../graph/onnx-weights.ts";
import { type FloatMatrix, quantise, type QuantisedMatrix } from "../../graph/quantised-matrix.ts";

export interface Norm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export interface Layer {
  readonly matrix: QuantisedMatrix;
  readonly bias: Float32Array | null;
}

export interface AttentionWeights {
  readonly norm: Norm;
  readonly query: Layer;
  readonly key: Layer;
  readonly value: Layer;
  readonly output: Layer;
}

export interface FeedForwardWeights {
  readonly norm: Norm;
  readonly inner: Layer;
  readonly outer: Layer;
}

export interface EncoderWeights {
  readonly convolutions: readonly { weight: FloatTensor; bias: Float32Array }[];
  /** `[positions, width]` */
  readonly positions: FloatTensor;
  readonly layers: readonly { attention: AttentionWeights; feedForward: FeedForwardWeights }[];
  readonly norm: Norm;
}

export interface DecoderWeights {
  /** `[vocabulary, width]`, for the tokens that go in and, as in all of Whisper, for the logits that come out. */
  readonly embedding: QuantisedMatrix;
  /** `[positions, width]` */
  readonly positions: FloatTensor;
  readonly layers: readonly {
    attention: AttentionWeights;
    crossAttention: AttentionWeights;
    feedForward: FeedForwardWeights;
  }[];
  readonly norm: Norm;
}

/** Finds weights by the names that transformers gives Whisper's modules, below the encoder or the decoder. */
export interface ModuleReader {
  /** A vector or a table, such as `layers.0.fc1.bias`. */
  tensor(name: string): FloatTensor;
  /** The matrix of a linear layer, such as `layers.0.fc1`. */
  matrix(module: string): QuantisedMatrix;
  /** The matrix of the token embedding, such as `embed_tokens`. */
  embedding(module: string): QuantisedMatrix;
}

export function readEncoderWeights(reader: ModuleReader, layers: number): EncoderWeights {
  return {
    convolutions: ["conv1", "conv2"].map((name) => ({
      weight: reader.tensor(`${name}.weight`),
      bias: reader.tensor(`${name}.bias`).values,
    })),
    positions: reader.tensor("embed_positions.weight"),
    layers: Array.from({ length: layers }, (_, layer) => ({
      attention: attentionOf(reader, `layers.${layer}.self_attn`),
      feedForward: feedForwardOf(reader, `layers.${layer}`),
    })),
    norm: normOf(reader, "layer_norm"),
  };
}

export function readDecoderWeights(reader: ModuleReader, layers: number): DecoderWeights {
  return {
    embedding: reader.embedding("embed_tokens"),
    positions: reader.tensor("embed_positions.weight"),
    layers: Array.from({ length: layers }, (_, layer) => ({
      attention: attentionOf(reader, `layers.${layer}.self_attn`),
      crossAttention: attentionOf(reader, `layers.${layer}.encoder_attn`),
      feedForward: feedForwardOf(reader, `layers.${layer}`),
    })),
    norm: normOf(reader, "layer_norm"),
  };
}

function normOf(reader: ModuleReader, name: string): Norm {
  return { weight: reader.tensor(`${name}.weight`).values, bias: reader.tensor(`${name}.bias`).values };
}

function layerOf(reader: ModuleReader, module: string, hasBias = true): Layer {
  return { matrix: reader.matrix(module), bias: hasBias ? reader.tensor(`${module}.bias`).values : null };
}

function attentionOf(reader: ModuleReader, module: string): AttentionWeights {
  return {
    norm: normOf(reader, `${module}_layer_norm`),
    query: layerOf(reader, `${module}.q_proj`),
    key: layerOf(reader, `${module}.k_proj`, false),
    value: layerOf(reader, `${module}.v_proj`),
    output: layerOf(reader, `${module}.out_proj`),
  };
}

function feedForwardOf(reader: ModuleReader, layer: string): FeedForwardWeights {
  return {
    norm: normOf(reader, `${layer}.final_layer_norm`),
    inner: layerOf(reader, `${layer}.fc1`),
    outer: layerOf(reader, `${layer}.fc2`),
  };
}

/** Reads a graph as Optimum exports it, quantised or not: its matrices have lost their names, the products have not. */
export function onnxModules(weights: OnnxWeights, part: "encoder" | "decoder"): ModuleReader {
  const [prefix, path] = part === "encoder" ? ["", ""] : ["model.decoder.", "/model/decoder"];
  return {
    tensor: (name) => weights.floats(`${prefix}${name}`),
    // `layers.0.self_attn.q_proj` is multiplied with at `/layers.0/self_attn/q_proj/MatMul`.
    matrix: (module) => inEightBits(weights.matrix(`${path}/${module.replace(/\.(?!\d)/g, "/")}/MatMul`)),
    embedding: (module) => {
      const name = `${prefix}${module}.weight`;
      return weights.has(`${name}_quantized`)
        ? weights.integers(name, "outputs first")
        : inEightBits(matrixOf(weights.floats(name)));
    },
  };
}

/** Reads a checkpoint of transformers (safetensors). */
export function transformersModules(tensors: NamedTensors, part: "encoder" | "decoder"): ModuleReader {
  return namedModules(tensors, (name) => `model.${part}.${name}`);
}

/** Reads a checkpoint under the names of `openai/whisper` (ggml). */
export function openaiModules(tensors: NamedTensors, part: "encoder" | "decoder"): ModuleReader {
  return namedModules(tensors, (name) => `${part}.${openaiName(name, part)}`);
}

function openaiName(name: string, part: "encoder" | "decoder"): string {
  if (name === "embed_positions.weight") return "positional_embedding";
  const renamed: Record<string, string> = {
    layers: "blocks",
    self_attn: "attn",
    encoder_attn: "cross_attn",
    q_proj: "query",
    k_proj: "key",
    v_proj: "value",
    out_proj: "out",
    self_attn_layer_norm: "attn_ln",
    encoder_attn_layer_norm: "cross_attn_ln",
    final_layer_norm: "mlp_ln",
    fc1: "mlp.0",
    fc2: "mlp.2",
    embed_tokens: "token_embedding",
    layer_norm: part === "encoder" ? "ln_post" : "ln",
  };
  return name
    .split(".")
    .map((word) => renamed[word] ?? word)
    .join(".");
}

function namedModules(tensors: NamedTensors, fullName: (name: string) => string): ModuleReader {
  const matrix = (module: string) => inEightBits(matrixOf(tensors.floats(fullName(`${module}.weight`))));
  return { tensor: (name) => tensors.floats(fullName(name)), matrix, embedding: matrix };
}

function matrixOf({ shape, values }: FloatTensor): FloatMatrix {
  return { outputs: shape[0]!, inputs: shape[1]!, values };
}

function inEightBits(matrix: QuantisedMatrix | FloatMatrix): QuantisedMatrix {
  return "integers" in matrix ? matrix : quantise(matrix, 8).matrix;
}
