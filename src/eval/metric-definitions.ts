/**
 * The metrics as functions of sums over utterances, so that their values, their intervals and the differences between
 * runs all come from one definition. Formulas in words: docs/metrics.md.
 */
import { percentageOfSums, type Statistic } from "./bootstrap.ts";
import type { IntervalMetricName } from "./records.ts";
import { termF1 } from "./term-metrics.ts";

export interface MetricDefinition {
  /** How many sums `statistic` takes. */
  width: number;
  statistic: Statistic;
  /** As people read it. */
  label: string;
  better: "lower" | "higher";
}

const share = { width: 2, statistic: percentageOfSums } as const;

/** What the sums are: errors and tokens for error rates, part and whole for shares; else as noted. */
export const metricDefinitions: Readonly<Record<IntervalMetricName, MetricDefinition>> = {
  wer: { ...share, label: "WER", better: "lower" },
  cer: { ...share, label: "CER", better: "lower" },
  uWer: { ...share, label: "U-WER", better: "lower" },
  bWer: { ...share, label: "B-WER", better: "lower" },
  termRecall: { ...share, label: "term recall", better: "higher" },
  termPrecision: { ...share, label: "term precision", better: "higher" },
  /** Sums: recalled, occurrences in the reference, correct, occurrences in the hypothesis. */
  termF1: {
    width: 4,
    statistic: ([recalled, referenceOccurrences, correct, hypothesisOccurrences]) =>
      termF1({ recalled, referenceOccurrences, correct, hypothesisOccurrences }),
    label: "term F1",
    better: "higher",
  },
  caseAccuracy: { ...share, label: "case accuracy", better: "higher" },
  /** Sums: false insertions, seconds of audio. */
  falseInsertionsPerHour: {
    width: 2,
    statistic: ([insertions, seconds]) => (seconds > 0 ? (3600 * insertions) / seconds : null),
    label: "false insertions / h",
    better: "lower",
  },
  keywordRecall: { ...share, label: "keyword recall", better: "higher" },
  topOneRecall: { ...share, label: "top-1 recall", better: "higher" },
  recallAtTruePlusFive: { ...share, label: "recall at true + 5", better: "higher" },
  retrievalPrecision: { ...share, label: "retrieval precision", better: "higher" },
  retrievalRecall: { ...share, label: "retrieval recall", better: "higher" },
  /** Sums: own terms kept, own terms, own terms kept, terms kept. */
  retrievalF1: {
    width: 4,
    statistic: ([found, own, correct, kept]) =>
      termF1({ recalled: found, referenceOccurrences: own, correct, hypothesisOccurrences: kept }),
    label: "retrieval F1",
    better: "higher",
  },
  /** Sums: terms kept, utterances. */
  termsKept: {
    width: 2,
    statistic: ([kept, utterances]) => (utterances > 0 ? kept / utterances : null),
    label: "terms kept",
    better: "lower",
  },
  /** Sums: seconds of audio, seconds of computing. */
  realTimeFactor: {
    width: 2,
    statistic: ([audioSeconds, computeSeconds]) =>
      computeSeconds > 0 ? audioSeconds / computeSeconds : null,
    label: "speed",
    better: "higher",
  },
};

export const intervalMetricNames = Object.keys(metricDefinitions) as IntervalMetricName[];
