/**
 * Bootstrap intervals by utterance (Bisani & Ney 2004, "Bootstrap estimates for confidence intervals in ASR performance
 * evaluation"): utterances are drawn anew with replacement, the metric is computed over each draw, and the interval
 * holds the middle part of what comes out.
 */
import { GlossaError } from "../errors.ts";
import { randomGenerator } from "../random.ts";

/** What an utterance adds to the sums that the metric is made of, e.g. `[errors, referenceLength]`. */
export type UtteranceSums = readonly number[];

/** The metric of a set from its sums; null where it has no value. */
export type Statistic = (sums: readonly number[]) => number | null;

export interface BootstrapOptions {
  /** Number of draws. Default 1000. */
  resamples?: number;
  /** Share of the draws inside the interval, between 0 and 1. Default 0.95. */
  confidence?: number;
  /** Default 0: the same utterances give the same interval. */
  seed?: number;
}

export interface Interval {
  /** The metric over the utterances as they are; for a comparison, the difference. */
  value: number;
  low: number;
  high: number;
}

/** `100 · sums[0] / sums[1]`: the statistic of all error rates and shares. */
export function percentageOfSums(sums: readonly number[]): number | null {
  return sums[1] === 0 ? null : (100 * sums[0]) / sums[1];
}

/**
 * Percentile interval of a metric.
 *
 * @returns null where the metric has no value. Draws in which it has none (no reference tokens drawn) are left out.
 * @throws GlossaError `invalid-argument` for options out of range or utterances with different numbers of sums.
 */
export function bootstrapInterval(
  utterances: readonly UtteranceSums[],
  statistic: Statistic,
  options: BootstrapOptions = {},
): Interval | null {
  return percentileInterval([utterances], ([sums]) => statistic(sums), options);
}

/**
 * Interval of the difference `second − first` between two runs over the same utterances, drawn together: what makes an
 * utterance hard for both runs cancels out. The difference is significant when the interval does not hold 0.
 *
 * @throws GlossaError `invalid-argument` also when the runs have different numbers of utterances.
 */
export function pairedBootstrap(
  first: readonly UtteranceSums[],
  second: readonly UtteranceSums[],
  statistic: Statistic,
  options: BootstrapOptions = {},
): Interval | null {
  if (first.length !== second.length) {
    throw new GlossaError(
      "invalid-argument",
      `A paired comparison needs the same utterances in both runs, but there are ${first.length} and ${second.length}.`,
    );
  }
  const difference = ([before, after]: readonly (readonly number[])[]) => {
    const values = [statistic(before), statistic(after)];
    return values[0] === null || values[1] === null ? null : values[1] - values[0];
  };
  return percentileInterval([first, second], difference, options);
}

function percentileInterval(
  runs: readonly (readonly UtteranceSums[])[],
  statistic: (sumsOfRuns: readonly (readonly number[])[]) => number | null,
  { resamples = 1000, confidence = 0.95, seed = 0 }: BootstrapOptions,
): Interval | null {
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new GlossaError("invalid-argument", `resamples must be a whole number above 0, not ${resamples}.`);
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new GlossaError("invalid-argument", `confidence must be between 0 and 1, not ${confidence}.`);
  }
  const length = runs[0].length;
  if (length === 0) return null;
  const width = runs[0][0].length;
  if (runs.some((run) => run.some((sums) => sums.length !== width))) {
    throw new GlossaError(
      "invalid-argument",
      `Every utterance must give the same number of sums (${width}).`,
    );
  }

  const evaluate = (draw: (index: number) => number): number | null => {
    const sums = runs.map(() => Array.from({ length: width }, () => 0));
    for (let index = 0; index < length; index++) {
      const utterance = draw(index);
      for (const [run, runSums] of sums.entries()) {
        for (let sum = 0; sum < width; sum++) runSums[sum] += runs[run][utterance][sum];
      }
    }
    return statistic(sums);
  };

  const value = evaluate((index) => index);
  if (value === null) return null;
  const random = randomGenerator(seed);
  const drawn: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const result = evaluate(() => Math.floor(random() * length));
    if (result !== null) drawn.push(result);
  }
  // With few utterances every draw may happen to be without a value: then the interval is the value itself.
  if (drawn.length === 0) drawn.push(value);
  drawn.sort((left, right) => left - right);
  const tail = (1 - confidence) / 2;
  return { value, low: quantile(drawn, tail), high: quantile(drawn, 1 - tail) };
}

/** Quantile of sorted values with linear interpolation (type 7 of Hyndman & Fan 1996). */
function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}
