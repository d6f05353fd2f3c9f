/**
 * Do confidences mean what they say? The expected calibration error (Naeini et al. 2015, "Obtaining well calibrated
 * probabilities using Bayesian binning") and the reliability table that it is the sum of.
 */

/** One judged word: the probability that it was said to be right with, and whether it is. */
export interface ConfidencePair {
  confidence: number;
  correct: boolean;
}

export interface ReliabilityBin {
  /** Confidences from `low` (inclusive) to `high` (exclusive; inclusive for the last bin). */
  low: number;
  high: number;
  words: number;
  /** Mean confidence of the words in the bin, between 0 and 1; null without words. */
  meanConfidence: number | null;
  /** Share of them that are right, between 0 and 1; null without words. */
  accuracy: number | null;
}

export interface CalibrationReport {
  words: number;
  /** Expected calibration error in percentage points: Σ words of the bin / words · |accuracy − mean confidence|. */
  ece: number;
  bins: ReliabilityBin[];
}

/** Ten bins of equal width. @returns null without words */
export function calibrationReport(pairs: readonly ConfidencePair[], binCount = 10): CalibrationReport | null {
  if (pairs.length === 0) return null;
  const sums = Array.from({ length: binCount }, () => ({ words: 0, confidence: 0, correct: 0 }));
  for (const { confidence, correct } of pairs) {
    const bin = sums[Math.min(binCount - 1, Math.floor(confidence * binCount))];
    bin.words++;
    bin.confidence += confidence;
    if (correct) bin.correct++;
  }
  const gap = sums.reduce((total, bin) => total + Math.abs(bin.correct - bin.confidence), 0);
  return {
    words: pairs.length,
    ece: (100 * gap) / pairs.length,
    bins: sums.map(({ words, confidence, correct }, index) => ({
      low: index / binCount,
      high: (index + 1) / binCount,
      words,
      meanConfidence: words === 0 ? null : confidence / words,
      accuracy: words === 0 ? null : correct / words,
    })),
  };
}
