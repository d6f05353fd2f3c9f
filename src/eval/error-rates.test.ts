import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { alignTokens } from "./align.ts";
import { bootstrapInterval, percentageOfSums } from "./bootstrap.ts";
import { mostConfused } from "./confusions.ts";
import {
  characterTokens,
  countErrors,
  countErrorsSplit,
  errorRate,
  sumErrors,
  totalErrors,
  type ErrorCounts,
} from "./error-rates.ts";
import { TermTrie } from "./term-trie.ts";
import { countTerms, judgeTerms, termF1, termPrecision, termRecall } from "./term-metrics.ts";

const words = (text: string): string[] => (text === "" ? [] : text.split(" "));

function align(reference: string, hypothesis: string) {
  const tokens = { reference: words(reference), hypothesis: words(hypothesis) };
  return { ...tokens, steps: alignTokens(tokens.reference, tokens.hypothesis) };
}

describe("error rates", () => {
  it("count substitutions, deletions and insertions over the reference length", () => {
    const counts = countErrors(align("the cat sat on the mat", "a cat sat the mat today").steps);
    expect(counts).toEqual({ substitutions: 1, deletions: 1, insertions: 1, referenceLength: 6 });
    expect(totalErrors(counts)).toBe(3);
    expect(errorRate(counts)).toBe(50);
  });

  it("are rates of sums, not means of rates", () => {
    const short = countErrors(align("yes", "no").steps);
    const long = countErrors(align("a b c d e f g h i", "a b c d e f g h i").steps);
    expect(errorRate(sumErrors([short, long]))).toBe(10);
  });

  it("have no value without a reference, but count what was inserted", () => {
    const counts = countErrors(align("", "you").steps);
    expect(errorRate(counts)).toBeNull();
    expect(counts.insertions).toBe(1);
    expect(errorRate(sumErrors([]))).toBeNull();
  });

  it("split by the reference token, and insertions by the inserted token", () => {
    const terms = new TermTrie([["lora"], ["qwen"], ["new", "york"]]);
    const { reference, hypothesis, steps } = align(
      "we tune lora in new york",
      "we tune laura york in new york qwen",
    );
    const split = countErrorsSplit(steps, terms.mark(reference), terms.mark(hypothesis));
    expect(split.biased).toEqual({ substitutions: 1, deletions: 0, insertions: 1, referenceLength: 3 });
    // "york" alone is no term, so its insertion is not biased.
    expect(split.unbiased).toEqual({ substitutions: 0, deletions: 0, insertions: 1, referenceLength: 3 });
  });

  it("count characters with one space between words", () => {
    expect(characterTokens(["so", "好𠀀"])).toEqual(["s", "o", " ", "好", "𠀀"]);
    expect(characterTokens([])).toEqual([]);
  });
});

describe("mostConfused", () => {
  it("lists substitutions by frequency, then by their tokens", () => {
    const utterances = [align("a b c", "x b z"), align("a c", "x y"), align("d e", "e")];
    expect(mostConfused(utterances, 2)).toEqual([
      { reference: "a", hypothesis: "x", count: 2 },
      { reference: "c", hypothesis: "y", count: 1 },
    ]);
    expect(mostConfused(utterances, 9)).toHaveLength(3);
  });
});

interface ScoredSet {
  wer: number;
  bWer: number;
  uWer: number;
  recall: number;
  precision: number;
  f1: number;
  interval: [number, number];
  utterances: {
    reference: string;
    hypothesis: string;
    terms: string[];
    total: number[];
    biased: number[];
    unbiased: number[];
    occurrences: number[];
  }[];
}

describe("an independent scorer (tools/fixtures/error_rates.py)", () => {
  const sets = JSON.parse(
    readFileSync(new URL("./fixtures/error-rates.json", import.meta.url), "utf8"),
  ) as ScoredSet[];
  const asList = (counts: ErrorCounts) => [
    counts.substitutions,
    counts.deletions,
    counts.insertions,
    counts.referenceLength,
  ];

  it.each(sets.map((set, index) => [index, set] as const))("agrees on set %i", (_, set) => {
    const scored = set.utterances.map((utterance) => {
      const aligned = align(utterance.reference, utterance.hypothesis);
      const terms = new TermTrie(utterance.terms.map(words));
      const total = countErrors(aligned.steps);
      const split = countErrorsSplit(
        aligned.steps,
        terms.mark(aligned.reference),
        terms.mark(aligned.hypothesis),
      );
      const judgement = judgeTerms(aligned, terms);
      expect(asList(total)).toEqual(utterance.total);
      expect(asList(split.biased)).toEqual(utterance.biased);
      expect(asList(split.unbiased)).toEqual(utterance.unbiased);
      expect(Object.values(countTerms([judgement]))).toEqual(utterance.occurrences);
      return { total, ...split, judgement };
    });

    expect(errorRate(sumErrors(scored.map(({ total }) => total)))).toBeCloseTo(set.wer, 9);
    expect(errorRate(sumErrors(scored.map(({ biased }) => biased)))).toBeCloseTo(set.bWer, 9);
    expect(errorRate(sumErrors(scored.map(({ unbiased }) => unbiased)))).toBeCloseTo(set.uWer, 9);
    const terms = countTerms(scored.map(({ judgement }) => judgement));
    expect(termRecall(terms)).toBeCloseTo(set.recall, 9);
    expect(termPrecision(terms)).toBeCloseTo(set.precision, 9);
    expect(termF1(terms)).toBeCloseTo(set.f1, 9);

    const interval = bootstrapInterval(
      scored.map(({ total }) => [totalErrors(total), total.referenceLength]),
      percentageOfSums,
      { resamples: 500, seed: 11 },
    )!;
    expect(interval.value).toBeCloseTo(set.wer, 9);
    expect(interval.low).toBeCloseTo(set.interval[0], 9);
    expect(interval.high).toBeCloseTo(set.interval[1], 9);
  });
});
