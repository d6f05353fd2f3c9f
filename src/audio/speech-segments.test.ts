/** Speech runs from made-up probabilities. */
import { describe, expect, it } from "vitest";
import { defaultSegmentOptions, SpeechSegmenter } from "./speech-segments.ts";
import type { SpeechRun } from "./speech-segments.ts";

/** Frames of 0.1 s; speech of at least 0.3 s, silence of at least 0.2 s. */
function segmenter(): SpeechSegmenter {
  return new SpeechSegmenter({
    frameSeconds: 0.1,
    threshold: 0.5,
    negativeThreshold: 0.3,
    minimumSpeechSeconds: 0.3,
    minimumSilenceSeconds: 0.2,
  });
}

function runs(probabilities: readonly number[]): SpeechRun[] {
  const found: SpeechRun[] = [];
  const speech = segmenter();
  for (const probability of probabilities) {
    const run = speech.push(probability);
    if (run) found.push(run);
  }
  const last = speech.finish();
  return last ? [...found, last] : found;
}

describe("SpeechSegmenter", () => {
  it("finds speech between silences", () => {
    expect(runs([0, 0.6, 0.9, 0.7, 0, 0, 0])).toEqual([{ startFrame: 1, endFrame: 4, peakProbability: 0.9 }]);
  });

  it("goes on through probabilities between the thresholds", () => {
    expect(runs([0.6, 0.4, 0.4, 0.4, 0.4, 0.1, 0.1])).toEqual([
      { startFrame: 0, endFrame: 5, peakProbability: 0.6 },
    ]);
  });

  it("does not begin at a probability between the thresholds", () => {
    expect(runs([0.4, 0.4, 0.4, 0.4, 0.4])).toEqual([]);
  });

  it("bridges silence that is too short", () => {
    expect(runs([0.9, 0.9, 0, 0.9, 0.9])).toEqual([{ startFrame: 0, endFrame: 5, peakProbability: 0.9 }]);
  });

  it("counts silence from its first frame, though the probability rises a little within", () => {
    expect(runs([0.9, 0.9, 0.9, 0.1, 0.4, 0.9])).toEqual([
      { startFrame: 0, endFrame: 3, peakProbability: 0.9 },
    ]);
  });

  it("leaves out speech that is too short", () => {
    expect(runs([0, 0.9, 0.9, 0, 0, 0.8, 0.8, 0.8, 0, 0])).toEqual([
      { startFrame: 5, endFrame: 8, peakProbability: 0.8 },
    ]);
  });

  it("gives the speech that goes on at the end, without the silence after it", () => {
    expect(runs([0.9, 0.9, 0.9, 0.9])).toEqual([{ startFrame: 0, endFrame: 4, peakProbability: 0.9 }]);
    expect(runs([0.9, 0.9, 0.9, 0.1])).toEqual([{ startFrame: 0, endFrame: 3, peakProbability: 0.9 }]);
  });

  it("tells where the speech going on now began", () => {
    const speech = segmenter();
    speech.push(0);
    expect(speech.openStartFrame).toBeNull();
    speech.push(0.9);
    expect(speech.openStartFrame).toBe(1);
    speech.push(0);
    speech.push(0);
    expect(speech.openStartFrame).toBeNull();
  });

  it("splits speech into two that meet", () => {
    const speech = segmenter();
    for (let frame = 0; frame < 6; frame++) speech.push(0.9);
    expect(speech.split(2)).toEqual({ startFrame: 0, endFrame: 2, peakProbability: 0.9 });
    expect(speech.finish()).toMatchObject({ startFrame: 2, endFrame: 6 });
    expect(() => speech.split(2)).toThrow(RangeError);
  });

  it("keeps the second part of split speech though it is short", () => {
    const speech = segmenter();
    for (let frame = 0; frame < 6; frame++) speech.push(0.9);
    speech.split(5);
    speech.push(0);
    expect(speech.push(0)).toMatchObject({ startFrame: 5, endFrame: 6 });
    speech.push(0.9);
    expect(speech.finish()).toBeNull();
  });

  it("keeps words of 0.13 s with the defaults for 32 ms frames, and no less", () => {
    const lengths = [3, 4].map((frames) => {
      const speech = new SpeechSegmenter({ ...defaultSegmentOptions, frameSeconds: 0.032 });
      for (let frame = 0; frame < frames; frame++) speech.push(0.9);
      return speech.finish()?.endFrame;
    });
    expect(lengths).toEqual([undefined, 4]);
  });
});
