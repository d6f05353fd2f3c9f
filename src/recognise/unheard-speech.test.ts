import { describe, expect, it } from "vitest";
import { repeatsEnd, skippedSpeech, unheardSpeech } from "./unheard-speech.ts";

const window = {
  startSeconds: 10,
  endSeconds: 20,
  samples: Float32Array.from({ length: 160_000 }, (_, i) => i),
  speech: [
    { startSeconds: 10.2, endSeconds: 14 },
    { startSeconds: 16, endSeconds: 19.5 },
  ],
  speechSeconds: 7.3,
  precedingSilenceSeconds: 0,
};

describe("unheardSpeech", () => {
  it("is nothing when the last word ends with the speech", () => {
    expect(unheardSpeech(window, "All of it.", 19.2)).toBeNull();
  });

  it("is what is spoken after the last word, from shortly before it", () => {
    const rest = unheardSpeech(window, "Half of it.", 13.9)!;
    expect(rest.startSeconds).toBeCloseTo(13.9);
    expect(rest.samples[0]).toBe(3.9 * 16_000);
    expect(rest.speech).toHaveLength(2);
    const later = unheardSpeech(window, "Half of it.", 14.5)!;
    expect(later.startSeconds).toBeCloseTo(15.8);
    expect(later.speech).toEqual([{ startSeconds: 16, endSeconds: 19.5 }]);
    expect(later.endSeconds - later.startSeconds).toBeCloseTo(later.samples.length / 16_000);
  });

  it("needs more speech after a text that does not end a sentence", () => {
    expect(unheardSpeech(window, "13702662097", 17)).toBeNull();
    expect(unheardSpeech(window, "In full.", 17)).not.toBeNull();
    expect(unheardSpeech(window, "and then", 14)).not.toBeNull();
  });
});

describe("skippedSpeech", () => {
  const said = (...times: [number, number, string?][]) =>
    skippedSpeech(
      window,
      times.map(([start, end, text = "something"]) => ({ start, end, text })),
    );

  it("is speech without words before or between words, not after them", () => {
    const between = said([10.3, 11], [13, 14], [16.1, 16.5])!;
    expect(between.beforeWord).toBe(1);
    expect([between.window.startSeconds, between.window.endSeconds]).toEqual([11, 13]);
    expect(between.window.samples[0]).toBe(16_000);
    expect(between.window.samples).toHaveLength(32_000);
    expect(said([12.5, 13], [13, 14])!.beforeWord).toBe(0);
    expect(said([10.3, 11], [11.5, 12])).toBeNull();
  });

  it("is what a short word is stretched over", () => {
    const others: [number, number][] = [
      [16, 16.5],
      [16.5, 17],
      [17, 17.5],
    ];
    expect(said([10.3, 12], [12, 14, "in"], ...others)!.window.endSeconds).toBe(14);
    // A slow speaker.
    expect(said([10.3, 12, "in"], [12, 14, "in"], [16, 18, "in"])).toBeNull();
    expect(said([10.3, 12], [12, 14, "hallucination"])).toBeNull();
  });

  it("is no silence", () => {
    expect(said([10.3, 12], [12.2, 14, "extraordinary"], [16.1, 19, "unquestionably"])).toBeNull();
  });
});

describe("repeatsEnd", () => {
  it("notices when the same is heard again", () => {
    expect(repeatsEnd("It is 13702662097", " 2097.")).toBe(true);
    expect(repeatsEnd("pure and simple in line.", "In line.")).toBe(true);
    expect(repeatsEnd("pure and simple in line.", "The Italian, Bodoni")).toBe(false);
  });
});
