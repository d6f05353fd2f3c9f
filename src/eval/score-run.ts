/**
 * From the records of a run to all of its numbers.
 */
import { bootstrapInterval } from "./bootstrap.ts";
import { calibrationReport, type ConfidencePair } from "./calibration.ts";
import { mostConfused } from "./confusions.ts";
import { sumErrors, type ErrorCounts } from "./error-rates.ts";
import { intervalMetricNames, metricDefinitions } from "./metric-definitions.ts";
import type { IntervalMetricName, RunRecord, RunScore, UtteranceRecord, UtteranceScore } from "./records.ts";
import { UtteranceScorer } from "./score-utterance.ts";
import { segmentStartErrors, summariseSegmentTimes } from "./segment-times.ts";
import { judgeWords } from "./word-tokens.ts";

const shownConfusions = 50;

/**
 * Scores a run. Utterances that failed count as recognised with an empty text, so that a failure never improves a
 * number; they are left out of the speed alone.
 */
export function scoreRun(records: readonly UtteranceRecord[], run: RunRecord): RunScore {
  const scorer = new UtteranceScorer(run);
  const utterances = records.map((record) => scorer.score(record));
  const intervals = Object.fromEntries(
    intervalMetricNames.map((name) => [
      name,
      bootstrapInterval(
        utterances.map(({ sums }) => sums[name]),
        metricDefinitions[name].statistic,
      ),
    ]),
  ) as RunScore["intervals"];
  const value = (name: IntervalMetricName) => intervals[name]?.value ?? null;
  const [recalled, referenceOccurrences, correct, hypothesisOccurrences] = addUp(
    utterances.map(({ sums }) => sums.termF1),
    metricDefinitions.termF1.width,
  );
  const withReference = utterances.filter(({ errors }) => errors !== null);
  return {
    run,
    hours: records.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) / 3600,
    metrics: {
      wer: value("wer"),
      cer: value("cer"),
      uWer: value("uWer"),
      bWer: value("bWer"),
      termRecall: value("termRecall"),
      termPrecision: value("termPrecision"),
      termF1: value("termF1"),
      caseAccuracy: value("caseAccuracy"),
      falseInsertionsPerHour: value("falseInsertionsPerHour"),
      keywordRecall: value("keywordRecall"),
      topOneRecall: value("topOneRecall"),
      recallAtTruePlusFive: value("recallAtTruePlusFive"),
      retrievalPrecision: value("retrievalPrecision"),
      retrievalRecall: value("retrievalRecall"),
      retrievalF1: value("retrievalF1"),
      termsKept: value("termsKept"),
      realTimeFactor: value("realTimeFactor"),
      peakMemoryMegabytes: run.peakMemoryMegabytes,
    },
    intervals,
    counts: {
      all: sumErrors(present(utterances.map(({ errors }) => errors))),
      biased: sumErrors(present(utterances.map(({ biasedErrors }) => biasedErrors))),
      unbiased: sumErrors(present(utterances.map(({ unbiasedErrors }) => unbiasedErrors))),
    },
    termCounts: { referenceOccurrences, recalled, hypothesisOccurrences, correct },
    mostConfused: mostConfused(withReference, shownConfusions),
    calibration: calibrationReport(confidencePairs(utterances)),
    segmentTimes: summariseSegmentTimes(
      utterances.flatMap(({ record, hypothesis, hypothesisWords }) =>
        record.referenceSegments === undefined
          ? []
          : [
              segmentStartErrors(
                record.referenceSegments,
                hypothesis,
                hypothesisWords.map((word) => word?.start ?? null),
                record.language,
              ),
            ],
      ),
    ),
    failed: records.filter(({ error }) => error !== undefined).length,
    utterances,
  };
}

/** Every judged word of a run with its confidence, in the order of the utterances. */
export function confidencePairs(utterances: readonly UtteranceScore[]): ConfidencePair[] {
  return utterances.flatMap(({ hypothesisWords, steps }) => judgeWords(hypothesisWords, steps));
}

function addUp(vectors: readonly (readonly number[])[], width: number): number[] {
  const sum = Array<number>(width).fill(0);
  for (const vector of vectors) for (const [index, value] of vector.entries()) sum[index] += value;
  return sum;
}

function present(counts: readonly (ErrorCounts | null)[]): ErrorCounts[] {
  return counts.filter((entry) => entry !== null);
}
