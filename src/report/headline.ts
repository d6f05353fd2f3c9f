/** The numbers that a reader looks for first, with their 95 % intervals. */
import type { RunScore } from "../eval/records.ts";
import { totalErrors } from "../eval/error-rates.ts";
import { type Markup, markup } from "./markup.ts";
import { intervalText, metricTexts, presentMetrics } from "./metric-names.ts";
import { count, counted, decimal } from "./numbers.ts";
import { type Cell, table } from "./table.ts";
import type { NamedRun } from "./utterances.ts";

/** One run: its numbers in large, and what they are made of in a sentence. */
export function headline(run: RunScore): Markup {
  const numbers = presentMetrics([run]).map((name) => {
    const { name: title, meaning, write } = metricTexts[name];
    const interval = intervalText(run, name);
    return markup`<div><dt>${title}</dt><dd><div class="value">${write(run.metrics[name])}</div>${interval !== null && markup`<div class="interval">95 %: ${interval}</div>`}<div class="note">${meaning}</div></dd></div>`;
  });
  return markup`<dl class="headline">${numbers}</dl>${countsSentence(run)}${timesSentence(run)}`;
}

function countsSentence({ counts: { all }, termCounts, run }: RunScore): Markup | null {
  if (all.referenceLength === 0) return null;
  const { referenceOccurrences, recalled, hypothesisOccurrences, correct } = termCounts;
  const terms =
    referenceOccurrences + hypothesisOccurrences === 0
      ? null
      : ` Terms were said ${times(referenceOccurrences)}, ${count(recalled)} of these were heard; ${count(hypothesisOccurrences - correct)} were written where nobody said them${run.settings.terms === "none" ? " (no terms were given)" : ""}.`;
  return markup`<p>Of ${counted(all.referenceLength, "token")} in the references, ${count(all.substitutions)} were taken for others and ${count(all.deletions)} left out; ${count(all.insertions)} were put in. That makes ${counted(totalErrors(all), "error")}.${terms}</p>`;
}

function timesSentence({ segmentTimes }: RunScore): Markup | null {
  if (segmentTimes === null) return null;
  const { measured, segments, medianAbsoluteErrorSeconds, meanAbsoluteErrorSeconds } = segmentTimes;
  return markup`<p>The starts of ${count(measured)} of ${counted(segments, "segment")} could be measured: they are ${decimal(medianAbsoluteErrorSeconds)} s off in the median, ${decimal(meanAbsoluteErrorSeconds)} s in the mean.</p>`;
}

function times(value: number): string {
  return value === 1 ? "once" : `${count(value)} times`;
}

/** Several runs: one row each. */
export function runTable(runs: readonly NamedRun[]): Markup {
  const metrics = presentMetrics(runs.map(({ score }) => score));
  const rows = runs.map(({ name, score }): Cell[] => [
    name,
    count(score.utterances.length),
    ...metrics.map((metric): Cell => {
      const value = score.metrics[metric];
      const interval = intervalText(score, metric);
      return {
        shown: markup`${metricTexts[metric].write(value)}${interval !== null && markup`<span class="interval">${interval}</span>`}`,
        sortBy: value ?? "",
      };
    }),
  ]);
  const numbers = ["Utterances", ...metrics.map((metric) => metricTexts[metric].name)];
  return table({
    caption: "All runs, with 95 % bootstrap intervals by utterance.",
    columns: [{ name: "Run" }, ...numbers.map((name) => ({ name, isNumber: true }))],
    rows,
    sortable: true,
  });
}
