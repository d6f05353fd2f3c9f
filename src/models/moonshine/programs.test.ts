import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Program } from "../../graph/program.ts";
import { fromIntegers, type QuantisedMatrix } from "../../graph/quantised-matrix.ts";
import { runProgram, type TestTensor } from "../../graph/testing/run-program.ts";
import { logSoftmax } from "../testing/log-softmax.ts";
import { cacheName, cacheWidth, decoderProgram } from "./decoder-program.ts";
import { blocksFor, blockSamples, encoderProgram } from "./encoder-program.ts";
import type { AttentionWeights, DecoderWeights, EncoderWeights, Layer } from "./moonshine-weights.ts";

/** What PyTorch's Moonshine gives for the weights below (tools/fixtures/moonshine.py). */
const expected = JSON.parse(readFileSync(new URL("fixtures/moonshine.json", import.meta.url), "utf8")) as {
  frames: number[];
  tokens: number[];
  logits: number[];
};

const [width, heads, vocabulary, layers, frames] = [96, 2, 64, 2, 8];

/** Weights by the fixture's formula, in the fixture's order. */
function weights(): { encoder: EncoderWeights; decoder: DecoderWeights } {
  let seed = 0;
  const integers = (length: number) => {
    seed++;
    return Int8Array.from({ length }, (_, i) => (((i * 7919 + seed * 104_729) % 10_007) ** 2 % 255) - 127);
  };
  const matrix = (outputs: number, inputs: number): QuantisedMatrix =>
    fromIntegers(
      integers(outputs * inputs),
      { outputs, inputs },
      1 / (73 * Math.sqrt(inputs)),
      0,
      "outputs first",
    );
  const norm = (size = width) => Float32Array.from(integers(size), (integer) => 1 + integer / 1000);
  const bias = (size: number) => Float32Array.from(integers(size), (integer) => integer / 1000);
  const layer = (outputs: number, inputs: number): Layer => ({
    matrix: matrix(outputs, inputs),
    bias: bias(outputs),
  });
  const attention = (own: Float32Array): AttentionWeights => ({
    norm: own,
    query: matrix(width, width),
    key: matrix(width, width),
    value: matrix(width, width),
    output: matrix(width, width),
  });
  const convolution = (outputs: number, channels: number, kernel: number, hasBias: boolean) => ({
    matrix: matrix(outputs, channels * kernel),
    bias: hasBias ? bias(outputs) : null,
    channels,
    kernel,
  });
  const convolutions = [
    convolution(width, 1, 127, false),
    convolution(2 * width, width, 7, true),
    convolution(width, 2 * width, 3, true),
  ];
  const groupNorm = { weight: norm(), bias: bias(width) };
  const encoderLayers = Array.from({ length: layers }, () => ({
    attention: attention(norm()),
    feedForward: { norm: norm(), inner: layer(4 * width, width), outer: layer(width, 4 * width) },
  }));
  const encoder = { convolutions, groupNorm, layers: encoderLayers, norm: norm() };
  const embedding = matrix(vocabulary, width);
  const decoderLayers = Array.from({ length: layers }, () => ({
    attention: attention(norm()),
    crossAttention: attention(norm()),
    feedForward: { norm: norm(), inner: layer(8 * width, width), outer: layer(width, 4 * width) },
  }));
  return { encoder, decoder: { embedding, layers: decoderLayers, norm: norm() } };
}

const { encoder, decoder } = weights();
const alignmentHeads = [[1, 0]] as const;

const floats = (data: Float32Array, shape: number[]): TestTensor => ({ data, shape });
const whole = (values: number[], shape: number[]): TestTensor => ({
  data: BigInt64Array.from(values, BigInt),
  shape,
});
const short = (values: number[], shape: number[]): TestTensor => ({ data: Int32Array.from(values), shape });

async function heard() {
  const blocks = blocksFor(frames);
  const samples = Float32Array.from(
    { length: blocks * blockSamples },
    (_, i) => Math.fround(0.3) * Math.sin(i ** 1.5 / 500),
  );
  return runProgram(encoderProgram(encoder, decoder, heads, frames), {
    samples: floats(samples, [blocks, blockSamples]),
  });
}

