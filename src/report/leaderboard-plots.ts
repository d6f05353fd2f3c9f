/** The plots of the leaderboard, as SVG files that the README shows too. */
import { type Point, type Series, standaloneSvg } from "./chart-parts.ts";
import { describe } from "./curves.ts";
import { type Dot, dotChart } from "./dot-chart.ts";
import { type LeaderboardRun, newest, pooledInterval } from "./leaderboard-runs.ts";
import { lineChart } from "./line-chart.ts";

export interface Plot {
  title: string;
  svg: string;
}

/** Plots by file name; those without values are left out. */
export function leaderboardPlots(runs: readonly LeaderboardRun[]): Map<string, Plot> {
  const plots = new Map<string, Plot>();
  const overListSize = listSizePlot(runs);
  if (overListSize !== null) plots.set("b-wer-by-list-size.svg", overListSize);
  const overSets = setPlot(runs);
  if (overSets !== null) plots.set("error-rate-by-set.svg", overSets);
  return plots;
}

/** B-WER of every model over the length of the list, over all English sets that are measured with distractors. */
function listSizePlot(runs: readonly LeaderboardRun[]): Plot | null {
  const english = runs.filter(({ language }) => language === "en");
  const sets = new Set(english.filter(({ terms }) => terms === "own+distractors").map(({ set }) => set));
  const pool = english.filter(({ set }) => sets.has(set));
  const interval = (model: string, terms: string, listSize: number) =>
    pooledInterval(
      pool
        .filter((run) => run.model === model && run.terms === terms && run.listSize === listSize)
        .flatMap(({ results }) => newest(results) ?? []),
      "bWer",
    );
  const sizes = [...new Set(pool.map(({ listSize }) => listSize))].sort((left, right) => left - right);
  const series = [...new Set(pool.map(({ model }) => model))].flatMap((model): Series[] => {
    const points = sizes.flatMap((size): Point[] => {
      const found = interval(model, size === 0 ? "own" : "own+distractors", size);
      return found === null ? [] : [{ x: size, y: found.value, low: found.low, high: found.high }];
    });
    const baseline = interval(model, "none", 0)?.value;
    return points.length === 0 ? [] : [{ name: model, points, baseline }];
  });
  if (series.length === 0) return null;
  const title = "Errors on the words of the glossary";
  const chart = lineChart(series, {
    id: "b-wer-by-list-size",
    title,
    description: `B-WER by list size. ${describe(series)}`,
    xLabel: "terms in the list that are not spoken (dashed: without any terms)",
    yLabel: "B-WER, %, English",
    heading: true,
    width: 680,
  });
  return { title: `${title}: B-WER by list size and model`, svg: standaloneSvg(chart) };
}

/** Error rate of every model on every set without terms: words, or characters where these are counted. */
function setPlot(runs: readonly LeaderboardRun[]): Plot | null {
  const plain = runs.filter(({ terms }) => terms === "none");
  const rows = [...new Set(plain.map(({ set }) => set))].flatMap((set) => {
    const isCharacters = plain.some(
      (run) => run.set === set && (newest(run.results)?.metrics.cer ?? null) !== null,
    );
    const dots = plain
      .filter((run) => run.set === set)
      .flatMap(({ model, results }): Dot[] => {
        const interval = newest(results)?.intervals[isCharacters ? "cer" : "wer"] ?? null;
        if (interval === null) return [];
        return [{ series: model, value: interval.value, low: interval.low, high: interval.high }];
      });
    return dots.length === 0 ? [] : [{ name: isCharacters ? `${set} (characters)` : set, dots }];
  });
  if (rows.length === 0) return null;
  const title = "Errors without terms";
  const chart = dotChart(rows, {
    id: "error-rate-by-set",
    title,
    description: rows
      .map(
        ({ name, dots }) =>
          `${name}: ${dots.map(({ series, value }) => `${series} ${value.toFixed(2)}`).join(", ")}.`,
      )
      .join(" "),
    valueLabel: "word error rate, % (with 95 % intervals)",
  });
  return { title: `${title}: error rate by data set and model`, svg: standaloneSvg(chart) };
}
