/**
 * Two opinions on which terms are spoken, made into one: the sounds themselves (`TermSpotter`) and what a first pass wrote
 * (`TermMatcher`). Each knows what the other cannot: letters that were never heard together in training, and a recogniser that heard
 * something else.
 */
import type { Term } from "../context/term.ts";
import type { Evidence } from "./evidence.ts";
import type { TermMatch } from "./term-matcher.ts";
import type { SpottedEvidence, TermSighting } from "./term-spotter.ts";
import { advantageOver, type WrittenFit } from "./written-words.ts";

/** A term at a place, with what each opinion says of it. */
export interface FusedMatch {
  readonly term: Term;
  /** Probability that it was said there, 0 to 1. */
  readonly score: number;
  /** Seconds from the start of the recording; of the sounds where these speak for it. */
  readonly start: number;
  readonly end: number;
  readonly evidence: FusedEvidence;
}

export interface FusedEvidence {
  /** Probabilities of the single opinions; null where there is none. */
  readonly soundScore: number | null;
  readonly textScore: number | null;
  readonly sound: SpottedEvidence | null;
  readonly text: Evidence | null;
  /** What the first pass wrote there. */
  readonly heard: string | null;
  /** By how much the sounds fit the term better than what the first pass wrote at its place, in nats; null where it wrote nothing like as long. */
  readonly advantage: number | null;
}

/** Fitted on development recordings (tools/fit-spotting.ts with first passes); see docs/experiments.md. */
const weights = {
  bias: 0.613,
  sound: 0.686,
  text: 0.607,
  noSound: 0.789,
  noText: 0.907,
  advantage: 0.078,
  syllables: 0.705,
};
/** An opinion that says nothing is as good as one this improbable. */
const leastScore = 0.002;
/** What is better by more is not surer still. */
const mostAdvantage = 12;
/** Word times of a first pass may be off by as much, in seconds. */
const timeTolerance = 0.3;

/** The inputs of the curve, in the order of `fusionWeights`. */
export function fusionFeatures({
  soundScore,
  textScore,
  advantage,
  sound,
}: Pick<FusedEvidence, "soundScore" | "textScore" | "advantage" | "sound">): number[] {
  const isSpelled = sound?.isSpelled ?? true;
  return [
    1,
    logOdds(soundScore ?? leastScore),
    logOdds(textScore ?? leastScore),
    soundScore === null ? 1 : 0,
    textScore === null ? 1 : 0,
    // Of syllables every homophone fits alike.
    isSpelled ? Math.max(-mostAdvantage, Math.min(mostAdvantage, advantage ?? 0)) : 0,
    isSpelled ? 0 : 1,
  ];
}

export const fusionWeights: readonly number[] = Object.values(weights);

/**
 * Both opinions on each term at each place, the likeliest first.
 *
 * @param written how well the words of the first pass fit the sounds
 */
export function fuse(
  sightings: readonly TermSighting[],
  matches: readonly TermMatch[],
  written: readonly WrittenFit[] = [],
): FusedMatch[] {
  const byTerm = new Map<Term, TermMatch[]>();
  for (const match of matches) {
    const known = byTerm.get(match.term);
    if (known) known.push(match);
    else byTerm.set(match.term, [match]);
  }
  const used = new Set<TermMatch>();
  const fused = sightings.map((sighting): FusedMatch => {
    const { term, start, end, score, evidence } = sighting;
    // The first is the likeliest.
    const match = byTerm.get(term)?.find((other) => !used.has(other) && isNear(sighting, other));
    if (match) used.add(match);
    return fusedOf(term, start, end, {
      soundScore: score,
      textScore: match?.score ?? null,
      sound: evidence,
      text: match?.evidence ?? null,
      heard: match?.heard ?? null,
      advantage: advantageOver(written, { logRatio: evidence.logRatio, start, end }),
    });
  });
  for (const match of matches) {
    if (used.has(match)) continue;
    const { term, start, end, score, evidence, heard } = match;
    fused.push(
      fusedOf(term, start, end, {
        soundScore: null,
        textScore: score,
        sound: null,
        text: evidence,
        heard,
        advantage: null,
      }),
    );
  }
  return fused.sort((a, b) => b.score - a.score);
}

function fusedOf(term: Term, start: number, end: number, evidence: FusedEvidence): FusedMatch {
  const sum = fusionFeatures(evidence).reduce((total, value, i) => total + value * fusionWeights[i]!, 0);
  return { term, score: 1 / (1 + Math.exp(-sum)), start, end, evidence };
}

function isNear(a: { start: number; end: number }, b: { start: number; end: number }): boolean {
  return Math.min(a.end, b.end) - Math.max(a.start, b.start) > -timeTolerance;
}

function logOdds(probability: number): number {
  const clamped = Math.min(1 - 1e-4, Math.max(leastScore, probability));
  return Math.log(clamped / (1 - clamped));
}
