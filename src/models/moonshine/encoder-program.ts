/**
 * Moonshine's encoder as a tensor program: 16 kHz samples → frames, and from those the keys and values that the
 * decoder's cross-attention needs, computed once for each window.
 *
 * Time comes first from the start: a convolution is a product over the stretches that its kernel sees, so that all of
 * them run as matrix products and nothing is transposed.
 */
import { addAndNorm, multiHeadAttention, rotaryEmbedding } from "../../graph/attention.ts";
import {
  add,
  concatenate,
  divide,
  gelu,
  layerNorm,
  multiply,
  reduce,
  reshape,
  slice,
  squareRoot,
  subtract,
  tanh,
  transpose,
} from "../../graph/operators.ts";
import { linear } from "../../graph/products.ts";
import { Program, type Value } from "../../graph/program.ts";
import { dequantise, type QuantisedMatrix } from "../../graph/quantised-matrix.ts";
import { cacheName } from "./decoder-program.ts";
import { applyLayer, project, rotaryTables, turnedWidth, vector } from "./layers.ts";
import type { Convolution, DecoderWeights, EncoderWeights } from "./moonshine-weights.ts";

/** Samples from one step of the first convolution to the next; its kernel sees two such blocks less one sample. */
export const blockSamples = 64;
/** From one frame to the next: the strides of the three convolutions, 64 · 3 · 2. */
export const frameSamples = 384;

/**
 * How many blocks of samples make `frames` frames, so that every convolution ends where its input ends: two frames more
 * for the third convolution's kernel, one step more for the second's, one block more for the first's.
 */
export function blocksFor(frames: number): number {
  return 6 * (frames + 2) + 1;
}

/**
 * Input `samples` float32 `[blocks, 64]`, the blocks as `blocksFor` says. Outputs `frames` float32 `[1, frames, width]`
 * and, for each layer of the decoder, `cross_key.N` `[1, heads, width of a head, frames]` and `cross_value.N` `[1, heads,
 * frames, width of a head]`.
 */
export function encoderProgram(
  weights: EncoderWeights,
  decoder: DecoderWeights,
  heads: number,
  maximumFrames: number,
): Program {
  const program = new Program("moonshine-encoder");
  const width = weights.norm.length;
  const samples = program.input("samples", "float32", ["blocks", blockSamples]);
  const rotary = rotaryTables(program, maximumFrames);
  const firstPosition = program.integers([0]);
  const turn = (x: Value) =>
    rotaryEmbedding(x, firstPosition, rotary, { heads, interleaved: true, turnedWidth });

  let x = reshape(
    program.within("convolutions", () => convolutions(samples, weights)),
    [1, "frames", width],
  );
  let norm = layerNorm(
    x,
    vector(program, "layers.0.attention.norm", weights.layers[0]!.attention.norm),
    null,
  );
  for (const [index, { attention, feedForward }] of weights.layers.entries()) {
    const attended = program.within(`layers.${index}.attention`, () => {
      const query = turn(project("query", norm, attention.query, "whole"));
      const key = turn(project("key", norm, attention.key, "whole"));
      const value = project("value", norm, attention.value, "whole");
      return project("output", multiHeadAttention(query, key, value, heads), attention.output, "whole");
    });
    const between = vector(program, `layers.${index}.feed_forward.norm`, feedForward.norm);
    ({ sum: x, norm } = addAndNorm(x, attended, between, null));
    const fed = program.within(`layers.${index}.feed_forward`, () =>
      applyLayer(
        "outer",
        gelu(applyLayer("inner", norm, feedForward.inner, "whole")),
        feedForward.outer,
        "whole",
      ),
    );
    const next = weights.layers[index + 1];
    const after = next
      ? vector(program, `layers.${index + 1}.attention.norm`, next.attention.norm)
      : vector(program, "norm", weights.norm);
    ({ sum: x, norm } = addAndNorm(x, fed, after, null));
  }
  program.output("frames", norm);

  for (const [layer, { crossAttention }] of decoder.layers.entries()) {
    const inHeads = (part: "key" | "value", order: readonly number[]) => {
      const projected = program.within(`cross.${layer}`, () =>
        project(part, norm, crossAttention[part], "whole"),
      );
      return transpose(reshape(projected, [1, "frames", heads, width / heads]), order);
    };
    program.output(cacheName.crossKey(layer), inHeads("key", [0, 2, 3, 1]));
    program.output(cacheName.crossValue(layer), inHeads("value", [0, 2, 1, 3]));
  }
  return program;
}

