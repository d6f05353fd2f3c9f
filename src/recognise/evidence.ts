/**
 * Whether a term that stands in the text was heard: what the model makes of its words without context and without bonuses,
 * and whether there was time to say them.
 */
import type { Hypothesis } from "../decode/hypothesis.ts";
import type { TimedText } from "./timed-text.ts";

export interface Evidence {
  /** Geometric mean of the probabilities of the term's tokens, by the model without context: 0 to 1. */
  readonly posterior: number;
  /**
   * How much less likely than the model's own choice the term's tokens are, without context: the mean of natural
   * logarithms; 0 when the model would have written the term by itself.
   */
  readonly shortfall: number;
  /** Seconds for each letter or digit. */
  readonly secondsPerLetter: number;
  /** Whether the text holds nothing else. */
  readonly isAlone: boolean;
  /** Whether the term is spelled like no ordinary word. */
  readonly isUnusual: boolean;
}

/** A term that falls short by less is not doubted, unless there was no time to say it. */
const doubtfulShortfall = 1;
/**
 * The doubt is the mean shortfall, and a part of what speaks for another text. Above these limits it is more than what
 * separates a rare name from its sound-alike; Whisper is less sure of all that it writes (docs/experiments.md).
 */
const contrastShare = 0.15;
const largestDoubt = 3.25;
const largestDoubtOfMoonshine = 2.65;
/**
 * Where terms were looked for before the search, the limit follows how probable that makes them: what it is at even odds, how much it
 * changes with the logarithm of the odds, and the most it can be. Fitted on terms that were doubted among 1,000 and 10,000
 * (docs/experiments.md).
 */
const largestDoubtAtEvenOdds = 3.9;
const doubtPerLogOdds = 0.6;
const largestDoubtOfAll = 4.5;
/**
 * The largest shortfall of a term that is all that is said. Without other words the model has little to judge by, and finds
 * even an ordinary word such as "fox" unlikely.
 */
const largestShortfallAlone = 3;
/**
 * The same for a term that no ordinary word is spelled like ("Qwen2-VL"). The model never expects it, so it says little that it did
 * not here; and what it would have written instead is no word either.
 */
const largestShortfallUnusual = 5;
/** A digit, a capital that is not the first letter, letters on their own ("G P S"), or what joins parts of a name. */
const unusual = /\p{N}|(?<=[\p{L}\p{N}])\p{Lu}|(?<!\p{L})\p{Lu} \p{Lu}(?!\p{L})|[_+#/]/u;
/** Very fast speech has 25 letters a second; a term that is over five times sooner was hardly said. */
const shortestSecondsPerLetter = 0.008;

const letters = /[\p{L}\p{N}]/gu;

/** The evidence for characters `from` to `to` of the text of a hypothesis. */
export function evidenceOf(hypothesis: Hypothesis, timed: TimedText, from: number, to: number): Evidence {
  const last = timed.token[to - 1]!;
  // A character that is spread over tokens belongs to the last of them; the others follow the character before.
  const first = from === 0 ? 0 : Math.min(timed.token[from]!, timed.token[from - 1]! + 1);
  const mean = (values: readonly number[]) =>
    values.slice(first, last + 1).reduce((sum, value) => sum + value, 0) / (last + 1 - first);
  const spoken = timed.text.slice(from, to).match(letters)?.length ?? 1;
  return {
    posterior: Math.exp(mean(hypothesis.contextFreeLogProbabilities)),
    shortfall: mean(hypothesis.shortfalls),
    secondsPerLetter: (timed.end[to - 1]! - timed.start[from]!) / spoken,
    isAlone: !hasOtherWords(timed.text, from, to),
    isUnusual: unusual.test(timed.text.slice(from, to)),
  };
}

/** Whether it should be asked what the text would be without the term. */
export function isDoubtful(evidence: Evidence): boolean {
  const { shortfall } = evidence;
  return isHurried(evidence) || shortfall > (limitOfItsOwn(evidence) ?? doubtfulShortfall);
}

/**
 * Whether the evidence is too thin for a doubtful term to stand.
 *
 * @param contrast by how much another text without the term is likelier, without context: natural logarithm, 0 when none is
 * @param probability that the term is said at this place, by what was found before the search; undefined where nothing is known
 */
export function isThin(evidence: Evidence, contrast: number, modelId: string, probability?: number): boolean {
  if (isHurried(evidence)) return true;
  const limit = limitOfItsOwn(evidence);
  if (limit !== null) return evidence.shortfall > limit;
  return evidence.shortfall + contrastShare * contrast > largestDoubtFor(modelId, probability);
}

function largestDoubtFor(modelId: string, probability: number | undefined): number {
  if (probability === undefined)
    return modelId.startsWith("moonshine") ? largestDoubtOfMoonshine : largestDoubt;
  const logOdds = Math.log(probability / (1 - probability));
  return Math.min(largestDoubtOfAll, largestDoubtAtEvenOdds + doubtPerLogOdds * logOdds);
}

/** The largest shortfall of terms for which another text says nothing; null for others. */
function limitOfItsOwn({ isAlone, isUnusual }: Evidence): number | null {
  if (isAlone) return largestShortfallAlone;
  return isUnusual ? largestShortfallUnusual : null;
}

/** Attention can be off by a word, so that there was no time says something only when the model doubts the term as well. */
function isHurried({ shortfall, secondsPerLetter }: Evidence): boolean {
  return shortfall > doubtfulShortfall && secondsPerLetter < shortestSecondsPerLetter;
}

/** Whether words other than an article stand beside a term. */
function hasOtherWords(text: string, from: number, to: number): boolean {
  const rest = `${text.slice(0, from)} ${text.slice(to)}`;
  return /[\p{L}\p{N}]/u.test(rest.replace(/\b(?:an?|the)\b/giu, ""));
}
