/**
 * Moonshine's decoder as a tensor program: one graph for the first token and for every step after it, over any number
 * of hypotheses. Its inputs and outputs are those of Whisper's decoder, so that one `DecoderState` serves both.
 */
import { addAndNorm, groupedQueryAttention, rotaryEmbedding } from "../../graph/attention.ts";
import {
  add,
  cast,
  concatenate,
  gather,
  layerNorm,
  logSoftmax,
  matmul,
  multiply,
  reshape,
  sigmoid,
  slice,
  softmax,
  split,
  subtract,
  transpose,
  unsqueeze,
} from "../../graph/operators.ts";
import { bytesOf, Program, type Value } from "../../graph/program.ts";
import { type QuantisedMatrix, stack } from "../../graph/quantised-matrix.ts";
import { applyLayer, project, rotaryTables, scaled, turnedWidth, vector } from "./layers.ts";
import type { DecoderWeights } from "./moonshine-weights.ts";

export interface DecoderShape {
  readonly heads: number;
  /** `[layer, head]` of the cross-attention heads that follow time. */
  readonly alignmentHeads: readonly (readonly [layer: number, head: number])[];
}

/** The names of a layer's inputs and outputs. */
export const cacheName = {
  crossKey: (layer: number) => `cross_key.${layer}`,
  crossValue: (layer: number) => `cross_value.${layer}`,
  pastKey: (layer: number) => `past_key.${layer}`,
  pastValue: (layer: number) => `past_value.${layer}`,
};

/** The width that a head has in the cache: `GroupQueryAttention` takes multiples of 8. */
export function cacheWidth(headWidth: number): number {
  return Math.ceil(headWidth / 8) * 8;
}

/**
 * Inputs:
 * - `tokens`, `positions` int64 `[rows, tokens]`
 * - `lengths` int32 `[rows]`, `total` int32 `[1]`: see `groupedQueryAttention`
 * - `past_key.N`, `past_value.N` float32 `[rows, heads, capacity, cacheWidth]`
 * - `cross_key.N` `[windows, heads, width of a head, frames]`, `cross_value.N` `[windows, heads, frames, width of a head]`
 * - `frame_bias` float32 `[windows, 1, 1, frames]`: 0, or −∞ where a window has ended
 * - `slots` int64 `[windows, slots]`: which of the `rows · tokens` queries stand over each window (any, where none is left)
 * - `places` int64 `[rows, tokens]`: where in `slots` each query stands
 * - `last` int64 `[results]`: which of the `rows · tokens` positions give results
 *
 * Outputs: `log_probabilities` float32 `[results, vocabulary]`; `new_cache` float32 `[layers, rows, tokens, 2 · heads · cacheWidth]`,
 * each layer's keys and values of the new tokens, which belong into the past of the next run; and `attention` float32
 * `[windows, alignment heads, slots, frames]`.
 *
 * @param maximumTokens the longest text
 */
