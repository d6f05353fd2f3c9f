/** Loudness as people see it on a meter. */

/** Root mean square from −60 dB (0) to full scale (1). */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (sum === 0) return 0;
  const decibels = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, 1 + decibels / 60));
}
