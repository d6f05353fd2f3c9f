import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens } from "./align.ts";
import { bootstrapInterval, pairedBootstrap, percentageOfSums, type Interval } from "./bootstrap.ts";
import { caseAccuracy, countCase } from "./case-accuracy.ts";
import { mostConfused } from "./confusions.ts";
import {
  characterTokens,
  countErrors,
  countErrorsSplit,
  errorRate,
  type ErrorCounts,
} from "./error-rates.ts";
import { retrievalSums } from "./retrieval-metrics.ts";
import { metricDefinitions } from "./metric-definitions.ts";
import { TermTrie } from "./term-trie.ts";
import {
  countKeywords,
  countTerms,
  falseInsertionsPerHour,
  judgeTerms,
  keywordRecall,
  termF1,
  termPrecision,
  termRecall,
} from "./term-metrics.ts";

const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");

/** The quoted text after a label such as `Reference:` on the page. */
function quoted(label: string): string {
  const match = new RegExp(`${label}: \`([^\`]*)\``).exec(page);
  expect(match).not.toBeNull();
  return match![1];
}

function aligned(reference: string, hypothesis: string, language: string) {
  const tokens = {
    reference: normaliseForScoring(reference, language),
    hypothesis: normaliseForScoring(hypothesis, language),
  };
  return { ...tokens, steps: alignTokens(tokens.reference, tokens.hypothesis) };
}

const percent = (value: number | null) => `${value!.toFixed(2)} %`;
const fraction = ({ substitutions, deletions, insertions, referenceLength }: ErrorCounts) =>
  `(${substitutions} + ${deletions} + ${insertions}) / ${referenceLength}`;
const between = ({ low, high }: Interval) => `${low.toFixed(2)} to ${high.toFixed(2)}`;

describe("the worked examples of docs/metrics.md", () => {
  const hypothesisText = quoted("Hypothesis");
  const utterance = aligned(quoted("Reference"), hypothesisText, "en");
  const terms = quoted("Terms").split(", ");
  const index = new TermTrie(terms.map((term) => normaliseForScoring(term, "en")));
  const judgement = judgeTerms(utterance, index);
  const counts = countTerms([judgement]);

  it("normalise and align", () => {
    expect(quoted("Normalised reference")).toBe(utterance.reference.join(" "));
    expect(quoted("Normalised hypothesis")).toBe(utterance.hypothesis.join(" "));
  });

  it("count word errors", () => {
    const total = countErrors(utterance.steps);
    expect(page).toContain(`WER = ${fraction(total)} = ${percent(errorRate(total))}`);
    const { biased, unbiased } = countErrorsSplit(
      utterance.steps,
      index.mark(utterance.reference),
      index.mark(utterance.hypothesis),
    );
    expect(page).toContain(`B-WER = ${fraction(biased)} = ${percent(errorRate(biased))}`);
    expect(page).toContain(`U-WER = ${fraction(unbiased)} = ${percent(errorRate(unbiased))}`);
    expect(mostConfused([utterance], 9)).toEqual([{ reference: "lora", hypothesis: "laura", count: 1 }]);
  });

  it("count character errors", () => {
    const chinese = aligned(quoted("Chinese reference"), quoted("Chinese hypothesis"), "zh");
    expect(quoted("Chinese reference tokens")).toBe(chinese.reference.join(" "));
    expect(quoted("Chinese hypothesis tokens")).toBe(chinese.hypothesis.join(" "));
    const mixed = countErrors(chinese.steps);
    expect(page).toContain(`CER = ${fraction(mixed)} = ${percent(errorRate(mixed))}`);
    const letters = countErrors(
      alignTokens(characterTokens(utterance.reference), characterTokens(utterance.hypothesis)),
    );
    expect(page).toContain(`CER = ${fraction(letters)} = ${percent(errorRate(letters))}`);
  });

  it("count terms", () => {
    expect(page).toContain(
      `recall = ${counts.recalled} / ${counts.referenceOccurrences} = ${percent(termRecall(counts))}`,
    );
    expect(page).toContain(
      `precision = ${counts.correct} / ${counts.hypothesisOccurrences} = ${percent(termPrecision(counts))}`,
    );
    expect(page).toContain(`F1 = ${percent(termF1(counts))}`);
    expect(page).toContain(`in 30 seconds of audio are ${falseInsertionsPerHour(counts, 30)} per hour`);
    const written = countCase(judgement, terms, hypothesisText);
    expect(page).toContain(
      `case accuracy = ${written.written} / ${written.heard} = ${percent(caseAccuracy([written]))}`,
    );
  });

  it("find keywords", () => {
    const keywords = quoted("Keywords").split(", ");
    const heard = countKeywords(
      normaliseForScoring(quoted("Heard"), "en"),
      new TermTrie(keywords.map((keyword) => normaliseForScoring(keyword, "en"))),
    );
    expect(page).toContain(
      `keyword recall = ${heard.found} / ${heard.keywords} = ${percent(keywordRecall([heard]))}`,
    );
  });

  it("give intervals", () => {
    const run = (label: string) =>
      quoted(label)
        .split(", ")
        .map((part) => part.split("/").map(Number));
    const first = bootstrapInterval(run("Run A"), percentageOfSums)!;
    expect(page).toContain(`WER ${percent(first.value)}, interval ${between(first)}`);
    const difference = pairedBootstrap(run("Run A"), run("Run B"), percentageOfSums)!;
    expect(page).toContain(
      `difference ${difference.value.toFixed(2)} points, interval ${between(difference)}`,
    );
  });

  it("retrieval", () => {
    const own = quoted("Said").split(", ");
    const ranked = quoted("Ranked")
      .split(", ")
      .map((entry) => ({ key: entry.split(" ")[0], score: Number(entry.split(" ")[1]) }));
    const sums = retrievalSums(own, ranked, { threshold: 0.1, most: 20 });
    const value = (name: keyof typeof sums) => metricDefinitions[name].statistic(sums[name])!;
    expect(value("topOneRecall")).toBe(100);
    expect(value("recallAtTruePlusFive")).toBe(100);
    expect(value("retrievalRecall")).toBe(50);
    expect(value("retrievalPrecision")).toBeCloseTo(33.33, 2);
    expect(value("retrievalF1")).toBeCloseTo(40, 10);
    expect(value("termsKept")).toBe(3);
  });
});
