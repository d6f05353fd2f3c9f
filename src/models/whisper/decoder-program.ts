/**
 * Whisper's decoder as two tensor programs: one computes the keys and values of cross-attention, once for each window;
 * the other takes any number of tokens for any number of hypotheses, so that prompts and single steps are the same graph.
 *
 * Hypotheses over the same window share its keys and values. All queries over one window stand in one matrix: `slots`
 * say which query stands where.
 */
import { addAndNorm, groupedQueryAttention } from "../../graph/attention.ts";
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
  slice,
  softmax,
  subtract,
  transpose,
  unsqueeze,
} from "../../graph/operators.ts";
import { bytesOf, Program, type Value } from "../../graph/program.ts";
import { applyLayer, feedForward, normWeights, scaleLayer, stackLayers, type Stream } from "./layers.ts";
import type { AttentionWeights, DecoderWeights } from "./whisper-weights.ts";

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

/**
 * Input `frames` float32 `[windows, frames, width]`; outputs for each layer `cross_key.N` `[windows, heads, width of a head, frames]`
 * and `cross_value.N` `[windows, heads, frames, width of a head]`.
 */
export function crossAttentionProgram(weights: DecoderWeights, { heads }: DecoderShape): Program {
  const program = new Program("whisper-cross-attention");
  const width = weights.norm.weight.length;
  const frames = program.input("frames", "float32", ["windows", "frames", width]);
  for (const [layer, { crossAttention }] of weights.layers.entries()) {
    // Rounded row by row, or the loudness of one window would tell in the others.
    const inHeads = (name: string, part: AttentionWeights["key"], order: readonly number[]) => {
      const projected = program.within(`layers.${layer}`, () => applyLayer(name, frames, part, "blocks"));
      return transpose(reshape(projected, ["windows", "frames", heads, width / heads]), order);
    };
    program.output(cacheName.crossKey(layer), inHeads("key", crossAttention.key, [0, 2, 3, 1]));
    program.output(cacheName.crossValue(layer), inHeads("value", crossAttention.value, [0, 2, 1, 3]));
  }
  return program;
}

/**
 * Inputs:
 * - `tokens`, `positions` int64 `[rows, tokens]`
 * - `lengths` int32 `[rows]`, `total` int32 `[1]`: see `groupedQueryAttention`
 * - `past_key.N`, `past_value.N` float32 `[rows, heads, capacity, width of a head]`
 * - `cross_key.N`, `cross_value.N` as above, for `windows` windows
 * - `frame_bias` float32 `[windows, 1, 1, frames]`: 0, or −∞ where a window has ended
 * - `slots` int64 `[windows, slots]`: which of the `rows · tokens` queries stand over each window (any, where none is left)
 * - `places` int64 `[rows, tokens]`: where in `slots` each query stands
 * - `last` int64 `[results]`: which of the `rows · tokens` positions give results
 *
 * Outputs: `log_probabilities` float32 `[results, vocabulary]`; `new_cache` float32 `[layers, rows, tokens, 2 · width]`, each layer's keys and
 * values of the new tokens, which belong into the past of the next run; and `attention` float32
 * `[windows, alignment heads, slots, frames]` when the model has such heads.
 */
