import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveCacheFolder } from "../../weights/cache-folder.ts";
import type { DecoderStart, DecoderState } from "../speech-model.ts";
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

  it("decodes views and windows of different length in one batch as it does each alone", async () => {
    await using model = await Whisper.load("whisper-tiny", path, {});
    using long = await model.encode(samples);
    using short = await model.encode(samples.subarray(0, 12_000));
    const context = model.tokenizer.encode(" A prompt of some words.");
    const starts: DecoderStart[] = [
      { frames: long, prompt: { language: "en", attention: true } },
      { frames: short, prompt: { language: "de", context, attention: true } },
      { frames: long, prompt: { language: "en", context, attention: true } },
    ];
    using together = await model.decoder(starts);
    const alone = await Promise.all(starts.map((start) => model.decoder([start])));
    // Each start goes on with two hypotheses, then the first of the three loses one.
    const first = [
      [440, 1000],
      [7000, 50],
      [60, 70],
    ];
    await together.step([0, 0, 1, 1, 2, 2], first.flat());
    for (const [i, state] of alone.entries()) await state.step([0, 0], first[i]!);
    await together.step([5, 1, 3, 2, 4], [81, 82, 83, 84, 85]);
    await alone[0]!.step([1], [82]);
    await alone[1]!.step([1, 0], [83, 84]);
    await alone[2]!.step([1, 0], [81, 85]);
    const vocabulary = alone[0]!.logProbabilities.length;
    const logits = (state: DecoderState, row: number) =>
      state.logProbabilities.subarray(row * vocabulary, (row + 1) * vocabulary);
    const attention = (state: DecoderState, row: number) => {
      const size = state.attentionHeads * state.attentionFrames;
      return Array.from({ length: state.attentionHeads }, (_, head) => {
        const from = row * size + head * state.attentionFrames;
        return Array.from(state.attention!.subarray(from, from + 37));
      }).flat();
    };
    for (const [row, [state, own]] of (
      [
        [2, 0],
        [0, 0],
        [1, 0],
        [1, 1],
        [2, 1],
      ] as const
    ).entries()) {
      // Activations are rounded to 8 bits; where a last digit differs, roundings tip over and add up to this much.
      expect(largestDifference(logits(together, row), logits(alone[state]!, own))).toBeLessThan(1);
      expect(largestDifference(attention(together, row), attention(alone[state]!, own))).toBeLessThan(0.05);
    }
    // The short window's attention ends in zeros.
    expect(together.attentionFrames).toBe(100);
    expect(together.attention!.subarray(2 * together.attentionHeads * 100 + 38).slice(0, 62)).toEqual(
      new Float32Array(62),
    );
    for (const [i, state] of alone.entries()) {
      expect(together.noSpeechProbabilities[i]).toBeCloseTo(state.noSpeechProbabilities[0]!, 3);
      state[Symbol.dispose]();
    }
  });

  it("hears that nobody speaks, and refuses what it does not know", async () => {
    await using model = await Whisper.load("whisper-tiny", path, {});
    using frames = await model.encode(samples);
    expect(frames.durationSeconds).toBe(2);
    expect(frames.data).toHaveLength(frames.frames * frames.width);
    using state = await model.decoder([{ frames, prompt: { language: "en", attention: true } }]);
    expect(state.noSpeechProbabilities[0]).toBeGreaterThan(0.15);
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

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
