/** Runs over the same utterances against the first of them, with paired intervals of the differences. */
import { GlossaError } from "../errors.ts";
import { compareRuns } from "../eval/compare-runs.ts";
import { intervalMetricNames, metricDefinitions } from "../eval/metric-definitions.ts";
import type { MetricComparison } from "../eval/records.ts";
import { type Markup, markup } from "./markup.ts";
import { metricTexts } from "./metric-names.ts";
import { count, counted, decimal, noValue, signedDecimal } from "./numbers.ts";
import { table } from "./table.ts";
import type { NamedRun } from "./utterances.ts";

/** A table of the differences between the first run and every other; says which cannot be compared, and why. */
export function comparison([first, ...others]: readonly NamedRun[]): Markup {
  const notes: string[] = [];
  const comparisons = others.map(({ name, score }) => {
    try {
      const result = compareRuns(first.score, score);
      const { matched, onlyFirst, onlySecond } = result;
      if (onlyFirst.length + onlySecond.length > 0) {
        notes.push(
          ` ${name}: over the ${counted(matched, "utterance")} that both runs have; ${count(onlyFirst.length)} of the first run and ${count(onlySecond.length)} of this one are left out.`,
        );
      }
      return result;
    } catch (error) {
      // Sets of the same name need not be the same: that is no reason to have no report.
      if (!(error instanceof GlossaError)) throw error;
      notes.push(` ${name}: ${error.message}.`);
      return { metrics: [] };
    }
  });
  const rows = intervalMetricNames.flatMap((metric) => {
    const found = comparisons.map(({ metrics }) =>
      metrics.find((comparison) => comparison.metric === metric),
    );
    const { name, write } = metricTexts[metric];
    const base = first.score.metrics[metric];
    return found.every((comparison) => comparison === undefined)
      ? []
      : [
          [
            name,
            write(base),
            ...found.map((comparison) => (comparison ? difference(comparison, base) : noValue)),
          ],
        ];
  });
  return table({
    caption: markup`Against <b>${first.name}</b>. Intervals of the differences are 95 %, paired: the same utterances are drawn for both runs. A difference without an arrow may be chance.${notes}`,
    columns: [{ name: "Metric" }, ...[first, ...others].map(({ name }) => ({ name, isNumber: true }))],
    rows,
  });
}

/** @param base the value of the first run over all of its utterances, which may be more than both have */
function difference(
  { metric, first, second, difference, significant }: MetricComparison,
  base: number | null,
): Markup {
  const better = difference.value < 0 === (metricDefinitions[metric].better === "lower");
  const value = signedDecimal(difference.value);
  const verdict = !significant
    ? markup`${value}`
    : better
      ? markup`<span class="good">▲ ${value} better</span>`
      : markup`<span class="bad">▼ ${value} worse</span>`;
  const { write } = metricTexts[metric];
  return markup`${first !== base && `${write(first)} → `}${write(second)}<br>${verdict}<span class="interval">${decimal(difference.low)} to ${decimal(difference.high)}</span>`;
}
