/** How the metrics of docs/metrics.md are called and written for people. */
import type { IntervalMetricName, MetricName, RunScore } from "../eval/records.ts";
import { decimal, percent } from "./numbers.ts";

export interface MetricText {
  /** Short enough for a table. */
  name: string;
  /** What it says, in a few words. */
  meaning: string;
  write: (value: number | null) => string;
}

const rate = (value: number | null) => percent(value);
const share = (value: number | null) => percent(value, 1);

export const metricTexts: Readonly<Record<MetricName, MetricText>> = {
  wer: { name: "WER", meaning: "word error rate", write: rate },
  cer: { name: "CER", meaning: "character error rate", write: rate },
  bWer: { name: "B-WER", meaning: "error rate on the terms", write: rate },
  uWer: { name: "U-WER", meaning: "error rate on all else", write: rate },
  termRecall: {
    name: "Term recall",
    meaning: "spoken terms that were heard",
    write: share,
  },
  termPrecision: {
    name: "Term precision",
    meaning: "written terms that were spoken",
    write: share,
  },
  termF1: { name: "Term F1", meaning: "of recall and precision", write: share },
  caseAccuracy: {
    name: "Case accuracy",
    meaning: "heard terms in the user's spelling",
    write: share,
  },
  falseInsertionsPerHour: {
    name: "Invented per hour",
    meaning: "terms where nobody said them",
    write: (value) => decimal(value, 1),
  },
  keywordRecall: {
    name: "Keyword recall",
    meaning: "keywords that were heard",
    write: share,
  },
  topOneRecall: {
    name: "Top-1 recall",
    meaning: "utterances whose likeliest term is said",
    write: share,
  },
  recallAtTruePlusFive: {
    name: "Recall at true + 5",
    meaning: "said terms among the likeliest, five more than are said",
    write: share,
  },
  retrievalRecall: { name: "Retrieval recall", meaning: "said terms that were found", write: share },
  retrievalPrecision: { name: "Retrieval precision", meaning: "found terms that are said", write: share },
  retrievalF1: { name: "Retrieval F1", meaning: "of recall and precision", write: share },
  termsKept: {
    name: "Terms kept",
    meaning: "found in an utterance, on average",
    write: (value) => decimal(value, 1),
  },
  realTimeFactor: {
    name: "Speed",
    meaning: "seconds of audio per second of computing",
    write: (value) => `${decimal(value, 1)}${value === null ? "" : "\u202f×"}`,
  },
  peakMemoryMegabytes: {
    name: "Peak memory",
    meaning: "of the process",
    write: (value) => `${decimal(value, 0)}${value === null ? "" : "\u202fMB"}`,
  },
};

/** Metrics that at least one of the runs has a value for, the most telling first. */
export function presentMetrics(runs: readonly RunScore[]): MetricName[] {
  return (Object.keys(metricTexts) as MetricName[]).filter((name) =>
    runs.some(({ metrics }) => metrics[name] !== null),
  );
}

/** `2.90–3.95`, without units; null where the metric has no interval. */
export function intervalText(run: RunScore, name: MetricName): string | null {
  const interval = run.intervals[name as IntervalMetricName] ?? null;
  if (interval === null) return null;
  const decimals = name in { wer: 0, cer: 0, uWer: 0, bWer: 0 } ? 2 : 1;
  return `${decimal(interval.low, decimals)} to ${decimal(interval.high, decimals)}`;
}
