/**
 * Scores one utterance: normalise, align, find the terms, count.
 */
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens, type AlignedUtterance } from "./align.ts";
import { countCase } from "./case-accuracy.ts";
import { countErrors, countErrorsSplit, totalErrors, type ErrorCounts } from "./error-rates.ts";
import { metricDefinitions, intervalMetricNames } from "./metric-definitions.ts";
import type {
  IntervalMetricName,
  RunRecord,
  TermOccurrenceScore,
  UtteranceRecord,
  UtteranceScore,
} from "./records.ts";
import { retrievalSums } from "./retrieval-metrics.ts";
import { TermTrie } from "./term-trie.ts";
import { countTerms, falseInsertions, judgeTerms, type JudgedOccurrence } from "./term-metrics.ts";
import { wordsOfTokens } from "./word-tokens.ts";

/** Languages whose tokens are characters (see docs/metrics.md): they have a CER and no WER, all others the reverse. */
const countedByCharacters = new Set(["zh", "yue", "ja", "th", "lo", "my", "km"]);

function isCountedByCharacters(language: string): boolean {
  return countedByCharacters.has(language.toLowerCase().split(/[-_]/)[0]);
}

/** A list of terms and where to find them. */
interface IndexedTerms {
  terms: readonly string[];
  index: TermTrie;
}

/** Scores the utterances of one run; keeps what they share. */
export class UtteranceScorer {
  readonly #run: RunRecord;
  readonly #tokensOfTerm = new Map<string, string[]>();
  readonly #allTerms = new Map<string, IndexedTerms>();

  constructor(run: RunRecord) {
    this.#run = run;
  }

  score(record: UtteranceRecord): UtteranceScore {
    const { language } = record;
    const hypothesis = normaliseForScoring(record.hypothesis, language);
    const words = record.segments.flatMap((segment) => segment.words);
    const keywords = this.#judgeKeywords(record, hypothesis);
    const sums = Object.fromEntries(
      intervalMetricNames.map((name) => [name, Array<number>(metricDefinitions[name].width).fill(0)]),
    ) as Record<IntervalMetricName, number[]>;
    const { retrieval } = this.#run.settings;
    if (retrieval === undefined) {
      sums.keywordRecall = [keywords.filter(({ found }) => found).length, keywords.length];
    }
    if (record.error === undefined) sums.realTimeFactor = [record.durationSeconds, record.computeSeconds];
    const base = {
      record,
      hypothesis,
      keywords,
      hypothesisWords: wordsOfTokens(words, hypothesis, language),
      sums,
    };
    if (retrieval !== undefined) {
      const own = record.terms.own.map((term) => this.#tokens(term, language).join(" "));
      const retrieved = (record.retrieved ?? []).map(({ term, score }) => ({
        key: this.#tokens(term, language).join(" "),
        score,
      }));
      Object.assign(sums, retrievalSums(own, retrieved, retrieval));
    }
    // Where nothing was recognised there is no text to compare.
    if (record.reference === null || retrieval !== undefined) {
      return {
        ...base,
        reference: [],
        steps: [],
        errors: null,
        biasedErrors: null,
        unbiasedErrors: null,
        referenceTerms: null,
        hypothesisTerms: null,
      };
    }

    const reference = normaliseForScoring(record.reference, language);
    const aligned: AlignedUtterance = { reference, hypothesis, steps: alignTokens(reference, hypothesis) };
    const own = this.#index(record.terms.own, language);
    const errors = countErrors(aligned.steps);
    const split = countErrorsSplit(aligned.steps, own.index.mark(reference), own.index.mark(hypothesis));
    sums[isCountedByCharacters(language) ? "cer" : "wer"] = errorSums(errors);
    sums.uWer = errorSums(split.unbiased);
    sums.bWer = errorSums(split.biased);

    const given = this.#judgedTerms(record, own);
    const judgement = judgeTerms(aligned, given.index);
    const counts = countTerms([judgement]);
    const writing = countCase(judgement, given.terms, record.hypothesis);
    sums.termRecall = [counts.recalled, counts.referenceOccurrences];
    sums.termPrecision = [counts.correct, counts.hypothesisOccurrences];
    sums.termF1 = [...sums.termRecall, ...sums.termPrecision];
    sums.caseAccuracy = [writing.written, writing.heard];
    sums.falseInsertionsPerHour = [falseInsertions(counts), record.durationSeconds];

    const ownKeys = new Set(record.terms.own.map((term) => this.#tokens(term, language).join(" ")));
    const named = ({ term, start, end, correct }: JudgedOccurrence): TermOccurrenceScore => ({
      term: given.terms[term],
      startToken: start,
      endToken: end,
      correct,
      own: ownKeys.has(this.#tokens(given.terms[term], language).join(" ")),
    });
    return {
      ...base,
      ...aligned,
      errors,
      biasedErrors: split.biased,
      unbiasedErrors: split.unbiased,
      referenceTerms: judgement.reference.map(named),
      hypothesisTerms: judgement.hypothesis.map(named),
    };
  }

  /** The terms that recall, precision and false insertions are about: those given, own ones where none were. */
  #judgedTerms({ terms, language }: UtteranceRecord, own: IndexedTerms): IndexedTerms {
    switch (this.#run.settings.terms) {
      case "none":
      case "own":
        return own;
      case "own+distractors":
        return this.#index([...terms.own, ...(terms.distractors ?? [])], language);
      case "distractors":
        return this.#index(terms.distractors ?? [], language);
      case "all": {
        let all = this.#allTerms.get(language);
        if (all === undefined) {
          all = this.#index(this.#run.allTerms ?? [], language);
          this.#allTerms.set(language, all);
        }
        return all;
      }
    }
  }

  #judgeKeywords({ keywords = [], language }: UtteranceRecord, hypothesis: readonly string[]) {
    const { index } = this.#index(keywords, language);
    const found = new Set(index.find(hypothesis).map(({ term }) => term));
    const unusable = new Set(index.unusable);
    return keywords.flatMap((keyword, position) =>
      unusable.has(position) ? [] : [{ keyword, found: found.has(position) }],
    );
  }

  #index(terms: readonly string[], language: string): IndexedTerms {
    return { terms, index: new TermTrie(terms.map((term) => this.#tokens(term, language))) };
  }

  /** Terms come again from utterance to utterance, and normalising costs more than everything else. */
  #tokens(term: string, language: string): string[] {
    const key = `${language}\n${term}`;
    let tokens = this.#tokensOfTerm.get(key);
    if (tokens === undefined) {
      tokens = normaliseForScoring(term, language);
      this.#tokensOfTerm.set(key, tokens);
    }
    return tokens;
  }
}

function errorSums(counts: ErrorCounts): number[] {
  return [totalErrors(counts), counts.referenceLength];
}
