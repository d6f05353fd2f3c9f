import { describe, expect, it } from "vitest";
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens } from "./align.ts";
import { TermTrie } from "./term-trie.ts";
import {
  countKeywords,
  countTerms,
  falseInsertions,
  falseInsertionsPerHour,
  judgeTerms,
  keywordRecall,
  termF1,
  termPrecision,
  termRecall,
} from "./term-metrics.ts";

function judge(terms: readonly string[], reference: string, hypothesis: string, language = "none") {
  const tokens = (text: string) => normaliseForScoring(text, language);
  const sides = { reference: tokens(reference), hypothesis: tokens(hypothesis) };
  const steps = alignTokens(sides.reference, sides.hypothesis);
  return judgeTerms({ ...sides, steps }, new TermTrie(terms.map(tokens)));
}

describe("term metrics", () => {
  it("recall a term when all of its tokens are matched", () => {
    const counts = countTerms([judge(["new york", "lora"], "lora in new york", "lora in new work")]);
    expect(counts).toEqual({ referenceOccurrences: 2, recalled: 1, hypothesisOccurrences: 1, correct: 1 });
    expect(termRecall(counts)).toBe(50);
    expect(termPrecision(counts)).toBe(100);
    expect(termF1(counts)).toBeCloseTo(66.667, 3);
  });

  it("count a term at the wrong place as missed and as a false insertion", () => {
    const counts = countTerms([judge(["lora"], "lora was tuned for speech", "it was tuned for speech lora")]);
    expect(counts).toEqual({ referenceOccurrences: 1, recalled: 0, hypothesisOccurrences: 1, correct: 0 });
    expect(falseInsertions(counts)).toBe(1);
    expect(termF1(counts)).toBe(0);
  });

  it("count a term that swallows a word between as a false insertion", () => {
    const judgement = judge(["new york"], "the new old york", "the new york");
    expect(judgement.reference).toEqual([]);
    expect(judgement.hypothesis).toEqual([{ term: 0, start: 1, end: 3, correct: false }]);
  });

  it("count every occurrence", () => {
    const counts = countTerms([judge(["rope"], "rope and rope", "rope and soap rope rope")]);
    expect(counts).toEqual({ referenceOccurrences: 2, recalled: 2, hypothesisOccurrences: 3, correct: 2 });
  });

  it("find Chinese terms inside text, and English ones inside Chinese", () => {
    const counts = countTerms([
      judge(
        ["世纪公园", "Let It Go", "31度"],
        "到世纪公园听Let It Go设定三十一度",
        "到世纪公园听let it狗设定31度",
        "zh",
      ),
    ]);
    expect(counts).toEqual({ referenceOccurrences: 3, recalled: 2, hypothesisOccurrences: 2, correct: 2 });
  });

  it("have no value where there is nothing to count", () => {
    const nothing = countTerms([judge(["lora"], "a b", "a b")]);
    expect([termRecall(nothing), termPrecision(nothing), termF1(nothing)]).toEqual([null, null, null]);
    const missed = countTerms([judge(["lora"], "lora", "")]);
    expect([termRecall(missed), termPrecision(missed), termF1(missed)]).toEqual([0, null, 0]);
    const invented = countTerms([judge(["lora"], "", "lora")]);
    expect([termRecall(invented), termPrecision(invented), termF1(invented)]).toEqual([null, 0, 0]);
  });

  it("give false insertions per hour of audio", () => {
    const counts = countTerms([judge(["lora"], "a", "lora"), judge(["lora"], "b", "lora b")]);
    expect(falseInsertionsPerHour(counts, 1800)).toBe(4);
    expect(falseInsertionsPerHour(counts, 0)).toBeNull();
  });
});

describe("keyword recall", () => {
  it("looks for each keyword's tokens next to each other, anywhere", () => {
    const keywords = new TermTrie([["whole", "milk"], ["sugar"], ["house", "coffee"]]);
    const first = countKeywords("a house of coffee with whole milk whole milk".split(" "), keywords);
    expect(first).toEqual({ keywords: 3, found: 1 });
    expect(keywordRecall([first, { keywords: 1, found: 1 }])).toBe(50);
    expect(keywordRecall([])).toBeNull();
  });
});
