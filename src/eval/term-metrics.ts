/**
 * What became of the terms: recall, precision and F1 by occurrence, false insertions, keyword recall. Formulas and
 * worked examples: docs/metrics.md.
 */
import type { AlignedUtterance } from "./align.ts";
import type { TermTrie, TermOccurrence } from "./term-trie.ts";

export interface JudgedOccurrence extends TermOccurrence {
  /** In the reference: it was recognised. In the hypothesis: it stands where the reference has it too. */
  correct: boolean;
}

/** Every occurrence of a term on both sides of an utterance. */
export interface TermJudgement {
  reference: JudgedOccurrence[];
  hypothesis: JudgedOccurrence[];
}

/** Occurrences of terms in an utterance, or in many added up. */
export interface TermCounts {
  referenceOccurrences: number;
  /** Occurrences of the reference that were recognised. */
  recalled: number;
  hypothesisOccurrences: number;
  /** Occurrences of the hypothesis that the reference has at the same place. */
  correct: number;
}

/**
 * Finds the terms on both sides and judges them through the alignment. An occurrence in the reference is recalled when
 * all of its tokens are matched. An occurrence in the hypothesis is correct when its tokens are matched with consecutive
 * tokens of the reference, that is, with an occurrence of the same term; otherwise it is a false insertion, even if the
 * term stands elsewhere in the reference.
 */
export function judgeTerms(
  { reference, hypothesis, steps }: AlignedUtterance,
  terms: TermTrie,
): TermJudgement {
  /** For every hypothesis token the reference token that it is matched with, else NaN. */
  const matchedReference = hypothesis.map(() => NaN);
  const isMatched = reference.map(() => false);
  for (const { kind, referenceIndex, hypothesisIndex } of steps) {
    if (kind !== "match") continue;
    matchedReference[hypothesisIndex] = referenceIndex;
    isMatched[referenceIndex] = true;
  }
  return {
    reference: terms.find(reference).map((occurrence) => ({
      ...occurrence,
      correct: isMatched.slice(occurrence.start, occurrence.end).every(Boolean),
    })),
    hypothesis: terms.find(hypothesis).map((occurrence) => ({
      ...occurrence,
      correct: matchedReference
        .slice(occurrence.start, occurrence.end)
        .every((index, offset, matched) => index === matched[0] + offset),
    })),
  };
}

/** Counts the occurrences of one judged utterance or of many. */
export function countTerms(judgements: Iterable<TermJudgement>): TermCounts {
  const counts = { referenceOccurrences: 0, recalled: 0, hypothesisOccurrences: 0, correct: 0 };
  for (const { reference, hypothesis } of judgements) {
    counts.referenceOccurrences += reference.length;
    counts.recalled += reference.filter(({ correct }) => correct).length;
    counts.hypothesisOccurrences += hypothesis.length;
    counts.correct += hypothesis.filter(({ correct }) => correct).length;
  }
  return counts;
}

function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}

/** Share of the occurrences in the reference that were recalled, in percent; null where there are none. */
export function termRecall(counts: TermCounts): number | null {
  return percent(counts.recalled, counts.referenceOccurrences);
}

/** Share of the occurrences in the hypothesis that are correct, in percent; null where there are none. */
export function termPrecision(counts: TermCounts): number | null {
  return percent(counts.correct, counts.hypothesisOccurrences);
}

/** Harmonic mean of recall and precision in percent; null where neither side has an occurrence. */
export function termF1(counts: TermCounts): number | null {
  const recall = termRecall(counts);
  const precision = termPrecision(counts);
  if (recall === null && precision === null) return null;
  // A side without occurrences has nothing right.
  if (!recall || !precision) return 0;
  return (2 * recall * precision) / (recall + precision);
}

/** Occurrences in the hypothesis that the reference does not have at that place. */
export function falseInsertions(counts: TermCounts): number {
  return counts.hypothesisOccurrences - counts.correct;
}

/** False insertions per hour of audio; null where there is no audio. */
export function falseInsertionsPerHour(counts: TermCounts, audioSeconds: number): number | null {
  return audioSeconds > 0 ? (3600 * falseInsertions(counts)) / audioSeconds : null;
}

/** How many keywords stand somewhere in the hypothesis, for recordings whose full text is not known. */
export function countKeywords(
  hypothesis: readonly string[],
  keywords: TermTrie,
): { keywords: number; found: number } {
  const found = new Set(keywords.find(hypothesis).map(({ term }) => term));
  return { keywords: keywords.size, found: found.size };
}

/** Share of the keywords found over many utterances, in percent; null where there are none. */
export function keywordRecall(utterances: Iterable<{ keywords: number; found: number }>): number | null {
  let keywords = 0;
  let found = 0;
  for (const utterance of utterances) {
    keywords += utterance.keywords;
    found += utterance.found;
  }
  return percent(found, keywords);
}
