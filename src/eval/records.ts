/**
 * What a run leaves on disk, and what is made of it: `run.json` (one `RunRecord`), `utterances.jsonl` (one
 * `UtteranceRecord` a line), and the scores that `scoreRun` computes from the two without recognising anything again.
 */
import { z } from "zod";
import { termFinders } from "../recognise/options.ts";
import { segmentSchema, termReportSchema, type Word } from "../transcript/transcript.ts";
import type { AlignmentStep } from "./align.ts";
import type { Interval } from "./bootstrap.ts";
import type { CalibrationReport } from "./calibration.ts";
import type { Confusion } from "./confusions.ts";
import type { ErrorCounts } from "./error-rates.ts";

/** Which terms the recogniser is given: docs/evaluation.md says what each protocol is for. */
export const termsProtocols = ["none", "own", "own+distractors", "distractors", "all"] as const;
export type TermsProtocol = (typeof termsProtocols)[number];

export const perturbationSchema = z.object({
  speed: z.number().optional().describe("Factor: 1.1 is a tenth faster, and higher in pitch."),
  reverb: z.string().optional().describe("File or folder of impulse responses."),
  noise: z.string().optional().describe("File or folder of noises."),
  snrDecibels: z.number().optional().describe("Power of the speech over power of the noise."),
  telephone: z.boolean().optional().describe("300 to 3400 Hz at 8 kHz."),
});
export type Perturbation = z.infer<typeof perturbationSchema>;

export const retrievalSettingsSchema = z.object({
  threshold: z
    .number()
    .optional()
    .describe("Least probability of a term that counts as found, unless precision or recall is given."),
  precision: z.number().optional().describe("Expected share of what counts as found that is said."),
  recall: z.number().optional().describe("Expected share of what is said that counts as found."),
  most: z.number().describe("Most terms of an utterance that count as found."),
  head: z.string().nullable().describe("As given; null is the head that comes with Glossa."),
});
export type RetrievalSettings = z.infer<typeof retrievalSettingsSchema>;

