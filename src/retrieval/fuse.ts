/**
 * Two opinions on which terms are spoken, made into one: the sounds themselves (`TermSpotter`) and what a first pass wrote
 * (`TermMatcher`). Each knows what the other cannot: letters that were never heard together in training, and a recogniser that heard
 * something else.
 */
import type { Term } from "../context/term.ts";
import type { Evidence } from "./evidence.ts";
import type { TermMatch } from "./term-matcher.ts";
import type { SpottedEvidence, TermSighting } from "./term-spotter.ts";

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
}

/** Fitted on development recordings (tools/fit-spotting.ts with first passes); see docs/experiments.md. */
const weights = { bias: 0.669, sound: 0.723, text: 0.589, noSound: 0.937, noText: 1.073 };
/** An opinion that says nothing is as good as one this improbable. */
const leastScore = 0.002;
/** Word times of a first pass may be off by as much, in seconds. */
const timeTolerance = 0.3;

/** The inputs of the curve, in the order of `fusionWeights`. */
export function fusionFeatures({
  soundScore,
  textScore,
}: Pick<FusedEvidence, "soundScore" | "textScore">): number[] {
  return [
    1,
    logOdds(soundScore ?? leastScore),
    logOdds(textScore ?? leastScore),
    soundScore === null ? 1 : 0,
    textScore === null ? 1 : 0,
  ];
}

export const fusionWeights: readonly number[] = Object.values(weights);

/** Both opinions on each term at each place, the likeliest first. */
export function fuse(sightings: readonly TermSighting[], matches: readonly TermMatch[]): FusedMatch[] {
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
    });
  });
  for (const match of matches) {
    if (used.has(match)) continue;
    const { term, start, end, score, evidence, heard } = match;
    fused.push(
      fusedOf(term, start, end, { soundScore: null, textScore: score, sound: null, text: evidence, heard }),
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