export function decoderProgram(weights: DecoderWeights, shape: DecoderShape, maximumTokens: number): Program {
  const { heads, alignmentHeads } = shape;
  const program = new Program("moonshine-decoder");
  const width = weights.norm.length;
  const headWidth = width / heads;
  const padded = cacheWidth(headWidth);
  const scale = headWidth ** -0.5;
  const tokens = program.input("tokens", "int64", ["rows", "tokens"]);
  const positions = program.input("positions", "int64", ["rows", "tokens"]);
  const lengths = program.input("lengths", "int32", ["rows"]);
  const total = program.input("total", "int32", [1]);
  const frameBias = program.input("frame_bias", "float32", ["windows", 1, 1, "frames"]);
  const slots = program.input("slots", "int64", ["windows", "slots"]);
  const places = program.input("places", "int64", ["rows", "tokens"]);
  const last = program.input("last", "int64", ["results"]);
  const rotary = rotaryTables(program, maximumTokens);

  let x = embed(program, weights.embedding, tokens);
  let norm = layerNorm(
    x,
    vector(program, "layers.0.attention.norm", weights.layers[0]!.attention.norm),
    null,
  );
  const attentions = new Map<number, Value>();
  const newCaches: Value[] = [];
  for (const [index, { attention, crossAttention, feedForward }] of weights.layers.entries()) {
    const cache = (name: string) => program.input(name, "float32", ["rows", heads, "capacity", padded]);
    const past = { key: cache(cacheName.pastKey(index)), value: cache(cacheName.pastValue(index)) };
    const remembered = program.within(`layers.${index}.attention`, () => {
      const { query, key, value, output } = attention;
      const parts = [query, key, value].map((part) => padOutputs(part, headWidth, padded));
      const together = project("input", norm, stack(parts), "blocks");
      const all = heads * padded;
      const [placeless, values] = split(together, [2 * all, all], -1);
      // Queries and keys are turned at once, as twice as many heads.
      const turned = rotaryEmbedding(placeless!, positions, rotary, {
        heads: 2 * heads,
        interleaved: true,
        turnedWidth,
      });
      const packed = concatenate([turned, values!], 2);
      newCaches.push(unsqueeze(slice(packed, 2, all, 3 * all, 2 * all), 0));
      const { attended } = groupedQueryAttention(
        { query: packed, key: null, value: null, past, lengths, total },
        { queries: heads, keys: heads },
        { scale },
      );
      return project("output", attended, padInputs(output, headWidth, padded), "blocks");
    });
    const beforeCross = vector(program, `layers.${index}.cross_attention.norm`, crossAttention.norm);
    ({ sum: x, norm } = addAndNorm(x, remembered, beforeCross, null));

    const crossKey = program.input(cacheName.crossKey(index), "float32", [
      "windows",
      heads,
      headWidth,
      "frames",
    ]);
    const crossValue = program.input(cacheName.crossValue(index), "float32", [
      "windows",
      heads,
      "frames",
      headWidth,
    ]);
    const heard = program.within(`layers.${index}.cross_attention`, () => {
      const queries = project("query", norm, scaled(crossAttention.query, scale), "blocks");
      const overWindows = gather(reshape(queries, ["queries", heads, headWidth]), slots);
      const scores = add(matmul(transpose(overWindows, [0, 2, 1, 3]), crossKey), frameBias);
      const weighting = softmax(scores);
      attentions.set(index, weighting);
      const mixed = transpose(matmul(weighting, crossValue), [0, 2, 1, 3]);
      const back = gather(reshape(mixed, ["places", width]), places);
      return project("output", back, crossAttention.output, "blocks");
    });
    const beforeFeed = vector(program, `layers.${index}.feed_forward.norm`, feedForward.norm);
    ({ sum: x, norm } = addAndNorm(x, heard, beforeFeed, null));

    const fed = program.within(`layers.${index}.feed_forward`, () => {
      const inner = applyLayer("inner", norm, feedForward.inner, "blocks");
      const half = feedForward.inner.matrix.outputs / 2;
      const [values, gates] = split(inner, [half, half], -1);
      // SiLU of the gates.
      const open = multiply(gates!, sigmoid(gates!));
      return applyLayer("outer", multiply(open, values!), feedForward.outer, "blocks");
    });
    const next = weights.layers[index + 1];
    const after = next
      ? vector(program, `layers.${index + 1}.attention.norm`, next.attention.norm)
      : vector(program, "norm", weights.norm);
    ({ sum: x, norm } = addAndNorm(x, fed, after, null));
  }

  const wanted = gather(reshape(norm, ["queries", width]), last);
  program.output("log_probabilities", logSoftmax(project("logits", wanted, weights.embedding, "blocks")));
  program.output("new_cache", concatenate(newCaches, 0));
  if (alignmentHeads.length > 0) {
    const chosen = alignmentHeads.map(([layer, head]) => slice(attentions.get(layer)!, 1, head, head + 1, 1));
    program.output("attention", concatenate(chosen, 1));
  }
  return program;
}

/** The embeddings of tokens, from the same integers that the logits are computed with. */
function embed(program: Program, embedding: QuantisedMatrix, tokens: Value): Value {
  const { integers, scales, zeroPoints, outputs, inputs } = embedding;
  const column = (name: string, values: Float32Array) =>
    program.weight(name, { type: "float32", shape: [outputs, 1], bytes: bytesOf(values) });
  const table = program.weight("embedding", { type: "uint8", shape: [outputs, inputs], bytes: integers });
  const zero = column("embedding.zero_points", Float32Array.from(zeroPoints));
  const centredRows = subtract(cast(gather(table, tokens), "float32"), gather(zero, tokens));
  return multiply(centredRows, gather(column("embedding.scales", scales), tokens));
}

/** Every head's outputs filled up to `padded` with zeros. */
function padOutputs(matrix: QuantisedMatrix, headWidth: number, padded: number): QuantisedMatrix {
  const { outputs, inputs } = matrix;
  const heads = outputs / headWidth;
  const [integers, scales, zeroPoints] = [
    new Uint8Array(heads * padded * inputs),
    new Float32Array(heads * padded),
    new Uint8Array(heads * padded),
  ];
  integers.fill(matrix.zeroPoints[0]!);
  zeroPoints.fill(matrix.zeroPoints[0]!);
  scales.fill(matrix.scales[0]!);
  for (let output = 0; output < outputs; output++) {
    const to = Math.floor(output / headWidth) * padded + (output % headWidth);
    integers.set(matrix.integers.subarray(output * inputs, (output + 1) * inputs), to * inputs);
    scales[to] = matrix.scales[output]!;
    zeroPoints[to] = matrix.zeroPoints[output]!;
  }
  return { ...matrix, outputs: heads * padded, integers, scales, zeroPoints };
}

/** Every head's inputs filled up to `padded` with zeros. */
function padInputs(matrix: QuantisedMatrix, headWidth: number, padded: number): QuantisedMatrix {
  const { outputs, inputs } = matrix;
  const wide = (inputs / headWidth) * padded;
  const integers = new Uint8Array(outputs * wide);
  for (let output = 0; output < outputs; output++) {
    integers.fill(matrix.zeroPoints[output]!, output * wide, (output + 1) * wide);
    for (let input = 0; input < inputs; input += headWidth) {
      const from = output * inputs + input;
      integers.set(
        matrix.integers.subarray(from, from + headWidth),
        output * wide + (input / headWidth) * padded,
      );
    }
  }
  return { ...matrix, inputs: wide, blockSize: wide, integers };
}