export function decoderProgram(weights: DecoderWeights, shape: DecoderShape): Program {
  const { heads, alignmentHeads } = shape;
  const program = new Program("whisper-decoder");
  const width = weights.norm.weight.length;
  const headWidth = width / heads;
  const tokens = program.input("tokens", "int64", ["rows", "tokens"]);
  const positions = program.input("positions", "int64", ["rows", "tokens"]);
  const lengths = program.input("lengths", "int32", ["rows"]);
  const total = program.input("total", "int32", [1]);
  const frameBias = program.input("frame_bias", "float32", ["windows", 1, 1, "frames"]);
  const slots = program.input("slots", "int64", ["windows", "slots"]);
  const places = program.input("places", "int64", ["rows", "tokens"]);
  const last = program.input("last", "int64", ["results"]);

  const norm = (name: string, own: { weight: Float32Array; bias: Float32Array }) =>
    normWeights(program, name, own);
  const { shape: tableShape, values } = weights.positions;
  const table = program.weight("positions.table", {
    type: "float32",
    shape: tableShape,
    bytes: bytesOf(values),
  });
  const x = add(embed(program, weights, tokens), gather(table, positions));
  const start = norm("layers.0.attention.norm", weights.layers[0]!.attention.norm);
  let stream: Stream = { sum: x, norm: layerNorm(x, start.weight, start.bias) };
  const attentions = new Map<number, Value>();
  const newCaches: Value[] = [];

  for (const [index, layer] of weights.layers.entries()) {
    const cache = (name: string) => program.input(name, "float32", ["rows", heads, "capacity", headWidth]);
    const past = { key: cache(cacheName.pastKey(index)), value: cache(cacheName.pastValue(index)) };
    const remembered = program.within(`layers.${index}.attention`, () => {
      const { query, key, value, output } = layer.attention;
      const together = applyLayer("input", stream.norm, stackLayers([query, key, value]), "blocks");
      newCaches.push(unsqueeze(slice(together, 2, width, 3 * width, 2 * width), 0));
      const { attended } = groupedQueryAttention(
        { query: together, key: null, value: null, past, lengths, total },
        { queries: heads, keys: heads },
      );
      return applyLayer("output", attended, output, "blocks");
    });
    const beforeCross = norm(`layers.${index}.cross_attention.norm`, layer.crossAttention.norm);
    stream = addAndNorm(stream.sum, remembered, beforeCross.weight, beforeCross.bias);

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
      const { query, output } = layer.crossAttention;
      const queries = applyLayer("query", stream.norm, scaleLayer(query, headWidth ** -0.5), "blocks");
      const overWindows = gather(reshape(queries, ["queries", heads, headWidth]), slots);
      const scores = add(matmul(transpose(overWindows, [0, 2, 1, 3]), crossKey), frameBias);
      const attention = softmax(scores);
      attentions.set(index, attention);
      const mixed = transpose(matmul(attention, crossValue), [0, 2, 1, 3]);
      const back = gather(reshape(mixed, ["places", width]), places);
      return applyLayer("output", back, output, "blocks");
    });
    const beforeFeed = norm(`layers.${index}.feed_forward.norm`, layer.feedForward.norm);
    stream = addAndNorm(stream.sum, heard, beforeFeed.weight, beforeFeed.bias);

    const fed = program.within(`layers.${index}.feed_forward`, () =>
      feedForward(stream.norm, layer.feedForward, "blocks"),
    );
    const next = weights.layers[index + 1];
    const after = next
      ? norm(`layers.${index + 1}.attention.norm`, next.attention.norm)
      : norm("norm", weights.norm);
    stream = addAndNorm(stream.sum, fed, after.weight, after.bias);
  }

  program.output("new_cache", concatenate(newCaches, 0));
  const wanted = gather(reshape(stream.norm, ["queries", width]), last);
  const logits = applyLayer("logits", wanted, { matrix: weights.embedding, bias: null }, "blocks");
  program.output("log_probabilities", logSoftmax(logits));
  if (alignmentHeads.length > 0) {
    const chosen = alignmentHeads.map(([layer, head]) => slice(attentions.get(layer)!, 1, head, head + 1, 1));
    program.output("attention", concatenate(chosen, 1));
  }
  return program;
}

/** The embeddings of tokens, from the same integers that the logits are computed with. */
function embed(program: Program, weights: DecoderWeights, tokens: Value): Value {
  const { integers, scales, zeroPoints, outputs, inputs } = weights.embedding;
  const table = program.weight("embedding", { type: "uint8", shape: [outputs, inputs], bytes: integers });
  const scale = program.weight("embedding.scales", {
    type: "float32",
    shape: [outputs, 1],
    bytes: bytesOf(scales),
  });
  const zero = program.weight("embedding.zero_points", {
    type: "float32",
    shape: [outputs, 1],
    bytes: bytesOf(Float32Array.from(zeroPoints)),
  });
  const centredRows = subtract(cast(gather(table, tokens), "float32"), gather(zero, tokens));
  return multiply(centredRows, gather(scale, tokens));
}
