import { describe, expect, it } from "vitest";
import { randomGenerator } from "../../random.ts";
import { sampleSubTexts, wordsOfText } from "./sub-texts.ts";

const sentence = "The wapiti, a large deer, was seen by Don't-Panic Murtagh near the old house in the woods.";

describe("sub-texts", () => {
  it("are whole words and phrases of one to four words that do not cross punctuation or each other", () => {
    const random = randomGenerator(1);
    const lengths = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const drawn = sampleSubTexts(sentence, 3, random);
      expect(drawn).toHaveLength(3);
      const taken = new Set<number>();
      for (const { text, first, words } of drawn) {
        lengths.add(words);
        expect(` ${sentence.replace(".", " ").replaceAll(",", " ,")} `).toContain(` ${text} `);
        for (let at = first; at < first + words; at++) {
          expect(taken.has(at)).toBe(false);
          taken.add(at);
        }
      }
    }
    expect([...lengths].sort()).toEqual([1, 2, 3, 4]);
  });

  it("prefer rare words", () => {
    const random = randomGenerator(2);
    let withRare = 0;
    for (let i = 0; i < 300; i++) {
      if (/wapiti|Murtagh|Panic/.test(sampleSubTexts(sentence, 1, random)[0]!.text)) withRare++;
    }
    // Three of eighteen words; drawn evenly they would be in a third.
    expect(withRare).toBeGreaterThan(240);
  });

  it("of Chinese are segmented words", () => {
    const words = wordsOfText("我们去北京大学，研究Transformer模型。");
    expect(words.map(({ text }) => text)).toEqual(["我们", "去", "北京大学", "研究", "Transformer", "模型"]);
    expect(words.map(({ breaksBefore }) => breaksBefore)).toEqual([true, false, false, true, false, false]);
    const random = randomGenerator(3);
    const texts = new Set<string>();
    for (let i = 0; i < 300; i++) texts.add(sampleSubTexts("我们去北京大学研究模型", 1, random)[0]!.text);
    expect(texts).toContain("北京大学");
    expect([...texts].filter((text) => /^京|学$/.test(text) && !text.endsWith("北京大学"))).toEqual([]);
  });

  it("are the same for the same random numbers, and none for a text without words", () => {
    expect(sampleSubTexts(sentence, 3, randomGenerator(5))).toEqual(
      sampleSubTexts(sentence, 3, randomGenerator(5)),
    );
    expect(sampleSubTexts("… !", 3, randomGenerator(5))).toEqual([]);
  });
});
