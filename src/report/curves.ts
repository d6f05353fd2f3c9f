/** How the metrics change with the length of the list of terms. */
import type { IntervalMetricName, RunScore } from "../eval/records.ts";
import type { Point, Series } from "./chart-parts.ts";
import { lineChart } from "./line-chart.ts";
import { type Markup, markup } from "./markup.ts";
import { metricTexts } from "./metric-names.ts";

/** Metrics worth a curve, with the end of their axis where it is fixed. */
const curveMetrics: readonly { metric: IntervalMetricName; yMaximum?: number }[] = [
  { metric: "bWer" },
  { metric: "uWer" },
  { metric: "termRecall", yMaximum: 100 },
  { metric: "termPrecision", yMaximum: 100 },
  { metric: "falseInsertionsPerHour" },
];

/** The same run over lists of growing length. */
interface Sweep {
  name: string;
  runs: RunScore[];
}

/** Charts of the metrics over list size; nothing where there is only one size. */
export function curves(runs: readonly RunScore[]): Markup | null {
  const sweeps = findSweeps(runs);
  if (sweeps.length === 0) return null;
  const figures = curveMetrics.flatMap(({ metric, yMaximum }) => {
    const series = sweeps.map((sweep) => curve(sweep, metric)).filter(({ points }) => points.length > 1);
    if (series.length === 0) return [];
    const { name, meaning } = metricTexts[metric];
    const unit = metric === "falseInsertionsPerHour" ? "" : ", %";
    const title = `${name} over list size`;
    const chart = lineChart(series, {
      id: `curve-${metric}`,
      title,
      description: describe(series),
      xLabel: "distractors beside the utterance's own terms",
      yLabel: `${name}${unit}`,
      yMaximum,
    });
    return [
      markup`<figure><figcaption><strong>${title}</strong>${meaning}; bars are 95 % intervals${series.some(({ baseline }) => baseline !== undefined) && ", the dashed line is without any terms"}</figcaption>${chart}</figure>`,
    ];
  });
  return figures.length === 0 ? null : markup`<div class="figures">${figures}</div>`;
}

/**
 * Runs that differ in the list alone: `own` is a list without distractors, `own+distractors` one with. A run without
 * terms belongs to the sweep as its baseline.
 */
function findSweeps(runs: readonly RunScore[]): Sweep[] {
  const groups = new Map<string, Sweep>();
  const setCount = new Set(runs.map(({ run }) => run.set)).size;
  for (const score of runs) {
    const { set, settings } = score.run;
    if (settings.terms === "all" || settings.terms === "distractors") continue;
    const { terms: _terms, listSize: _size, listFingerprint: _list, ...others } = settings;
    const key = JSON.stringify([set, others]);
    const sweep = groups.get(key) ?? {
      name: setCount > 1 ? `${settings.model}, ${set}` : settings.model,
      runs: [],
    };
    sweep.runs.push(score);
    groups.set(key, sweep);
  }
  return [...groups.values()].filter(
    ({ runs }) => new Set(runs.filter(isOnCurve).map(({ run }) => run.settings.listSize)).size > 1,
  );
}

function isOnCurve({ run }: RunScore): boolean {
  return run.settings.terms !== "none";
}

/** One metric of a sweep as a series; sizes without a value are left out. */
export function curve({ name, runs }: Sweep, metric: IntervalMetricName): Series {
  const points = runs
    .filter(isOnCurve)
    .flatMap(({ run, intervals }): Point[] => {
      const interval = intervals[metric];
      if (interval === null) return [];
      return [{ x: run.settings.listSize, y: interval.value, low: interval.low, high: interval.high }];
    })
    .sort((left, right) => left.x - right.x);
  const baseline = runs.find((score) => !isOnCurve(score))?.metrics[metric] ?? undefined;
  return { name, points, baseline };
}

/** The numbers of a chart in words. */
export function describe(series: readonly Series[]): string {
  return series
    .map(({ name, points }) => `${name}: ${points.map(({ x, y }) => `${y.toFixed(2)} at ${x}`).join(", ")}.`)
    .join(" ");
}
