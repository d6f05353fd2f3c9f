import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runProgram, type TestTensor } from "../../graph/testing/run-program.ts";
import { logSoftmax } from "../testing/log-softmax.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import { cacheName, crossAttentionProgram, decoderProgram } from "./decoder-program.ts";
import { encoderProgram } from "./encoder-program.ts";
import { framedSamples } from "./log-mel.ts";
import {
  openaiModules,
  readDecoderWeights,
  readEncoderWeights,
  transformersModules,
} from "./whisper-weights.ts";

// Made by tools/fixtures/whisper_model.py with transformers.
const file = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const fixture = JSON.parse(readFileSync(file("whisper-model.json"), "utf8")) as {
  heads: number;
  encoderLayers: number;
  decoderLayers: number;
  frames: number;
  tokens: number[];
  encoded: number[];
  logits: number[];
  crossAttention: number[];
};
const width = 32;

/** Root mean square of the difference over that of the reference. */
function relativeError(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  let [squares, differences] = [0, 0];
  for (const [i, value] of expected.entries()) {
    squares += value * value;
    differences += (actual[i]! - value) ** 2;
  }
  return Math.sqrt(differences / squares);
}

function samples(): Float32Array {
  return Float32Array.from({ length: fixture.frames * 320 }, (_, i) => {
    const time = i / 16000;
    return 0.3 * Math.sin(2 * Math.PI * 440 * time) + 0.2 * Math.sin(2 * Math.PI * 1234 * time * (1 + time));
  });
}

const int64 = (values: readonly number[], shape: number[]): TestTensor => ({
  data: BigInt64Array.from(values, BigInt),
  shape,
});
const int32 = (values: readonly number[]): TestTensor => ({
  data: Int32Array.from(values),
  shape: [values.length],
});

describe("Whisper's programs", () => {
  it("compute what transformers computes, but for rounding to 8 bits", async () => {
    using tensors = openSafetensors(file("whisper-model.safetensors"));
    const { heads, frames, tokens } = fixture;
    const encoder = readEncoderWeights(transformersModules(tensors, "encoder"), fixture.encoderLayers);
    const framed = framedSamples(samples(), 2 * frames);
    const { frames: encoded } = await runProgram(encoderProgram(encoder, heads), {
      samples: { data: framed, shape: [1, 1, framed.length] },
      frame_count: int64([frames], [1]),
    });
    expect(encoded!.shape).toEqual([1, frames, width]);
    expect(relativeError(encoded!.data, fixture.encoded)).toBeLessThan(0.03);

    const decoder = readDecoderWeights(transformersModules(tensors, "decoder"), fixture.decoderLayers);
    const shape = { heads, alignmentHeads: [[1, 0]] as const };
    const reference = { data: Float32Array.from(fixture.encoded), shape: [1, frames, width] };
    const cross = await runProgram(crossAttentionProgram(decoder, shape), { frames: reference });
    const count = tokens.length;
    const positions = [...tokens.keys()];
    const feeds: Record<string, TestTensor> = {
      tokens: int64(tokens, [1, count]),
      positions: int64(positions, [1, count]),
      lengths: int32([count - 1]),
      total: int32([count]),
      frame_bias: { data: new Float32Array(frames), shape: [1, 1, 1, frames] },
      slots: int64(positions, [1, count]),
      places: int64(positions, [1, count]),
      last: int64(positions, [count]),
      ...cross,
    };
    for (let layer = 0; layer < fixture.decoderLayers; layer++) {
      for (const name of [cacheName.pastKey(layer), cacheName.pastValue(layer)]) {
        feeds[name] = { data: new Float32Array(8 * width), shape: [1, heads, 8, width / heads] };
      }
    }
    const { log_probabilities: logProbabilities, attention } = await runProgram(
      decoderProgram(decoder, shape),
      feeds,
    );
    expect(logProbabilities!.shape).toEqual([count, 100]);
    expect(relativeError(logProbabilities!.data, logSoftmax(fixture.logits, 100))).toBeLessThan(0.03);
    expect(attention!.shape).toEqual([1, 1, count, frames]);
    expect(relativeError(attention!.data, fixture.crossAttention)).toBeLessThan(0.05);
  });

  it("ask for weights under the names of openai/whisper", () => {
    // The names of whisper.cpp's own files, as convert-pt-to-ggml.py writes them.
    const asked: string[] = [];
    const recorder = {
      names: [],
      floats: (name: string) => {
        asked.push(name);
        return { shape: [1, 1], values: new Float32Array(1) };
      },
      [Symbol.dispose]: () => undefined,
    };
    readEncoderWeights(openaiModules(recorder, "encoder"), 1);
    readDecoderWeights(openaiModules(recorder, "decoder"), 1);
    for (const name of [
      "encoder.conv1.weight",
      "encoder.positional_embedding",
      "encoder.blocks.0.attn_ln.weight",
      "encoder.blocks.0.attn.query.weight",
      "encoder.blocks.0.mlp.0.bias",
      "encoder.blocks.0.mlp_ln.bias",
      "encoder.ln_post.weight",
      "decoder.token_embedding.weight",
      "decoder.blocks.0.cross_attn.key.weight",
      "decoder.blocks.0.cross_attn_ln.bias",
      "decoder.blocks.0.mlp.2.weight",
      "decoder.ln.bias",
    ]) {
      expect(asked).toContain(name);
    }
    expect(asked.some((name) => /layers|proj|fc\d|embed_/.test(name))).toBe(false);
  });
});
