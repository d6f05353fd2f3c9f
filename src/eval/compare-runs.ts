/** Two runs over the same utterances: what changed, and whether it is more than chance. */
import { GlossaError } from "../errors.ts";
import { pairedBootstrap } from "./bootstrap.ts";
import { intervalMetricNames, metricDefinitions } from "./metric-definitions.ts";
import type { MetricComparison, RunScore, UtteranceScore } from "./records.ts";

export interface RunComparison {
  /** Metrics that both runs have, over the utterances that both have. */
  metrics: MetricComparison[];
  /** Utterances that both runs have. */
  matched: number;
  /** Ids of utterances that only one of them has; they are left out. */
  onlyFirst: string[];
  onlySecond: string[];
}

/**
 * Compares utterance by utterance, matched by id.
 *
 * @throws GlossaError `invalid-argument` when the runs share no utterance, or one has another reference in the other
 */
export function compareRuns(first: RunScore, second: RunScore): RunComparison {
  const secondById = byId(second);
  const firstById = byId(first);
  const pairs: [UtteranceScore, UtteranceScore][] = [];
  for (const [id, utterance] of firstById) {
    const other = secondById.get(id);
    if (other === undefined) continue;
    if (other.record.reference !== utterance.record.reference) {
      throw new GlossaError(
        "invalid-argument",
        `utterance ${id} has different references in the two runs; compare runs over the same data set`,
      );
    }
    pairs.push([utterance, other]);
  }
  if (pairs.length === 0) {
    throw new GlossaError(
      "invalid-argument",
      `the two runs (${first.run.set}, ${second.run.set}) share no utterance`,
    );
  }
  const metrics = intervalMetricNames.flatMap((metric): MetricComparison[] => {
    const { statistic } = metricDefinitions[metric];
    const sums = [0, 1].map((side) => pairs.map((pair) => pair[side].sums[metric]));
    const [before, after] = sums.map((vectors) => statistic(sumOf(vectors)));
    const difference = pairedBootstrap(sums[0], sums[1], statistic);
    if (before === null || after === null || difference === null) return [];
    const significant = difference.low > 0 || difference.high < 0;
    return [{ metric, first: before, second: after, difference, significant }];
  });
  return {
    metrics,
    matched: pairs.length,
    onlyFirst: [...firstById.keys()].filter((id) => !secondById.has(id)),
    onlySecond: [...secondById.keys()].filter((id) => !firstById.has(id)),
  };
}

function byId({ utterances }: RunScore): Map<string, UtteranceScore> {
  return new Map(utterances.map((utterance) => [utterance.record.id, utterance]));
}

function sumOf(vectors: readonly (readonly number[])[]): number[] {
  return vectors[0].map((_, index) => vectors.reduce((sum, vector) => sum + vector[index], 0));
}