/** @returns `[frames, width]` */
function convolutions(
  samples: Value,
  { convolutions: [first, second, third], groupNorm }: EncoderWeights,
): Value {
  // The first kernel lacks one sample to two blocks; a zero makes it up. Samples stay floats: speech can be faint.
  const kernel = dequantise(timeFirst(first!, 2 * blockSamples));
  const heard = tanh(linear("convolutions.0", strided(samples, 2, "steps"), kernel, first!.bias));
  const levelled = normaliseAll(heard, groupNorm);
  const triples = reshape(levelled, ["triples", 3 * second!.channels]);
  // Seven steps: two whole triples and the first of the third.
  const seven = strided(triples, 2, "halves", second!.channels);
  const halves = gelu(applyLayer("1", seven, { matrix: timeFirst(second!), bias: second!.bias }, "blocks"));
  const pairs = reshape(halves, ["pairs", 2 * third!.channels]);
  const three = strided(pairs, 1, "frames", third!.channels);
  return gelu(applyLayer("2", three, { matrix: timeFirst(third!), bias: third!.bias }, "blocks"));
}

/**
 * What a kernel sees at every step: `whole` rows one after the other, and the beginning of the row after them.
 *
 * @param x `[rows, width]`
 * @param beginning how much of the last row
 * @returns `[rows less those that only follow, whole · width + beginning]`
 */
function strided(x: Value, whole: number, steps: string, beginning = 0): Value {
  const last = whole + (beginning > 0 ? 1 : 0) - 1;
  const rowsFrom = (start: number) =>
    slice(x, 0, start, start === last ? Number.MAX_SAFE_INTEGER : start - last, steps);
  const parts = Array.from({ length: whole }, (_, i) => rowsFrom(i));
  if (beginning > 0) parts.push(slice(rowsFrom(whole), 1, 0, beginning, beginning));
  return concatenate(parts, 1);
}

/** The kernel over `[channel, step]` as one over `[step, channel]`, filled up with zeros to `steps`. */
function timeFirst({ matrix, channels, kernel }: Convolution, steps = kernel): QuantisedMatrix {
  const { outputs, zeroPoints } = matrix;
  const inputs = steps * channels;
  const integers = new Uint8Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const row = integers.subarray(output * inputs, (output + 1) * inputs).fill(zeroPoints[output]!);
    const from = output * matrix.inputs;
    for (let channel = 0; channel < channels; channel++) {
      for (let step = 0; step < kernel; step++) {
        row[step * channels + channel] = matrix.integers[from + channel * kernel + step]!;
      }
    }
  }
  return { ...matrix, inputs, blockSize: inputs, integers };
}

/** Normalises by the mean and the deviation of everything (Wu and He, 2018, arXiv 1803.08494, with one group). */
function normaliseAll(x: Value, { weight, bias }: EncoderWeights["groupNorm"]): Value {
  const { program } = x;
  const all = reshape(x, [1, "everything"]);
  const mean = reduce("ReduceMean", all, 1);
  const variance = subtract(reduce("ReduceMean", multiply(all, all), 1), multiply(mean, mean));
  const scale = divide(
    vector(program, "group_norm.weight", weight),
    squareRoot(add(variance, program.scalar(1e-5))),
  );
  const shift = subtract(vector(program, "group_norm.bias", bias), multiply(mean, scale));
  return add(multiply(x, scale), shift);
}
