/**
 * Signs that a result is one of the known failures of attention-based recognisers: loops, invented text, text on
 * silence. The thresholds are Whisper's (Radford et al., 2022, section 4.5), but for the one of silence.
 */
import { deflateSync } from "node:zlib";
import type { Hypothesis } from "./hypothesis.ts";

/** Text that compresses better than this repeats itself. */
const maximumCompressionRatio = 2.4;
/** Mean log-probability of a token (natural logarithm) below which a text is not believed. */
const minimumMeanLogProbability = -1;
/**
 * Probability of "nobody speaks" above which a text that is not believed is silence. Whisper's own 0.6 holds for 30 s of
 * which most is padding; with less of it the probabilities of noise are lower by about 0.1, those of speech below 0.03.
 */
const silenceProbability = 0.4;

/** How many times smaller the text's UTF-8 gets by zlib; 1 for empty text. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text, "utf8");
  return bytes.length === 0 ? 1 : bytes.length / deflateSync(bytes).length;
}

/** Mean natural logarithm of the probability of the tokens, the end token included. */
function meanLogProbability(hypothesis: Hypothesis): number {
  return hypothesis.logProbability / (hypothesis.tokens.length + 1);
}

/**
 * The same with the bonus of terms: they are expected to be improbable without it. Whether they were heard is asked of
 * each of them later.
 */
function meanScore(hypothesis: Hypothesis): number {
  return (hypothesis.logProbability + hypothesis.bonus) / (hypothesis.tokens.length + 1);
}

/** What is wrong with a hypothesis. */
export type Suspicion = "repetition" | "improbable" | "runaway" | "echo";

/** A phrase of up to 40 characters four times in a row. */
const repeatedPhrase =
  /(?<![\p{L}\p{N}])([\p{L}\p{N}][\p{L}\p{N}' -]{0,39}?)(?:[^\p{L}\p{N}]+\1){3}(?![\p{L}\p{N}])/iu;
/** At least ten letters, or four characters of Chinese, three times in a row, whatever stands between them. */
const repeatedLetters = /(\p{Script=Han}{4,40}?|.{10,80}?)\1{2}/iu;
/** With fewer words than this it is no wonder that all of them were there before. */
const fewestEchoedWords = 3;

/**
 * @returns why the hypothesis should not be believed, or null
 */
export function suspicionOf(hypothesis: Hypothesis, text: string): Suspicion | null {
  if (compressionRatio(text) > maximumCompressionRatio) return "repetition";
  if (repeatedPhrase.test(text) || repeatedLetters.test(text.replace(/[^\p{L}\p{N}]/gu, "")))
    return "repetition";
  if (!hypothesis.ended) return "runaway";
  if (meanScore(hypothesis) < minimumMeanLogProbability) return "improbable";
  return null;
}

/**
 * Whether a text says nothing but what the prompt holds. Then the model may have read its prompt out: on noise it writes
 * the glossary, on a pause the sentence before.
 */
export function isEcho(text: string, context: string): boolean {
  const words = wordsIn(text);
  if (words.length < fewestEchoedWords) return false;
  const known = new Set(wordsIn(context));
  return words.every((word) => known.has(word));
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+?(?=\p{Script=Han}|[^\p{L}\p{N}]|$)/gu) ?? [];
}

/** Whether a window is better taken as silence than written out. */
export function isSilence(hypothesis: Hypothesis, noSpeechProbability: number | null): boolean {
  return (
    noSpeechProbability !== null &&
    noSpeechProbability > silenceProbability &&
    meanLogProbability(hypothesis) < minimumMeanLogProbability
  );
}
