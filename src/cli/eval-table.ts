/**
 * Scores as tables for a terminal: columns aligned, metrics without a value left out.
 */
import { metricDefinitions } from "../eval/metric-definitions.ts";
import type { RunComparison } from "../eval/compare-runs.ts";
import type { IntervalMetricName } from "../eval/records.ts";
import { describePerturbation, type RunSummary } from "../eval/run-summary.ts";
import { displayWidth } from "../text/scripts.ts";
import { formatClock } from "./quantities.ts";

/** Short names, so that the usual ones fit into 80 columns. */
const columns: readonly (readonly [IntervalMetricName, heading: string])[] = [
  ["wer", "WER"],
  ["cer", "CER"],
  ["uWer", "U-WER"],
  ["bWer", "B-WER"],
  ["termRecall", "RECALL"],
  ["termPrecision", "PREC"],
  ["termF1", "F1"],
  ["caseAccuracy", "CASE"],
  ["falseInsertionsPerHour", "FALSE/H"],
  ["keywordRecall", "KEYW"],
  ["topOneRecall", "TOP-1"],
  ["recallAtTruePlusFive", "R@+5"],
  ["retrievalRecall", "RECALL"],
  ["retrievalPrecision", "PREC"],
  ["retrievalF1", "F1"],
  ["termsKept", "KEPT"],
  ["realTimeFactor", "SPEED"],
];
const shortestLabel = 12;

/** Cells, or a line that keeps to no columns. */
type Row = readonly string[] | string;

/**
 * Three lines a run: the set with its numbers, the terms with half the width of the 95 % intervals, and what else is
 * known. One table a model.
 *
 * @param width columns of the terminal
 */
export function formatRuns(runs: readonly RunSummary[], width: number): string {
  const models = [...new Set(runs.map(({ model }) => model))];
  const tables = models.map((model) => {
    const table = formatTable(
      runs.filter((run) => run.model === model),
      width,
    );
    return `${model}\n${table}`;
  });
  return `${tables.join("\n")}\nRates in percent, ± half of the 95 % interval; SPEED in seconds of audio per second.\n`;
}

function formatTable(runs: readonly RunSummary[], width: number): string {
  const shown = columns.filter(([name]) => runs.some(({ metrics }) => metrics[name] !== null));
  const rows: Row[] = [["", ...shown.map(([, heading]) => heading)]];
  for (const run of runs) {
    rows.push([run.set, ...shown.map(([name]) => formatNumber(run.metrics[name]))]);
    rows.push([`  ${describeTerms(run)}`, ...shown.map(([name]) => formatMargin(name, run))]);
    rows.push(`  ${describeRest(run)}`);
  }
  return layOut(rows, width);
}

/** One line a metric: both values, their difference with its interval, and whether it is more than chance. */
export function formatComparison(
  { metrics, matched }: RunComparison,
  names: readonly string[],
  width: number,
): string {
  const rows: Row[] = [["METRIC", "A", "B", "B - A", "95 % INTERVAL", ""]];
  for (const { metric, first, second, difference, significant } of metrics) {
    rows.push([
      metricDefinitions[metric].label,
      formatNumber(first),
      formatNumber(second),
      formatSigned(difference.value),
      `${formatSigned(difference.low)} to ${formatSigned(difference.high)}`,
      significant ? verdict(metric, difference.value) : "not significant",
    ]);
  }
  return `A: ${names[0]}\nB: ${names[1]}\n${matched} utterances in both\n\n${layOut(rows, width)}`;
}

function verdict(metric: IntervalMetricName, difference: number): string {
  return (metricDefinitions[metric].better === "lower") === difference < 0 ? "better" : "worse";
}

/** First column to the left, the others to the right; closer together where there is little room. */
function layOut(rows: readonly Row[], width: number): string {
  const cells = rows.filter((row) => typeof row !== "string");
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column]))));
  const numbers = widths.slice(1).reduce((sum, column) => sum + column, 0);
  const gap = widths[0] + numbers + 2 * (widths.length - 1) <= width ? 2 : 1;
  const label = Math.max(shortestLabel, Math.min(widths[0], width - numbers - gap * (widths.length - 1)));
  const line = (row: Row) => {
    if (typeof row === "string") return row;
    const padded = row.slice(1).map((cell, index) => {
      return " ".repeat(gap + widths[index + 1] - displayWidth(cell)) + cell;
    });
    return (fit(row[0], label) + padded.join("")).trimEnd();
  };
  return rows.map((row) => `${line(row)}\n`).join("");
}

function fit(text: string, width: number): string {
  const characters = Array.from(text);
  if (displayWidth(text) > width) {
    while (displayWidth(characters.join("")) > width - 1) characters.pop();
    characters.push("…");
  }
  const fitted = characters.join("");
  return fitted + " ".repeat(width - displayWidth(fitted));
}

function describeTerms({ terms, listSize, settings }: RunSummary): string {
  const size = terms === "none" || terms === "own" ? "" : ` ${listSize}`;
  const parts = [terms === "none" ? "no terms" : terms + size, describePerturbation(settings.perturbation)];
  if (settings.findTerms !== undefined) parts.push(`terms by ${settings.findTerms}`);
  if (settings.beamSize !== null) parts.push(`beam ${settings.beamSize}`);
  return parts.filter((part) => part !== "").join(", ");
}

function describeRest({
  utterances,
  hours,
  metrics,
  calibration,
  segmentTimes,
  failed,
  skipped,
}: RunSummary) {
  const parts = [`${utterances} utterances`, formatClock(hours * 3600)];
  if (metrics.peakMemoryMegabytes !== null) parts.push(`${Math.round(metrics.peakMemoryMegabytes)} MB`);
  if (calibration !== null) parts.push(`calibration error ${calibration.ece.toFixed(1)}`);
  if (segmentTimes !== null) {
    parts.push(`segment starts ±${segmentTimes.medianAbsoluteErrorSeconds.toFixed(2)} s`);
  }
  if (failed > 0) parts.push(`${failed} FAILED`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(", ");
}

/** Two decimals, fewer for large numbers. */
function formatNumber(value: number | null): string {
  if (value === null) return "-";
  const size = Math.abs(value);
  return value.toFixed(size < 99.995 ? 2 : size < 999.95 ? 1 : 0);
}

function formatSigned(value: number): string {
  return (value > 0 ? "+" : "") + formatNumber(value);
}

function formatMargin(name: IntervalMetricName, run: RunSummary): string {
  const interval = run.intervals[name];
  if (interval === null || name === "realTimeFactor") return "";
  const margin = (interval[1] - interval[0]) / 2;
  return `±${margin.toFixed(margin < 9.995 ? 2 : 1)}`;
}
