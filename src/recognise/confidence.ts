/**
 * From the model's own probabilities to confidences that mean what they say: of the words given 0.9, about nine in ten
 * are right.
 */

/** A logistic curve over the log-odds of a word's least probable token (Platt scaling). */
export interface ConfidenceCurve {
  readonly slope: number;
  readonly offset: number;
}

/** Leaves probabilities as the model gives them; for models whose curve has not been fitted. */
export const uncalibrated: ConfidenceCurve = { slope: 1, offset: 0 };

/**
 * @param logProbability natural logarithm of the probability of the word's least probable token
 * @returns probability between 0 and 1 that the word is right
 */
export function calibrated(logProbability: number, { slope, offset }: ConfidenceCurve): number {
  const probability = Math.min(1 - 1e-6, Math.max(1e-6, Math.exp(logProbability)));
  const logOdds = Math.log(probability / (1 - probability));
  return 1 / (1 + Math.exp(-(slope * logOdds + offset)));
}

/** Curves fitted on development recordings (docs/confidence.md says how and shows how well they hold). */
const curves: Readonly<Record<string, ConfidenceCurve>> = {
  "moonshine-base": { slope: 0.704, offset: 0.987 },
  "whisper-base": { slope: 0.738, offset: 1.336 },
  "whisper-small": { slope: 0.767, offset: 0.844 },
};

/** The curve of a model; as it is when none was fitted. */
export function confidenceCurve(model: string): ConfidenceCurve {
  return curves[model] ?? uncalibrated;
}