/** Feeds of the decoder for one row over one window, with what the encoder gave. */
function feeds(
  tokens: number[],
  past: Record<string, Float32Array>,
  before: number,
  outputs: Awaited<ReturnType<typeof heard>>,
) {
  const count = tokens.length;
  const positions = tokens.map((_, i) => i);
  const cross = Object.entries(outputs).filter(([name]) => name.startsWith("cross"));
  const capacity = expected.tokens.length;
  return {
    ...Object.fromEntries(cross.map(([name, { data, shape }]) => [name, floats(data, [...shape])])),
    ...Object.fromEntries(
      Object.entries(past).map(([name, data]) => [
        name,
        floats(data, [1, heads, capacity, cacheWidth(width / heads)]),
      ]),
    ),
    tokens: whole(tokens, [1, count]),
    positions: whole(
      positions.map((position) => before + position),
      [1, count],
    ),
    lengths: short([before + count - 1], [1]),
    total: short([before + count], [1]),
    frame_bias: floats(new Float32Array(frames), [1, 1, 1, frames]),
    slots: whole(positions, [1, count]),
    places: whole(positions, [1, count]),
    last: whole(positions, [count]),
  };
}

function emptyPast(program: Program): Record<string, Float32Array> {
  const size = heads * expected.tokens.length * cacheWidth(width / heads);
  const names = program.inputs.map(({ name }) => name).filter((name) => name.startsWith("past_"));
  return Object.fromEntries(names.map((name) => [name, new Float32Array(size)]));
}

/** Writes the keys and values of one token into the caches. */
function remember(past: Record<string, Float32Array>, position: number, entries: Float32Array): void {
  const one = cacheWidth(width / heads);
  for (let layer = 0; layer < layers; layer++) {
    for (const [part, name] of [cacheName.pastKey(layer), cacheName.pastValue(layer)].entries()) {
      for (let head = 0; head < heads; head++) {
        const from = ((2 * layer + part) * heads + head) * one;
        const to = (head * expected.tokens.length + position) * one;
        past[name]!.set(entries.subarray(from, from + one), to);
      }
    }
  }
}

/** Error of `actual` as a share of the numbers themselves (root mean square). */
function relativeError(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  expect(actual.length).toBe(truth.length);
  let [errors, squares] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    errors += (actual[i]! - truth[i]!) ** 2;
    squares += truth[i]! ** 2;
  }
  return Math.sqrt(errors / squares);
}

describe("Moonshine's programs", () => {
  it("hear what PyTorch's Moonshine hears, but for the rounding of activations", async () => {
    const { frames: states } = await heard();
    expect(states!.shape).toEqual([1, frames, width]);
    expect(relativeError(states!.data, expected.frames)).toBeLessThan(0.03);
  });

  it("give the logits of PyTorch's Moonshine, all tokens at once or one after the other", async () => {
    const outputs = await heard();
    const program = decoderProgram(decoder, { heads, alignmentHeads }, 16);
    const atOnce = await runProgram(program, feeds(expected.tokens, emptyPast(program), 0, outputs));
    expect(
      relativeError(atOnce.log_probabilities!.data, logSoftmax(expected.logits, vocabulary)),
    ).toBeLessThan(0.05);

    const past = emptyPast(program);
    for (const [position, token] of expected.tokens.entries()) {
      const step = await runProgram(program, feeds([token], past, position, outputs));
      const truth = atOnce.log_probabilities!.data.subarray(
        position * vocabulary,
        (position + 1) * vocabulary,
      );
      expect(relativeError(step.log_probabilities!.data, truth)).toBeLessThan(0.001);
      remember(past, position, step.new_cache!.data);
    }
  });

  it("give the attention of the heads that were asked for, which sums to one", async () => {
    const program = decoderProgram(decoder, { heads, alignmentHeads }, 16);
    const { attention } = await runProgram(program, feeds([1], emptyPast(program), 0, await heard()));
    expect(attention!.shape).toEqual([1, alignmentHeads.length, 1, frames]);
    expect(attention!.data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
  });
});
