/**
 * Word and character error rates over alignments: all tokens together, and apart for the tokens of the user's terms and
 * the rest. Formulas and worked examples: docs/metrics.md.
 */
import type { AlignmentStep } from "./align.ts";

/** Errors of an utterance, or of many added up. */
export interface ErrorCounts {
  substitutions: number;
  deletions: number;
  insertions: number;
  /** Tokens in the reference. */
  referenceLength: number;
}

/** Errors on the tokens of terms (`biased`) and on all others (`unbiased`). */
export interface SplitErrorCounts {
  biased: ErrorCounts;
  unbiased: ErrorCounts;
}

function noErrors(): ErrorCounts {
  return { substitutions: 0, deletions: 0, insertions: 0, referenceLength: 0 };
}

function addStep(counts: ErrorCounts, { kind }: AlignmentStep): void {
  if (kind === "substitution") counts.substitutions++;
  else if (kind === "deletion") counts.deletions++;
  else if (kind === "insertion") counts.insertions++;
  if (kind !== "insertion") counts.referenceLength++;
}

/** Counts the errors of an alignment. */
export function countErrors(steps: readonly AlignmentStep[]): ErrorCounts {
  const counts = noErrors();
  for (const step of steps) addStep(counts, step);
  return counts;
}

/**
 * Counts errors on biased tokens apart from the rest (Le et al. 2021, arXiv 2104.02194). A match, substitution or
 * deletion belongs to its reference token; an insertion to the inserted token.
 *
 * @param referenceBiased for every reference token whether it belongs to a term (see `markTerms`).
 * @param hypothesisBiased the same for every hypothesis token.
 */
export function countErrorsSplit(
  steps: readonly AlignmentStep[],
  referenceBiased: readonly boolean[],
  hypothesisBiased: readonly boolean[],
): SplitErrorCounts {
  const counts = { biased: noErrors(), unbiased: noErrors() };
  for (const step of steps) {
    const biased =
      step.kind === "insertion"
        ? hypothesisBiased[step.hypothesisIndex]
        : referenceBiased[step.referenceIndex];
    addStep(biased ? counts.biased : counts.unbiased, step);
  }
  return counts;
}

/** Adds up the counts of utterances: rates of a set are errors over tokens of the whole set, not means of rates. */
export function sumErrors(utterances: Iterable<ErrorCounts>): ErrorCounts {
  const sum = noErrors();
  for (const counts of utterances) {
    sum.substitutions += counts.substitutions;
    sum.deletions += counts.deletions;
    sum.insertions += counts.insertions;
    sum.referenceLength += counts.referenceLength;
  }
  return sum;
}

/** Substitutions, deletions and insertions together. */
export function totalErrors(counts: ErrorCounts): number {
  return counts.substitutions + counts.deletions + counts.insertions;
}

/**
 * Errors per reference token in percent: WER over words, CER over characters, U-WER and B-WER over their parts. May be
 * above 100. Null where there are no reference tokens.
 */
export function errorRate(counts: ErrorCounts): number | null {
  return counts.referenceLength === 0 ? null : (100 * totalErrors(counts)) / counts.referenceLength;
}

/** The tokens for a character error rate over text with spaces: its characters, one space between words. */
export function characterTokens(words: readonly string[]): string[] {
  return [...words.join(" ")];
}
