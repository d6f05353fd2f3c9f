/**
 * Moonshine's weights, read from the published ONNX files, as the programs here want them.
 */
import { OnnxWeights } from "../../graph/onnx-weights.ts";
import { type FloatMatrix, quantise, type QuantisedMatrix } from "../../graph/quantised-matrix.ts";

/** A linear layer. */
export interface Layer {
  readonly matrix: QuantisedMatrix;
  readonly bias: Float32Array | null;
}

/** Moonshine's projections of attention have no bias, and its norms none either. */
export interface AttentionWeights {
  readonly norm: Float32Array;
  readonly query: QuantisedMatrix;
  readonly key: QuantisedMatrix;
  readonly value: QuantisedMatrix;
  readonly output: QuantisedMatrix;
}

export interface FeedForwardWeights {
  readonly norm: Float32Array;
  /** Of the encoder: width → 4 · width; of the decoder: width → 8 · width, values and then their gates. */
  readonly inner: Layer;
  readonly outer: Layer;
}

/** A convolution over time: outputs are features, inputs `[channel, step]`. */
export interface Convolution extends Layer {
  readonly channels: number;
  readonly kernel: number;
}

export interface EncoderWeights {
  /** Three of them: 127 samples at strides of 64, 7 steps at strides of 3, 3 steps at strides of 2. */
  readonly convolutions: readonly Convolution[];
  /** Scale and shift of the features between the first and the second convolution. */
  readonly groupNorm: { weight: Float32Array; bias: Float32Array };
  readonly layers: readonly { attention: AttentionWeights; feedForward: FeedForwardWeights }[];
  readonly norm: Float32Array;
}

export interface DecoderWeights {
  /** `[vocabulary, width]`, for the tokens that go in and the logits that come out. */
  readonly embedding: QuantisedMatrix;
  readonly layers: readonly {
    attention: AttentionWeights;
    crossAttention: AttentionWeights;
    feedForward: FeedForwardWeights;
  }[];
  readonly norm: Float32Array;
}

/** @param bytes of an encoder as its authors publish it, quantised or not */
export function readEncoderWeights(bytes: Uint8Array, file: string): EncoderWeights {
  const weights = new OnnxWeights(bytes, file);
  const layers: EncoderWeights["layers"][number][] = [];
  for (let layer = 0; weights.has(`layers.${layer}.input_layernorm.weight`); layer++) {
    layers.push({
      attention: attention(weights, "", "/", `layers.${layer}`, "self_attn", "input_layernorm"),
      feedForward: {
        norm: weights.floats(`layers.${layer}.post_attention_layernorm.weight`).values,
        inner: biased(weights, "", "/", `layers.${layer}`, "fc1"),
        outer: biased(weights, "", "/", `layers.${layer}`, "fc2"),
      },
    });
  }
  return {
    convolutions: [127, 7, 3].map((kernel, i) => {
      const name = `conv${i + 1}`;
      const matrix = convolutionMatrix(weights, `${name}.weight`);
      const bias = weights.has(`${name}.bias`) ? weights.floats(`${name}.bias`).values : null;
      return { matrix, bias, kernel, channels: matrix.inputs / kernel };
    }),
    groupNorm: {
      weight: weights.operand("/groupnorm/Mul").values,
      bias: weights.operand("/groupnorm/Add").values,
    },
    layers,
    norm: weights.floats("layer_norm.weight").values,
  };
}

/** @param bytes of a merged decoder as its authors publish it: of its two branches both are looked through */
export function readDecoderWeights(bytes: Uint8Array, file: string): DecoderWeights {
  const weights = new OnnxWeights(bytes, file);
  const [module, node] = ["model.decoder.", "/model/decoder/"];
  const layers: DecoderWeights["layers"][number][] = [];
  for (let layer = 0; weights.has(`${module}layers.${layer}.input_layernorm.weight`); layer++) {
    const name = `layers.${layer}`;
    layers.push({
      attention: attention(weights, module, node, name, "self_attn", "input_layernorm"),
      crossAttention: attention(weights, module, node, name, "encoder_attn", "post_attention_layernorm"),
      feedForward: {
        norm: weights.floats(`${module}${name}.final_layernorm.weight`).values,
        inner: biased(weights, module, node, name, "up_proj"),
        outer: biased(weights, module, node, name, "down_proj"),
      },
    });
  }
  return {
    embedding: weights.integers(`${module}embed_tokens.weight`, "outputs first"),
    layers,
    norm: weights.floats(`${module}norm.weight`).values,
  };
}

function attention(
  weights: OnnxWeights,
  module: string,
  node: string,
  layer: string,
  name: string,
  norm: string,
): AttentionWeights {
  const part = (projection: string) =>
    inIntegers(weights.matrix(`${node}${layer}/${name}/${projection}/MatMul`));
  return {
    norm: weights.floats(`${module}${layer}.${norm}.weight`).values,
    query: part("q_proj"),
    key: part("k_proj"),
    value: part("v_proj"),
    output: part("dense"),
  };
}

function biased(weights: OnnxWeights, module: string, node: string, layer: string, name: string): Layer {
  return {
    matrix: inIntegers(weights.matrix(`${node}${layer}/mlp/${name}/MatMul`)),
    bias: weights.floats(`${module}${layer}.mlp.${name}.bias`).values,
  };
}

function convolutionMatrix(weights: OnnxWeights, name: string): QuantisedMatrix {
  if (!weights.has(name)) return weights.integers(name, "outputs first");
  const { shape, values } = weights.floats(name);
  const outputs = shape[0]!;
  return quantise({ outputs, inputs: values.length / outputs, values }, 8).matrix;
}

/** Matrices that were published in floats are rounded to 8 bits. */
function inIntegers(matrix: QuantisedMatrix | FloatMatrix): QuantisedMatrix {
  return "bits" in matrix ? matrix : quantise(matrix, 8).matrix;
}
