import { describe, expect, it } from "vitest";
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens } from "./align.ts";
import { judgeWords, wordsOfTokens } from "./word-tokens.ts";

function words(...texts: string[]) {
  return texts.map((text, index) => ({ text, start: index, end: index + 1, confidence: 0.5 }));
}

function judge(reference: string, texts: string[], language = "en") {
  const spoken = words(...texts);
  const hypothesis = normaliseForScoring(texts.join(" "), language);
  const owners = wordsOfTokens(spoken, hypothesis, language);
  const judged = judgeWords(owners, alignTokens(normaliseForScoring(reference, language), hypothesis));
  return { owners: owners.map((word) => word?.text ?? null), right: judged.map(({ correct }) => correct) };
}

describe("words and tokens", () => {
  it("keep together across punctuation, contractions and fillers", () => {
    expect(judge("We do not know, Mr. Lee.", ["We", "don't", "um,", "know,", "Mr.", "Lee."])).toEqual({
      owners: ["We", "don't", "don't", "know,", "Mr.", "Lee."],
      right: [true, true, true, true, true],
    });
  });

  it("call a word wrong when one of its tokens is", () => {
    expect(judge("New York is big", ["New-Work", "is", "big"]).right).toEqual([false, true, true]);
  });

  it("find a word for numbers written in several words", () => {
    const { owners, right } = judge("21 birds", ["twenty", "one", "birds"]);
    expect(owners).toHaveLength(2);
    expect(owners[1]).toBe("birds");
    expect(right).toEqual([true, true]);
  });

  it("split Chinese words into characters", () => {
    expect(judge("设定三十一度", ["设定", "31", "度"], "zh").owners).toEqual([
      "设定",
      "设定",
      "31",
      "31",
      "31",
      "度",
    ]);
    expect(judge("设定三十二度", ["设定", "31", "度"], "zh").right).toEqual([true, false, true]);
  });
});
