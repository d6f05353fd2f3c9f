/**
 * Attention by ONNX Runtime's fused operators, and the norms that go with it.
 */
import { add, layerNorm, matmul, multiply, reshape, softmax, transpose } from "./operators.ts";
import { runtimeDomain, type Value } from "./program.ts";
import { expectShape, fixed } from "./shapes.ts";

/**
 * Softmax attention in which every query sees every key.
 *
 * @param query `[batch, queries, heads · width]`
 * @param key `[batch, keys, heads · width]`
 * @param value `[batch, keys, heads · width]`
 * @param bias added to the scores: `[batch or 1, heads or 1, queries, keys]`
 * @param scale of the scores; 1 / √width when left out
 * @returns `[batch, queries, heads · width]`
 */
export function multiHeadAttention(
  query: Value,
  key: Value,
  value: Value,
  heads: number,
  options: { bias?: Value; scale?: number } = {},
): Value {
  const [batch, , width] = query.shape;
  expectShape("MultiHeadAttention", "the key", key.shape, [batch!, key.shape[1]!, width!]);
  expectShape("MultiHeadAttention", "the value", value.shape, key.shape);
  const inputs = [query, key, value, ...(options.bias ? [null, null, options.bias] : [])];
  return query.program.apply(
    "MultiHeadAttention",
    inputs,
    [query],
    {
      num_heads: { int: heads },
      ...(options.scale === undefined ? {} : { scale: { float: options.scale } }),
    },
    runtimeDomain,
  )[0]!;
}

/**
 * The same as `multiHeadAttention` of plain operators, all of which have gradients: for graphs that are trained.
 */
export function plainAttention(
  query: Value,
  key: Value,
  value: Value,
  heads: number,
  options: { bias?: Value; scale?: number } = {},
): Value {
  const [batch, , width] = query.shape;
  expectShape("attention", "the key", key.shape, [batch!, key.shape[1]!, width!]);
  expectShape("attention", "the value", value.shape, key.shape);
  const all = fixed("attention", query.shape, -1);
  const headWidth = all / heads;
  if (!Number.isInteger(headWidth)) throw new RangeError(`attention: ${heads} heads do not divide ${all}.`);
  const scale = query.program.scalar(options.scale ?? 1 / Math.sqrt(headWidth));
  const inHeads = (x: Value, order: readonly number[]) =>
    transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, headWidth]), order);
  const queries = inHeads(multiply(query, scale), [0, 2, 1, 3]);
  const scores = matmul(queries, inHeads(key, [0, 2, 3, 1]));
  const weighting = softmax(options.bias ? add(scores, options.bias) : scores);
  const mixed = transpose(matmul(weighting, inHeads(value, [0, 2, 1, 3])), [0, 2, 1, 3]);
  return reshape(mixed, query.shape);
}

/** A cache of keys or values: `[batch, heads, capacity, width]`. */
export interface KeyValueCache {
  readonly key: Value;
  readonly value: Value;
}

/**
 * Causal attention to a cache of keys and values, in which several heads of queries may share one of keys
 * (Ainslie et al., 2023, arXiv 2305.13245). Every row of the batch has its own length.
 *
 * When a run is given the same memory for a cache that goes in and the cache that comes out, nothing is copied: the new
 * keys are written behind the old ones.
 *
 * @param query `[batch, tokens, heads · width]`, or queries, keys and values one after the other in the last axis;
 *   `width` must be a multiple of 8
 * @param key `[batch, tokens, keyHeads · width]`, of the new tokens; null when they are packed with the queries
 * @param value like `key`
 * @param past the cache so far
 * @param lengths int32 `[batch]`: keys of each row, the new ones included, less one
 * @param total int32 `[1]`: keys of the longest row, the new ones included
 * @param options.rotary tables of cosines and sines `[positions, width / 2]` for rotary positions (Su et al., 2021)
 * @returns `[batch, tokens, heads · width]` and the cache with the new keys in it
 */
export function groupedQueryAttention(
  inputs: {
    query: Value;
    key: Value | null;
    value: Value | null;
    past: KeyValueCache;
    lengths: Value;
    total: Value;
  },
  heads: { queries: number; keys: number },
  options: { scale?: number; rotary?: { cosine: Value; sine: Value; interleaved: boolean } } = {},
): { attended: Value; present: KeyValueCache } {
  const { query, key, value, past, lengths, total } = inputs;
  if (key && value) expectShape("GroupQueryAttention", "the value", value.shape, key.shape);
  expectShape("GroupQueryAttention", "the past", past.value.shape, past.key.shape);
  const { rotary } = options;
  const width = heads.queries * fixed("GroupQueryAttention", past.key.shape, -1);
  const tables = rotary ? [rotary.cosine, rotary.sine] : [];
  const [attended, presentKey, presentValue] = query.program.apply(
    "GroupQueryAttention",
    [query, key, value, past.key, past.value, lengths, total, ...tables],
    [{ type: query.type, shape: [...query.shape.slice(0, -1), width] }, past.key, past.value],
    {
      num_heads: { int: heads.queries },
      kv_num_heads: { int: heads.keys },
      ...(options.scale === undefined ? {} : { scale: { float: options.scale } }),
      ...(rotary ? { do_rotary: { int: 1 }, rotary_interleaved: { int: rotary.interleaved ? 1 : 0 } } : {}),
    },
    runtimeDomain,
  );
  return { attended: attended!, present: { key: presentKey!, value: presentValue! } };
}

/**
 * Rotary positions (Su et al., 2021, arXiv 2104.09864).
 *
 * @param x `[batch, tokens, heads · width]`
 * @param positions int64 `[batch, tokens]`
 * @param tables `[positions, width / 2]`, or half of the part that is turned
 */
export function rotaryEmbedding(
  x: Value,
  positions: Value,
  tables: { cosine: Value; sine: Value },
  options: { heads: number; interleaved: boolean; turnedWidth?: number },
): Value {
  return x.program.apply(
    "RotaryEmbedding",
    [x, positions, tables.cosine, tables.sine],
    [x],
    {
      num_heads: { int: options.heads },
      interleaved: { int: options.interleaved ? 1 : 0 },
      rotary_embedding_dim: { int: options.turnedWidth ?? 0 },
    },
    runtimeDomain,
  )[0]!;
}

/**
 * Adds a layer's result to what went around it and normalises the sum. In two steps: ONNX Runtime's fused
 * `SkipLayerNormalization` takes eight times as long as they do (1,500 rows of 512; docs/experiments.md).
 *
 * @returns the sum, which goes around the next layer, and its normalisation
 */
export function addAndNorm(
  x: Value,
  change: Value,
  weight: Value,
  bias: Value | null,
  epsilon = 1e-5,
): { sum: Value; norm: Value } {
  const sum = add(x, change);
  return { sum, norm: layerNorm(sum, weight, bias, epsilon) };
}
