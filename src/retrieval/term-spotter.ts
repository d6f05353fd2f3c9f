/**
 * Finds the user's terms in speech itself: in the scores that a CTC head gives for letters and syllables, before and without any
 * recognised text. Tens of thousands of terms against a window of 30 s take milliseconds.
 *
 *     const spotter = new TermSpotter(terms, new CtcLabels("letters"));
 *     const sightings = spotter.spot(logits, steps, secondsPerStep, startSeconds);
 */
import type { Term } from "../context/term.ts";
import type { CtcLabels } from "./ctc-labels.ts";
import { LabelSpotter } from "./label-spotter.ts";
import { buildTermIndex, keptTermIndex, noTerm, type TermIndex } from "./term-index.ts";

/** A term at a place of the speech. */
export interface TermSighting {
  readonly term: Term;
  /** Probability that it is said there, 0 to 1. */
  readonly score: number;
  /** Seconds from the start of the recording. */
  readonly start: number;
  readonly end: number;
  readonly evidence: SpottedEvidence;
}

/** What the sounds say for a term at a place. */
export interface SpottedEvidence {
  /** Natural logarithm of the likelihood of the term's labels over that of the best labels at all: at most 0. */
  readonly logRatio: number;
  /** Letters, or parts of syllables, that were looked for. */
  readonly labels: number;
  /** By how much another term, or one of the commonest words, fits the same place better, in nats; 0 when none does. */
  readonly rival: number;
  /** Whether the labels are letters, and not parts of syllables. */
  readonly isSpelled: boolean;
  /** Terms that were looked for: among many, something always fits by chance. */
  readonly terms: number;
}

/**
 * What a label that is found says for a term, in nats: chance finds short ones everywhere. Chosen on development recordings
 * (docs/experiments.md).
 */
const perLabel = 3;

/** Fitted on development recordings with 100 to 5,000 distractors (tools/fit-spotting.ts); see docs/experiments.md. */
const weights = {
  bias: 4.326,
  logRatio: 0.345,
  labels: 0.906,
  logTerms: -0.937,
  rival: -0.235,
  syllables: -1.494,
};
/** Longer terms are not safer still. */
const mostLabels = 14;

/** The inputs of the curve, in the order of `spottingWeights`. */
export function spottingFeatures(evidence: SpottedEvidence): number[] {
  const { logRatio, labels, rival, terms, isSpelled } = evidence;
  return [1, logRatio, Math.min(labels, mostLabels), Math.log(terms), rival, isSpelled ? 0 : 1];
}

export const spottingWeights: readonly number[] = Object.values(weights);

/** Probability that the term is said there, 0 to 1. */
function probabilityOf(evidence: SpottedEvidence): number {
  const sum = spottingFeatures(evidence).reduce(
    (total, feature, index) => total + feature * spottingWeights[index]!,
    0,
  );
  return 1 / (1 + Math.exp(-sum));
}
/** Sightings that are less likely are not reported. */
const leastScore = 0.002;

/** A list of terms made ready for spotting; make it once for all windows. */
export class TermSpotter {
  readonly terms: readonly Term[];
  /** Terms that cannot be written in the labels, with the reason for each. */
  readonly unspellable: ReadonlyMap<Term, string>;
  readonly #index: TermIndex;
  readonly #spotter: LabelSpotter;
  readonly #labelCount: number;

