import { describe, expect, test } from "vitest";
import { CtcLabels } from "./ctc-labels.ts";
import type { HeardWord } from "./heard-words.ts";
import { scoresWriting } from "./testing/writing-head.ts";
import { advantageOver, writtenFits } from "./written-words.ts";

const labels = new CtcLabels("letters");
const words = (text: string): HeardWord[] =>
  text.split(" ").map((word, i) => ({ text: word, start: i, end: i + 1, confidence: 1 }));
const fits = (written: string, said: string, start = 0) =>
  writtenFits(words(written), scoresWriting(said, labels, 8), labels, 0.02, start);

describe("words of a first pass beside the sounds", () => {
  test("fit where they were said, alone and with their neighbours", () => {
    const found = fits("we train Laura.", "we train laura", 10);
    const exact = found.filter(({ logRatio }) => logRatio > -0.01);
    // we, train, laura, we train, train laura, we train laura
    expect(exact).toHaveLength(6);
    const last = exact.reduce((a, b) => (b.start > a.start ? b : a));
    // "we train " is nine labels of two places each.
    expect(last.start).toBeCloseTo(10 + 9 * 2 * 0.02, 5);
  });

  test("lose to a term that is heard better at their place, and win where they are heard better", () => {
    const said = fits("we train Laura", "we train lora");
    const start = 9 * 2 * 0.02;
    const place = { start, end: start + 4 * 2 * 0.02 };
    expect(advantageOver(said, { logRatio: 0, ...place })).toBeGreaterThan(5);
    expect(advantageOver(said, { logRatio: -34, ...place })).toBeLessThan(-5);
  });

  test("say nothing of a place that they do not take, or take with much else", () => {
    const said = fits("we train models", "we train models");
    const [inside, elsewhere] = [
      { logRatio: -1, start: 0.36, end: 0.44 },
      { logRatio: -1, start: 5, end: 6 },
    ];
    expect(advantageOver(said, inside)).toBeNull();
    expect(advantageOver(said, elsewhere)).toBeNull();
    expect(advantageOver([], elsewhere)).toBeNull();
  });

  test("may hold what is no label", () => {
    expect(fits("模型 123", "we train")).toEqual([]);
    expect(fits("we 模型", "we train").length).toBeGreaterThan(0);
  });
});
