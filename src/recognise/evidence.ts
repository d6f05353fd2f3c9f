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

/** A mean shortfall above this is more than what separates a rare name from its sound-alike (docs/experiments.md). */
const largestShortfall = 1.9;
/**
 * The same for a term that is all that is said. Without other words the model has little to judge by, and finds even an
 * ordinary word such as "fox" unlikely.
 */
const largestShortfallAlone = 3;
/**
 * The same for a term that no ordinary word is spelled like ("Qwen2-VL"). The model never expects it, so it says little that it did
 * not here; and what it would have written instead is no word either.
 */
const largestShortfallUnusual = 5;
/** A digit, a capital that is not the first letter, or what joins parts of a name. */
const unusual = /\p{N}|(?<=[\p{L}\p{N}])\p{Lu}|[_+#/]/u;
/** Very fast speech has 25 letters a second; a term that is over five times sooner was hardly said… */
const shortestSecondsPerLetter = 0.008;
/** …if the model doubts it as well: attention can be off by a word. */
const doubtfulShortfall = 1;

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

/** Whether the evidence is too thin for the term to stand, unless the model would have written it by itself. */
export function isThin({ shortfall, secondsPerLetter, isAlone, isUnusual }: Evidence): boolean {
  if (shortfall === 0) return false;
  const largest = isAlone ? largestShortfallAlone : isUnusual ? largestShortfallUnusual : largestShortfall;
  return (
    shortfall > largest || (shortfall > doubtfulShortfall && secondsPerLetter < shortestSecondsPerLetter)
  );
}

/** Whether words other than an article stand beside a term. */
function hasOtherWords(text: string, from: number, to: number): boolean {
  const rest = `${text.slice(0, from)} ${text.slice(to)}`;
  return /[\p{L}\p{N}]/u.test(rest.replace(/\b(?:an?|the)\b/giu, ""));
}
