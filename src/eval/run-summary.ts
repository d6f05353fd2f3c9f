/** A run's numbers without its utterances: what `glossa eval --json` prints for each run. */
import type { CalibrationReport } from "./calibration.ts";
import type { Confusion } from "./confusions.ts";
import type { TermFinding } from "../recognise/options.ts";
import { intervalMetricNames } from "./metric-definitions.ts";
import type {
  IntervalMetricName,
  Metrics,
  Perturbation,
  RunScore,
  SegmentTimes,
  TermsProtocol,
} from "./records.ts";

export interface RunSummary {
  set: string;
  model: string;
  terms: TermsProtocol;
  /** Distractors per utterance; for `all` the length of the list; else 0. */
  listSize: number;
  utterances: number;
  hours: number;
  metrics: Metrics;
  /** 95 %, from low to high. */
  intervals: Record<IntervalMetricName, [low: number, high: number] | null>;
  counts: RunScore["counts"];
  termCounts: RunScore["termCounts"];
  mostConfused: Confusion[];
  calibration: CalibrationReport | null;
  segmentTimes: SegmentTimes | null;
  /** Utterances that failed; they count as recognised with an empty text. */
  failed: number;
  /** Rows of the data set that were skipped. */
  skipped: number;
  settings: {
    language: string | null;
    beamSize: number | null;
    seed: number;
    perturbation: Perturbation;
    findTerms?: TermFinding;
  };
  /** Where the records of the run are. */
  folder: string;
}

const shownConfusions = 20;

/** @param folder of the run's records */
export function summariseRun(score: RunScore, folder: string): RunSummary {
  const { run, counts, termCounts, calibration, segmentTimes, failed } = score;
  const { model, terms, listSize, language, beamSize, seed, perturbation, findTerms } = run.settings;
  const intervals = intervalMetricNames.map((name) => {
    const interval = score.intervals[name];
    return [name, interval && [interval.low, interval.high]] as const;
  });
  return {
    set: run.set,
    model,
    terms,
    listSize,
    utterances: score.utterances.length,
    hours: score.hours,
    metrics: score.metrics,
    intervals: Object.fromEntries(intervals) as RunSummary["intervals"],
    counts,
    termCounts,
    mostConfused: score.mostConfused.slice(0, shownConfusions),
    calibration,
    segmentTimes,
    failed,
    skipped: run.skipped.length,
    settings: { language, beamSize, seed, perturbation, ...(findTerms && { findTerms }) },
    folder,
  };
}

/** `noise 10 dB, telephone`; empty for recordings as they are. */
export function describePerturbation({ speed, reverb, noise, snrDecibels, telephone }: Perturbation): string {
  return [
    speed !== undefined && `speed ${speed}`,
    reverb !== undefined && "reverb",
    noise !== undefined && `noise ${snrDecibels} dB`,
    telephone && "telephone",
  ]
    .filter((part) => typeof part === "string")
    .join(", ");
}
