import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinTexts } from "../../src/transcript/text-flow.ts";
import type { Segment, Word } from "../../src/transcript/transcript.ts";
import { retimeSegment } from "./retime.ts";

/** Words of a second each. */
function segmentOf(...texts: string[]): Segment {
  const words: Word[] = texts.map((text, index) => ({ start: index, end: index + 1, text, confidence: 0.8 }));
  return { start: 0, end: texts.length, text: joinTexts(texts), confidence: 0.8, words };
}

const timesOf = (segment: Segment) =>
  segment.words.map(({ text, start, end }) => [
    text,
    Math.round(start * 100) / 100,
    Math.round(end * 100) / 100,
  ]);

describe("a corrected segment", () => {
  it("keeps times and confidences of words that stand as they were", () => {
    const corrected = retimeSegment(
      segmentOf("we", "tuned", "Laura", "twice."),
      "we tuned LoRA twice.",
      "en",
    );
    expect(timesOf(corrected)).toEqual([
      ["we", 0, 1],
      ["tuned", 1, 2],
      ["LoRA", 2, 3],
      ["twice.", 3, 4],
    ]);
    expect(corrected.words.map((word) => word.confidence)).toEqual([0.8, 0.8, 1, 0.8]);
    expect(corrected.confidence).toBeCloseTo(0.85);
  });

  it("shares the time of one word among the two that were said", () => {
    const corrected = retimeSegment(segmentOf("the", "finetuning", "works"), "the fine tuning works", "en");
    expect(timesOf(corrected)).toEqual([
      ["the", 0, 1],
      ["fine", 1, 1.4],
      ["tuning", 1.4, 2],
      ["works", 2, 3],
    ]);
  });

  it("puts a word that was missed into the gap, and takes one out that was not said", () => {
    const segment = segmentOf("one", "three");
    segment.words[1] = { ...segment.words[1]!, start: 2, end: 3 };
    expect(timesOf(retimeSegment(segment, "one two three", "en"))).toEqual([
      ["one", 0, 1],
      ["two", 1, 2],
      ["three", 2, 3],
    ]);
    expect(timesOf(retimeSegment(segmentOf("one", "uh", "two"), "one two", "en"))).toEqual([
      ["one", 0, 1],
      ["two", 2, 3],
    ]);
  });

  it("does not take a part of a longer word for the word that was there", () => {
    const corrected = retimeSegment(segmentOf("a", "cat", "sat"), "a category sat", "en");
    expect(corrected.words[1]).toMatchObject({ text: "category", start: 1, end: 2, confidence: 1 });
  });

  it("works in scripts without spaces, however the recogniser has cut the words", () => {
    const corrected = retimeSegment(segmentOf("我们", "用", "罗拉", "微调", "了"), "我们用LoRA微调了", "zh");
    expect(timesOf(corrected)).toEqual([
      ["我们", 0, 1],
      ["用", 1, 2],
      ["LoRA", 2, 3],
      ["微调", 3, 4],
      ["了", 4, 5],
    ]);
    expect(retimeSegment(segmentOf("语音识别"), "语音 识别", "zh").words.map((word) => word.text)).toEqual([
      "语音",
      "识别",
    ]);
  });

  it("is the same when nothing has changed, and changes only its text without word times", () => {
    const segment = segmentOf("as", "it", "was");
    expect(retimeSegment(segment, "  as it  was ", "en")).toBe(segment);
    expect(retimeSegment({ ...segment, words: [] }, "other", "en")).toMatchObject({
      text: "other",
      words: [],
    });
  });

  it("always holds the words of the text, in order of time, within its bounds", () => {
    const word = fc.constantFrom("a", "b", "ab", "ba", "Lora", "LoRA", "我们", "用", "x.", "é");
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.array(word, { minLength: 1 }), (before, after) => {
        const segment = segmentOf(...before);
        const text = joinTexts(after);
        const { words } = retimeSegment(segment, text, "en");
        expect(words.map((part) => part.text).join("")).toBe(text.replace(/ /g, ""));
        let last = segment.start;
        for (const { start, end } of words) {
          expect(start).toBeGreaterThanOrEqual(last - 1e-9);
          expect(end).toBeGreaterThanOrEqual(start - 1e-9);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(segment.end + 1e-9);
      }),
    );
  });
});