  /** @param index of the same terms for the same labels, when it is there already (`keptTermIndex`) */
  constructor(terms: readonly Term[], labels: CtcLabels, index = buildTermIndex(terms, labels)) {
    this.terms = terms;
    this.#index = index;
    this.#labelCount = labels.count;
    this.unspellable = new Map(index.unspellable.map(([term, reason]) => [terms[term]!, reason]));
    this.#spotter = new LabelSpotter(index.trie, {
      letters: labels.letters,
      firstOther: index.firstOther,
      leastOfOthers: leastOfCommonest,
    });
  }

  /**
   * Where terms may be said, the likeliest first; a term at most once at a place.
   *
   * @param logits `[steps, labels]` of the head over a stretch of speech, before or after softmax
   * @param stepSeconds how long a step is
   * @param startSeconds where the stretch begins in the recording
   */
  spot(logits: Float32Array, steps: number, stepSeconds: number, startSeconds = 0): TermSighting[] {
    return this.search(logits, steps, leastScore)
      .map(({ start, end, ...rest }) => ({
        ...rest,
        score: probabilityOf(rest.evidence),
        start: startSeconds + start * stepSeconds,
        end: startSeconds + end * stepSeconds,
      }))
      .filter(({ score }) => score >= leastScore)
      .sort((a, b) => b.score - a.score);
  }

  /**
   * The same without a probability; start and end in steps.
   *
   * @param least what would be less probable even if no other term were there is left out; default: nothing is
   */
  search(logits: Float32Array, steps: number, least = 0): Omit<TermSighting, "score">[] {
    const found = this.#spotter.spot(logits, steps, this.#labelCount).map((match) => ({
      ...match,
      term: this.#index.termOf[match.sequence]!,
      fit: match.score + perLabel * this.#index.lengths[match.sequence]!,
    }));
    const worthwhile = found.filter(
      ({ score: logRatio, sequence }) =>
        least === 0 || probabilityOf({ ...this.#evidence(sequence, logRatio), rival: 0 }) >= least,
    );
    return withRivals(worthwhile)
      .filter(({ term }) => term !== noTerm)
      .map(({ term, score: logRatio, sequence, start, end, rival }) => ({
        term: this.terms[term]!,
        start,
        end,
        evidence: { ...this.#evidence(sequence, logRatio), rival },
      }));
  }

  #evidence(sequence: number, logRatio: number): Omit<SpottedEvidence, "rival"> {
    return {
      logRatio,
      labels: this.#index.lengths[sequence]!,
      terms: this.terms.length,
      isSpelled: this.#index.isSpelled[sequence] === 1,
    };
  }
}

/** Logarithm of the likelihood ratio from which on one of the commonest words is a rival: those that hardly fit are many and change nothing. */
const leastOfCommonest = -12;

/** A spotter whose index comes from the cache when the list is long and was made ready before. */
export async function spotterOf(
  terms: readonly Term[],
  labels: CtcLabels,
  cacheFolder?: string,
): Promise<TermSpotter> {
  return new TermSpotter(terms, labels, await keptTermIndex(terms, labels, cacheFolder));
}

interface Fit {
  readonly sequence: number;
  readonly term: number;
  readonly score: number;
  readonly fit: number;
  readonly start: number;
  readonly end: number;
}

/** Steps that are looked at together when terms at the same place are compared. */
const bucketSteps = 16;

/** The best form of a term at each place, best fits first, with how much better another term fits there. */
function withRivals(found: readonly Fit[]): (Fit & { rival: number })[] {
  const order = [...found].sort((a, b) => b.fit - a.fit || a.sequence - b.sequence);
  const kept: (Fit & { rival: number })[] = [];
  const buckets = new Map<number, Fit[]>();
  const bucketsOf = ({ start, end }: Fit) => {
    const first = Math.floor(start / bucketSteps);
    return Array.from({ length: Math.floor(end / bucketSteps) - first + 1 }, (_, i) => first + i);
  };
  for (const fit of order) {
    let best = fit.fit;
    let isKnown = false;
    const own = bucketsOf(fit);
    for (const other of own.flatMap((bucket) => buckets.get(bucket) ?? [])) {
      if (!overlaps(fit, other)) continue;
      // Of the commonest words the best at a place is enough.
      if (other.term === fit.term) isKnown = true;
      else best = Math.max(best, other.fit);
    }
    if (isKnown) continue;
    kept.push({ ...fit, rival: best - fit.fit });
    for (const bucket of own) {
      const others = buckets.get(bucket);
      if (others) others.push(fit);
      else buckets.set(bucket, [fit]);
    }
  }
  return kept;
}

/** Whether two places are more or less the same. */
function overlaps(a: Fit, b: Fit): boolean {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared > 0.5 * Math.min(a.end - a.start, b.end - b.start);
}
