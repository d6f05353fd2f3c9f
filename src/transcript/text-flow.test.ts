import { describe, expect, it } from "vitest";
import { canBreakBetween, joinTexts, splitByWidth, splitIntoWords } from "./text-flow.ts";

describe("joinTexts", () => {
  it("puts spaces between words, but not around Chinese or Japanese", () => {
    expect(joinTexts(["Hello there.", "General."])).toBe("Hello there. General.");
    expect(joinTexts(["你好。", "LoRA", "模型", "", "と言う"])).toBe("你好。LoRA模型と言う");
    expect(joinTexts(["안녕", "세계"])).toBe("안녕 세계");
  });
});

describe("canBreakBetween", () => {
  it("keeps punctuation with the word it belongs to", () => {
    expect(canBreakBetween("Hello", "there", true)).toBe(true);
    expect(canBreakBetween("Comment", "?", true)).toBe(false);
    expect(canBreakBetween("don", "'t", false)).toBe(false);
    expect(canBreakBetween("你", "好", false)).toBe(true);
    expect(canBreakBetween("好", "。", false)).toBe(false);
    expect(canBreakBetween("《", "书", false)).toBe(false);
  });
});

describe("splitIntoWords", () => {
  it("splits at spaces, and between words where none are written", () => {
    const words = splitIntoWords(" use  LoRA模型 ", "zh");
    expect(words.map(({ text, spaceBefore }) => (spaceBefore ? " " : "") + text).join("")).toBe(
      "use LoRA模型",
    );
    expect(words.slice(0, 2)).toEqual([
      { text: "use", spaceBefore: false },
      { text: "LoRA", spaceBefore: true },
    ]);
  });
});

describe("splitByWidth", () => {
  it("counts wide characters twice and never cuts inside a character", () => {
    expect(splitByWidth("你好吗ab", 4)).toEqual(["你好", "吗ab"]);
    expect(splitByWidth("👩‍👩‍👧👩‍👩‍👧", 3)).toEqual(["👩‍👩‍👧", "👩‍👩‍👧"]);
  });
});
