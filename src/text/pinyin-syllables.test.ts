import { describe, expect, it } from "vitest";
import { parseSyllable, syllablesOf } from "./pinyin-syllables.ts";

const written = (text: string) =>
  syllablesOf(text).map((syllable) => syllable && `${syllable.initial}-${syllable.final}${syllable.tone}`);

describe("Mandarin syllables", () => {
  it("are initial, final and tone", () => {
    expect(written("北京中国")).toEqual(["b-ei3", "j-ing1", "zh-ong1", "g-uo2"]);
  });

  it("have their finals in full, whatever pinyin hides", () => {
    expect(written("元云月玉雨王翁我有雪军酒回春绿女儿了衣无安")).toEqual([
      ..."-üan2 -ün2 -üe4 -ü4 -ü3 -uang2 -ueng1 -uo3 -iou3 x-üe3 j-ün1 j-iou3 h-uei2 ch-uen1 l-ü4 n-ü3".split(
        " ",
      ),
      ..."-er2 l-e5 -i1 -u2 -an1".split(" "),
    ]);
  });

  it("know those without a vowel", () => {
    expect([parseSyllable("ng4"), parseSyllable("m2"), parseSyllable("n2")]).toEqual([
      { initial: "", final: "ng", tone: 4 },
      { initial: "", final: "m", tone: 2 },
      { initial: "", final: "n", tone: 2 },
    ]);
  });

  it("are none where no dictionary knows the character", () => {
    expect(written("a𰻞")).toEqual([null, null]);
    expect(parseSyllable("blah")).toBeNull();
  });
});
