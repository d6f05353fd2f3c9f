import { describe, expect, it } from "vitest";
import { uncalibrated } from "./confidence.ts";
import type { TimedText } from "./timed-text.ts";
import { segmentsOf, wordsOf } from "./words.ts";

/** A text of which each character lasts a tenth of a second. */
function evenly(text: string): TimedText {
  const length = text.length;
  return {
    text,
    start: Float64Array.from({ length }, (_, i) => i / 10),
    end: Float64Array.from({ length }, (_, i) => (i + 1) / 10),
    logProbability: new Float64Array(length).fill(Math.log(0.9)),
    token: new Int32Array(length),
  };
}

const texts = (text: string) => wordsOf(evenly(text), uncalibrated).map((word) => word.text);

describe("wordsOf", () => {
  it("cuts at spaces and keeps punctuation with its word", () => {
    expect(texts(' Hello, "World" (again)!')).toEqual(["Hello,", '"World"', "(again)!"]);
  });

  it("cuts Chinese by its dictionary and keeps Latin words whole", () => {
    expect(texts("我们用LoRA微调，时尚生活园区。")).toEqual([
      "我们",
      "用",
      "LoRA",
      "微调，",
      "时尚",
      "生活",
      "园区。",
    ]);
  });

  it("loses no character, whatever the text", () => {
    for (const text of ["… - well", "“", "。", "a , b", "( x", "中(文)字", "x ) y", "'tis 5% of $3."]) {
      expect(texts(text).join("").replace(/\s/g, ""), text).toBe(text.replace(/\s/g, ""));
    }
  });

  it("takes times from what is spoken", () => {
    const [word] = wordsOf(evenly("(ab)."), uncalibrated);
    expect(word!.start).toBeCloseTo(0.1);
    expect(word!.end).toBeCloseTo(0.3);
    expect(word!.confidence).toBeCloseTo(0.9);
  });

  it("leaves a word that reaches over a silence where most of it is spoken", () => {
    const times = (speech: { startSeconds: number; endSeconds: number }[]) => {
      const [word] = wordsOf(evenly("abcdefghij"), uncalibrated, speech);
      return [word!.start, word!.end];
    };
    expect(times([{ startSeconds: 0, endSeconds: 0.6 }])).toEqual([0, 0.6]);
    expect(
      times([
        { startSeconds: 0, endSeconds: 0.1 },
        { startSeconds: 0.5, endSeconds: 2 },
      ]),
    ).toEqual([0.5, 1]);
    expect(times([{ startSeconds: 3, endSeconds: 4 }])).toEqual([0, 1]);
  });
});

describe("segmentsOf", () => {
  const segments = (text: string) =>
    segmentsOf(text, wordsOf(evenly(text), uncalibrated), true).map(({ text }) => text);

  it("cuts at the ends of sentences", () => {
    expect(segments("He came. Did he? 你好。再见！")).toEqual(["He came.", "Did he?", "你好。", "再见！"]);
  });

  it("does not take abbreviations for the end of a sentence", () => {
    expect(segments("Mr. Quilter met J. Smith.")).toEqual(["Mr. Quilter met J. Smith."]);
  });

  it("cuts at long pauses", () => {
    const timed = evenly("one two");
    timed.start.fill(9, 4);
    timed.end.fill(9.5, 4);
    expect(segmentsOf(timed.text, wordsOf(timed, uncalibrated), true)).toHaveLength(2);
  });

  it("leaves words out when they are not wanted", () => {
    const text = "one two.";
    expect(segmentsOf(text, wordsOf(evenly(text), uncalibrated), false)[0]!.words).toEqual([]);
  });
});
