import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readOnnx, writeOnnx } from "../../graph/onnx-file.ts";
import { createSession, tensorFactory } from "../../runtime/session.ts";
import { resolveCacheFolder } from "../../weights/cache-folder.ts";
import { MergedDecoderState, type MergedDecoderShape } from "../merged-decoder.ts";
import { shareCrossAttention } from "./share-cross-attention.ts";
import { Whisper } from "./whisper.ts";

const folder = join(resolveCacheFolder(), "models", "whisper-tiny");
const path = (name: string) => join(folder, name);
const isCached = existsSync(path("decoder.onnx"));

/** Two seconds of a rising tone: no speech, but enough to attend to. */
const samples = Float32Array.from({ length: 32_000 }, (_, i) => 0.3 * Math.sin((i / 16_000) ** 2 * 2000));

describe.skipIf(!isCached)("Whisper (needs whisper-tiny in the model cache)", () => {
  it("knows its languages, its limits and its special tokens", async () => {
    await using model = await Whisper.load("whisper-tiny", path, {});
    expect(model.languages).toHaveLength(99);
    expect(model.languages).toContain("zh");
    expect(model.promptLimit).toBe(223);
    expect(model.tokenizer.decode([model.endToken])).toBe("");
    expect(model.suppressedTokens).not.toContain(model.endToken);
  });

  it("gives the logits of the published graph for several hypotheses over one cache", async () => {
    const graph = readOnnx(await readFile(path("decoder.onnx")));
    const shape: MergedDecoderShape = {
      layers: 4,
      heads: 6,
      headWidth: 64,
      vocabularySize: 51_865,
      alignmentHeads: [
        [2, 2],
        [3, 5],
      ],
      crossCache: "copied",
    };
    expect(shareCrossAttention(graph, shape)).toBe(true);
    const tensors = await tensorFactory();
    await using published = await createSession(path("decoder.onnx"));
    await using changed = await createSession(writeOnnx(graph));
    const states = tensors.float32(
      Float32Array.from({ length: 1500 * 384 }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011)),
      [1, 1500, 384],
    );
    const prompt = {
      tokens: [50258, 50259, 50359, 50363],
      encoderStates: states,
      framesWithAudio: 100,
      attention: true,
    };
    const one = await MergedDecoderState.start(published, tensors, shape, prompt);
    const other = await MergedDecoderState.start(
      changed,
      tensors,
      { ...shape, crossCache: "shared" },
      prompt,
    );
    for (const [parents, tokens] of [
      [
        [0, 0, 0],
        [440, 1000, 7000],
      ],
      [
        [2, 0, 1],
        [50, 60, 70],
      ],
      [
        [1, 1],
        [80, 90],
      ],
    ] as const) {
      await one.step(parents, tokens);
      await other.step(parents, tokens);
      expect(other.hypotheses).toBe(tokens.length);
      // Activations are quantised by the range of the whole batch, so rounding differs a little.
      expect(largestDifference(one.logits, other.logits)).toBeLessThan(0.5);
      expect(largestDifference(one.attention!, other.attention!)).toBeLessThan(0.02);
    }
  });

  it("hears that nobody speaks, and refuses what it does not know", async () => {
    await using model = await Whisper.load("whisper-tiny", path, {});
    using frames = await model.encode(samples);
    expect(frames.durationSeconds).toBe(2);
    expect(frames.data).toHaveLength(frames.frames * frames.width);
    using state = await model.decoder([{ frames, prompt: { language: "en", attention: true } }]);
    expect(state.noSpeechProbabilities[0]).toBeGreaterThan(0.3);
    expect(state.attentionFrames).toBe(100);
    const languages = await model.detectLanguage(frames);
    expect([...languages.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    await expect(model.decoder([{ frames, prompt: { language: "xx" } }])).rejects.toThrow('"xx"');
    const tooLong = Array.from({ length: 224 }, () => 50);
    await expect(model.decoder([{ frames, prompt: { language: "en", context: tooLong } }])).rejects.toThrow(
      "223 tokens",
    );
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