/** Everything that decides what a run writes. A folder belongs to one set of settings. */
export const runSettingsSchema = z.object({
  /** The data set as it was given, absolute. */
  source: z.string(),
  /** SHA-256 over the utterances that were chosen: ids, audio paths, references and terms. */
  fingerprint: z.string(),
  model: z.string(),
  language: z.string().nullable().describe("As given; null takes the language of each utterance."),
  beamSize: z.number().nullable().describe("As given; null is the recogniser's default."),
  terms: z.enum(termsProtocols),
  listSize: z.number().describe("Distractors per utterance; for `all` the length of the list; else 0."),
  listFingerprint: z.string().nullable().describe("SHA-256 of the terms that distractors are drawn from."),
  seed: z.number(),
  perturbation: perturbationSchema,
  findTerms: z
    .enum(termFinders)
    .optional()
    .describe("How terms of a long list were found, as given; left out for the recogniser's default."),
  retrieval: retrievalSettingsSchema
    .optional()
    .describe("Set when terms were looked for and nothing was recognised."),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

export const runRecordSchema = z.object({
  version: z.literal(1),
  /** Name of the data set. */
  set: z.string(),
  settings: runSettingsSchema,
  /** Utterances that the run holds when it is complete. */
  utterances: z.number(),
  /** For `all`: the list that every utterance was given, in that order. */
  allTerms: z.array(z.string()).nullable(),
  /** Rows of the data set that could not be used and were skipped because the user said so. */
  skipped: z.array(z.string()),
  glossaVersion: z.string(),
  machine: z.object({ node: z.string(), platform: z.string(), cpu: z.string(), cores: z.number() }),
  startedAt: z.string().describe("ISO 8601"),
  finishedAt: z.string().nullable().describe("ISO 8601; null as long as the run is not complete."),
  peakMemoryMegabytes: z
    .number()
    .nullable()
    .describe("Largest resident size of the process, in 10⁶ bytes; null before the first utterance."),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

export const utteranceRecordSchema = z.object({
  id: z.string(),
  audio: z.string().describe("Absolute path."),
  language: z
    .string()
    .describe("Language that it is scored in: of the reference, else given, else detected."),
  reference: z.string().nullable(),
  hypothesis: z.string().describe("As written by the recogniser; empty when it failed."),
  durationSeconds: z.number().describe("As recognised, so after a change of speed."),
  computeSeconds: z.number().describe("From opening the audio to the transcript; without perturbing it."),
  terms: z.object({
    own: z.array(z.string()).describe("The utterance's own terms, also where they were not given."),
    listSize: z.number().describe("Terms that the recogniser was given."),
    distractors: z.array(z.string()).optional().describe("Left out for `all`: see `allTerms` of the run."),
  }),
  keywords: z.array(z.string()).optional(),
  referenceSegments: z
    .array(z.object({ start: z.number(), end: z.number().optional(), text: z.string() }))
    .optional()
    .describe("Segments of the reference, in seconds of the audio as recognised."),
  segments: z.array(segmentSchema).describe("Of the transcript, with words."),
  termReports: z.array(termReportSchema).describe("Only of terms that were written."),
  retrieved: z
    .array(z.object({ term: z.string(), score: z.number(), start: z.number(), end: z.number() }))
    .optional()
    .describe(
      "Terms that were looked for and have any evidence, the likeliest first, at their likeliest place.",
    ),
  warnings: z.array(z.string()),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type UtteranceRecord = z.infer<typeof utteranceRecordSchema>;

/** The metrics of `glossa eval --json`, in its order. Rates in percent; null where the set cannot give a metric. */
export interface Metrics {
  wer: number | null;
  cer: number | null;
  uWer: number | null;
  bWer: number | null;
  termRecall: number | null;
  termPrecision: number | null;
  termF1: number | null;
  caseAccuracy: number | null;
  falseInsertionsPerHour: number | null;
  keywordRecall: number | null;
  /** Share of the utterances with own terms whose likeliest term is one of them. */
  topOneRecall: number | null;
  /** Share of the own terms among as many of the likeliest as are true, and five more. */
  recallAtTruePlusFive: number | null;
  retrievalPrecision: number | null;
  retrievalRecall: number | null;
  retrievalF1: number | null;
  /** Terms that an utterance keeps on average. */
  termsKept: number | null;
  /** Seconds of audio per second of computing. */
  realTimeFactor: number | null;
  peakMemoryMegabytes: number | null;
}
export type MetricName = keyof Metrics;

/** Metrics that are a function of sums over utterances, and so have an interval. */
export type IntervalMetricName = Exclude<MetricName, "peakMemoryMegabytes">;

/** An occurrence of a term in the tokens of one side of an utterance. */
export interface TermOccurrenceScore {
  term: string;
  /** Index of its first token. */
  startToken: number;
  /** Index after its last token. */
  endToken: number;
  /** In the reference: it was recognised. In the hypothesis: the reference has it at the same place. */
  correct: boolean;
  /** Whether it is one of the utterance's own terms; false for distractors. */
  own: boolean;
}

/** One utterance as it is scored. */
export interface UtteranceScore {
  record: UtteranceRecord;
  /** Normalised tokens of the reference; empty when there is no reference. */
  reference: readonly string[];
  /** Normalised tokens of the hypothesis. */
  hypothesis: readonly string[];
  /** Alignment of the two; empty when there is no reference. */
  steps: readonly AlignmentStep[];
  /** Null when there is no reference. */
  errors: ErrorCounts | null;
  biasedErrors: ErrorCounts | null;
  unbiasedErrors: ErrorCounts | null;
  /** Occurrences of the terms given (own terms where none were given), null when there is no reference. */
  referenceTerms: readonly TermOccurrenceScore[] | null;
  hypothesisTerms: readonly TermOccurrenceScore[] | null;
  /** Keywords and whether they stand in the hypothesis. */
  keywords: readonly { keyword: string; found: boolean }[];
  /**
   * For every hypothesis token the word of the transcript that it comes from; null where the transcript has no words or
   * the token no counterpart among them (numbers that are written in several words).
   */
  hypothesisWords: readonly (Word | null)[];
  /** What it adds to the sums that each metric is made of; zeros where it has no part in it. */
  sums: Readonly<Record<IntervalMetricName, readonly number[]>>;
}

/** Errors of the starts of reference segments, through the words aligned with their first tokens. */
export interface SegmentTimes {
  /** Segments whose first token was recognised. */
  measured: number;
  segments: number;
  medianAbsoluteErrorSeconds: number;
  meanAbsoluteErrorSeconds: number;
}

/** All that is known about a run. */
export interface RunScore {
  run: RunRecord;
  /** Seconds of audio over 3600. */
  hours: number;
  metrics: Metrics;
  /** 95 % bootstrap intervals by utterance; null where the metric is null. */
  intervals: Record<IntervalMetricName, Interval | null>;
  /** Substitutions, deletions, insertions over words or characters, whichever the languages count. */
  counts: { all: ErrorCounts; biased: ErrorCounts; unbiased: ErrorCounts };
  termCounts: {
    referenceOccurrences: number;
    recalled: number;
    hypothesisOccurrences: number;
    correct: number;
  };
  mostConfused: Confusion[];
  /** Null without word confidences or references. */
  calibration: CalibrationReport | null;
  /** Null where the reference has no segments with times. */
  segmentTimes: SegmentTimes | null;
  /** Utterances that failed; they count as recognised with an empty text. */
  failed: number;
  utterances: UtteranceScore[];
}

/** One metric of two runs over the same utterances. */
export interface MetricComparison {
  metric: IntervalMetricName;
  first: number;
  second: number;
  /** `second − first` with its 95 % paired bootstrap interval. */
  difference: Interval;
  /** Whether the interval leaves out 0. */
  significant: boolean;
}
