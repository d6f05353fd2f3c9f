import { describe, expect, it } from "vitest";
import { displayWidth, isHan, splitMixed } from "./scripts.ts";

describe("isHan", () => {
  it("knows Chinese characters of every block, and nothing else", () => {
    for (const character of "中〇々㐂𠀀豈") expect(isHan(character.codePointAt(0)!)).toBe(true);
    for (const character of "aあア한，。１😀") expect(isHan(character.codePointAt(0)!)).toBe(false);
  });
});

describe("displayWidth", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["中文", 4],
    ["用LoRA，好", 10],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
  ])("%j takes %i columns", (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe("splitMixed", () => {
  it("makes a token of every Chinese character and of every Latin word", () => {
    expect(splitMixed("想听let it go吧 V2V")).toEqual(["想", "听", "let", "it", "go", "吧", "V2V"]);
    expect(splitMixed("𠀀a𠀀")).toEqual(["𠀀", "a", "𠀀"]);
    expect(splitMixed("スーパーで")).toEqual(["ス", "ー", "パ", "ー", "で"]);
    expect(splitMixed("다시 한번")).toEqual(["다시", "한번"]);
    expect(splitMixed("  ")).toEqual([]);
  });
});
