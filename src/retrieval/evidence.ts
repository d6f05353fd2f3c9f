/**
 * What speaks for a term at a place of the speech, and how sure that makes one. Each piece of evidence is a number that can be
 * looked at; a logistic curve fitted on real recordings (tools/fit-pruning.ts) turns them into a probability. Similarity between
 * audio and text can join as one more piece.
 */
export interface Evidence {
  /** Similarity of the sounds, 0 to 1: 1 is the same sounds, 0 nothing in common. */
  readonly phonetic: number;
  /** Similarity of the letters, 0 to 1. */
  readonly orthographic: number;
  /** Sounds in the term; short ones are easily found by chance. */
  readonly sounds: number;
  /** Confidence of the least sure word that was heard there, 0 to 1. */
  readonly confidence: number;
  /** Rarity of the rarest word that was heard there, 0 to 1: recognisers write odd words for what they do not know. */
  readonly rarity: number;
  /** By how much another term fits the same place better, 0 to 1. */
  readonly rival: number;
}

/**
 * Fitted on every second utterance of en-lj001 (first pass by Moonshine base) and zh-aishell-s0150 (by Whisper base), each with
 * its own terms among 2,000 distractors; see docs/experiments.md.
 */
const weights = {
  bias: -14.01,
  phonetic: 7.28,
  orthographic: 4.86,
  sounds: 0.77,
  doubt: 4.6,
  rarity: 1.98,
  rival: -2.27,
};

/** Longer terms are not safer still. */
const mostSounds = 12;

/** The inputs of the curve, in the order of `evidenceWeights`. */
export function featuresOf(evidence: Evidence): number[] {
  const { phonetic, orthographic, sounds, confidence, rarity, rival } = evidence;
  return [
    1,
    phonetic ** 2,
    orthographic ** 2,
    phonetic ** 2 * Math.min(sounds, mostSounds),
    1 - confidence,
    rarity,
    rival,
  ];
}

export const evidenceWeights: readonly number[] = Object.values(weights);

/** Probability that the term was said there, 0 to 1. */
export function probabilityOf(evidence: Evidence): number {
  const sum = featuresOf(evidence).reduce(
    (total, feature, index) => total + feature * evidenceWeights[index]!,
    0,
  );
  return 1 / (1 + Math.exp(-sum));
}
