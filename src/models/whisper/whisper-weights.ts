/**
 * Whisper's weights, wherever they come from, as the programs here want them.
 */
import type { FloatTensor } from "../../graph/onnx-weights.ts";
import { OnnxWeights } from "../../graph/onnx-weights.ts";
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

/** @param bytes of an encoder as Optimum exports it, quantised or not */
export function readEncoderWeights(bytes: Uint8Array, file: string, layers: number): EncoderWeights {
  const weights = new OnnxWeights(bytes, file);
  const reader = new ModuleReader(weights, "", "");
  return {
    convolutions: ["conv1", "conv2"].map((name) => ({
      weight: weights.floats(`${name}.weight`),
      bias: weights.floats(`${name}.bias`).values,
    })),
    positions: weights.floats("embed_positions.weight"),
    layers: Array.from({ length: layers }, (_, layer) => ({
      attention: reader.attention(`layers.${layer}`, "self_attn"),
      feedForward: reader.feedForward(`layers.${layer}`),
    })),
    norm: reader.norm("layer_norm"),
  };
}

/** @param bytes of a decoder as Optimum exports it, quantised or not; of a merged one both branches are looked through */
export function readDecoderWeights(bytes: Uint8Array, file: string, layers: number): DecoderWeights {
  const weights = new OnnxWeights(bytes, file);
  const reader = new ModuleReader(weights, "model.decoder.", "/model/decoder");
  return {
    embedding: reader.embedding("embed_tokens.weight"),
    positions: weights.floats("model.decoder.embed_positions.weight"),
    layers: Array.from({ length: layers }, (_, layer) => ({
      attention: reader.attention(`layers.${layer}`, "self_attn"),
      crossAttention: reader.attention(`layers.${layer}`, "encoder_attn"),
      feedForward: reader.feedForward(`layers.${layer}`),
    })),
    norm: reader.norm("layer_norm"),
  };
}

/** Reads PyTorch's modules: vectors by the module's name, matrices by the product in the graph. */
class ModuleReader {
  readonly #weights: OnnxWeights;
  readonly #prefix: string;
  readonly #path: string;

  constructor(weights: OnnxWeights, prefix: string, path: string) {
    this.#weights = weights;
    this.#prefix = prefix;
    this.#path = path;
  }

  norm(name: string): Norm {
    return { weight: this.#vector(`${name}.weight`), bias: this.#vector(`${name}.bias`) };
  }

  attention(layer: string, name: string): AttentionWeights {
    const projection = (part: string, hasBias = true) =>
      this.#layer(`${layer}/${name}/${part}_proj`, hasBias);
    return {
      norm: this.norm(`${layer}.${name}_layer_norm`),
      query: projection("q"),
      key: projection("k", false),
      value: projection("v"),
      output: projection("out"),
    };
  }

  feedForward(layer: string): FeedForwardWeights {
    return {
      norm: this.norm(`${layer}.final_layer_norm`),
      inner: this.#layer(`${layer}/fc1`, true),
      outer: this.#layer(`${layer}/fc2`, true),
    };
  }

  embedding(name: string): QuantisedMatrix {
    const full = `${this.#prefix}${name}`;
    if (this.#weights.has(`${full}_quantized`)) return this.#weights.integers(full, "outputs first");
    const { shape, values } = this.#weights.floats(full);
    return quantise({ outputs: shape[0]!, inputs: shape[1]!, values }, 8).matrix;
  }

  #vector(name: string): Float32Array {
    return this.#weights.floats(`${this.#prefix}${name}`).values;
  }

  #layer(path: string, hasBias: boolean): Layer {
    const matrix = this.#weights.matrix(`${this.#path}/${path}/MatMul`);
    const bias = hasBias ? this.#vector(`${path.replaceAll("/", ".")}.bias`) : null;
    return { matrix: inEightBits(matrix), bias };
  }
}

function inEightBits(matrix: QuantisedMatrix | FloatMatrix): QuantisedMatrix {
  return "integers" in matrix ? matrix : quantise(matrix, 8).matrix;
}
