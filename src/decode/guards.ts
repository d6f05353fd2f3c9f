/**
 * Signs that a result is one of the known failures of attention-based recognisers: loops, invented text, text on
 * silence. The thresholds are Whisper's (Radford et al., 2022, section 4.5).
 */
import { deflateSync } from "node:zlib";
import type { Hypothesis } from "./hypothesis.ts";

/** Text that compresses better than this repeats itself. */
const maximumCompressionRatio = 2.4;
/** Mean log-probability of a token (natural logarithm) below which a text is not believed. */
const minimumMeanLogProbability = -1;
/** Probability of "nobody speaks" above which a text that is not believed is silence. */
const silenceProbability = 0.6;

/** How many times smaller the text's UTF-8 gets by zlib; 1 for empty text. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text, "utf8");
  return bytes.length === 0 ? 1 : bytes.length / deflateSync(bytes).length;
}

/** Mean natural logarithm of the probability of the tokens, the end token included. */
export function meanLogProbability(hypothesis: Hypothesis): number {
  return hypothesis.logProbability / (hypothesis.tokens.length + 1);
}

/** What is wrong with a hypothesis. */
export type Suspicion = "repetition" | "improbable" | "runaway";

/**
 * @returns why the hypothesis should not be believed, or null
 */
export function suspicionOf(hypothesis: Hypothesis, text: string): Suspicion | null {
  if (compressionRatio(text) > maximumCompressionRatio) return "repetition";
  if (!hypothesis.ended) return "runaway";
  if (meanLogProbability(hypothesis) < minimumMeanLogProbability) return "improbable";
  return null;
}

/** Whether a window is better taken as silence than written out. */
export function isSilence(hypothesis: Hypothesis, noSpeechProbability: number | null): boolean {
  return (
    noSpeechProbability !== null &&
    noSpeechProbability > silenceProbability &&
    meanLogProbability(hypothesis) < minimumMeanLogProbability
  );
}
