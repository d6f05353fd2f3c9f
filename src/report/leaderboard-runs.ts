/** What the leaderboard is made of: the runs that belong to it, and what has come of them. */
import { bootstrapInterval, type Interval } from "../eval/bootstrap.ts";
import { metricDefinitions } from "../eval/metric-definitions.ts";
import type { IntervalMetricName, RunRecord, RunScore, TermsProtocol } from "../eval/records.ts";
import type { RetrieveOptions } from "../recognise/retriever.ts";

/** How a run looked for terms; null when it recognised. */
export function retrievalOf({ settings }: RunRecord): LeaderboardRun["retrieval"] {
  if (settings.retrieval === undefined) return null;
  return settings.findTerms === "both" ? "both" : "sounds";
}

/** What the leaderboard keeps of a scored run. */
export type LeaderboardResult = Pick<RunScore, "metrics" | "intervals" | "hours" | "failed"> & {
  run: RunRecord;
  /** What every utterance adds to the sums of the metrics: they can be pooled over data sets. */
  sums: readonly Readonly<Record<IntervalMetricName, readonly number[]>>[];
};

/** A run that belongs to the leaderboard, and what has come of it. */
export interface LeaderboardRun {
  set: string;
  /** ISO 639-1 code. */
  language: string;
  /** Utterances in the whole set. */
  setUtterances: number;
  model: string;
  terms: TermsProtocol;
  /** Distractors per utterance; 0 for protocols without. */
  listSize: number;
  /** How terms were looked for where nothing was recognised; null for recognition. */
  retrieval: RetrieveOptions["findTerms"] | null;
  /** What makes the run. */
  command: string;
  /** One result for every release of Glossa that was measured, in any order. */
  results: readonly LeaderboardResult[];
}

/** Takes of a score what the leaderboard needs, and lets the texts go. */
export function leaderboardResult(score: RunScore): LeaderboardResult {
  const { run, metrics, intervals, hours, failed } = score;
  const sums = score.utterances.map((utterance) => utterance.sums);
  return { run: { ...run, allTerms: null }, metrics, intervals, hours, failed, sums };
}

/** A metric over the utterances of several runs as one set. */
export function pooledInterval(
  results: readonly Pick<LeaderboardResult, "sums">[],
  name: IntervalMetricName,
): Interval | null {
  const sums = results.flatMap((result) => result.sums.map((utterance) => utterance[name]));
  return sums.length === 0 ? null : bootstrapInterval(sums, metricDefinitions[name].statistic);
}

/** The result that was finished, or else begun, last. */
export function newest(results: readonly LeaderboardResult[]): LeaderboardResult | undefined {
  return [...results].sort((left, right) => (timeOf(left) < timeOf(right) ? 1 : -1))[0];
}

/** ISO 8601: when it was finished, or else begun. */
export function timeOf({ run }: LeaderboardResult): string {
  return run.finishedAt ?? run.startedAt;
}
