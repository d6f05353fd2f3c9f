/**
 * Speech-aware pruning: from all the terms of a context to the few that are in this stretch of speech, the first stage of
 * SAP²-ASR (arXiv 2511.11139). What is dropped is kept too, with its best evidence, for the report.
 */
import type { Term } from "../context/term.ts";

/** A term at a place of the speech, whatever speaks for it. */
export interface ScoredMatch {
  readonly term: Term;
  /** Probability that it is said there, 0 to 1. */
  readonly score: number;
}

/** Which of ranked terms are kept; one of the first three. */
export interface PruneOptions {
  /** Least probability of a term that is kept, 0 to 1. Default `defaultThreshold`. */
  readonly threshold?: number;
  /** As many as are kept with this share of them expected to be spoken, 0 to 1. */
  readonly precision?: number;
  /** As few as are kept with this share of the spoken terms expected among them, 0 to 1. */
  readonly recall?: number;
  /** Most terms kept, the likeliest. Default 20. */
  readonly most?: number;
}

export interface Pruned<Match extends ScoredMatch> {
  /** The terms kept, the likeliest first, each with its matches. */
  readonly kept: readonly PrunedTerm<Match>[];
  /** The terms dropped that had any evidence, the likeliest first. */
  readonly dropped: readonly PrunedTerm<Match>[];
}

export interface PrunedTerm<Match extends ScoredMatch> {
  readonly term: Term;
  /** Of its best match. */
  readonly score: number;
  readonly matches: readonly Match[];
}

/** Low on purpose: a term too many costs little, a term lost is lost. Calibrated, see docs/experiments.md. */
export const defaultThreshold = 0.1;
/** Where the terms themselves are what is wanted, and right ones matter as much as all of them. */
export const retrievalThreshold = 0.4;
/** For all texts that a search came up with, where nothing but the choice of terms is wanted. */
export const thresholdForTexts = 0.01;
export const defaultMostKept = 20;

/**
 * How many of the likeliest are kept. Precision and recall are expected ones: a probability of 0.4 counts as 0.4 of a spoken term.
 *
 * @param scores probabilities, the highest first
 */
export function countKept(scores: readonly number[], options: PruneOptions): number {
  const { threshold = defaultThreshold, precision, recall, most = defaultMostKept } = options;
  const sums = [0];
  for (const score of scores) sums.push(sums.at(-1)! + score);
  let count: number;
  // Scores fall, and so do their means.
  if (precision !== undefined) count = sums.findLastIndex((sum, kept) => sum >= precision * kept);
  else if (recall !== undefined) count = sums.findIndex((sum) => sum >= recall * sums.at(-1)!);
  else count = scores.filter((score) => score >= threshold).length;
  return Math.min(count, most);
}

/** @param matches as `TermMatcher.match` or `TermSpotter.spot` gives them */
export function prune<Match extends ScoredMatch>(
  matches: readonly Match[],
  options: PruneOptions = {},
): Pruned<Match> {
  const byTerm = new Map<Term, Match[]>();
  for (const match of matches) {
    const known = byTerm.get(match.term);
    if (known) known.push(match);
    else byTerm.set(match.term, [match]);
  }
  const ranked = [...byTerm]
    .map(([term, all]) => ({ term, score: Math.max(...all.map((match) => match.score)), matches: all }))
    .sort((a, b) => b.score - a.score || b.term.weight - a.term.weight);
  const wanted = ranked.filter(({ term }) => term.weight > 0);
  const count = countKept(
    wanted.map(({ score }) => score),
    options,
  );
  const kept = wanted.slice(0, count);
  const isKept = new Set(kept);
  return { kept, dropped: ranked.filter((entry) => !isKept.has(entry)) };
}

/** How well terms were chosen, as SAP² scores it. */
export interface PruneScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly meanKept: number;
}

/**
 * Scores choices of terms over many stretches of speech.
 * @param choices for each stretch the terms chosen and the terms that are spoken in it
 */
export function scoreChoices(
  choices: readonly { readonly chosen: ReadonlySet<string>; readonly spoken: ReadonlySet<string> }[],
): PruneScores {
  let right = 0;
  let chosenCount = 0;
  let spokenCount = 0;
  for (const { chosen, spoken } of choices) {
    chosenCount += chosen.size;
    spokenCount += spoken.size;
    for (const term of chosen) if (spoken.has(term)) right++;
  }
  const precision = chosenCount === 0 ? 1 : right / chosenCount;
  const recall = spokenCount === 0 ? 1 : right / spokenCount;
  return {
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    meanKept: choices.length === 0 ? 0 : chosenCount / choices.length,
  };
}
