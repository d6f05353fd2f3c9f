/** Runs over the same utterances against the first of them, with paired intervals of the differences. */
import { type RunComparison, compareRuns } from "../eval/compare-runs.ts";
import { metricDefinitions } from "../eval/metric-definitions.ts";
import type { MetricComparison } from "../eval/records.ts";
import { type Markup, markup } from "./markup.ts";
import { metricTexts } from "./metric-names.ts";
import { count, counted, decimal, signedDecimal } from "./numbers.ts";
import { table } from "./table.ts";
import type { NamedRun } from "./utterances.ts";

/**
 * A table of differences for every run but the first.
 *
 * @throws GlossaError `invalid-argument` when the runs share no utterance or disagree about a reference
 */
export function comparisons([first, ...others]: readonly NamedRun[]): Markup {
  return markup`${others.map((other) => differenceTable(first, other, compareRuns(first.score, other.score)))}`;
}

function differenceTable(first: NamedRun, second: NamedRun, comparison: RunComparison): Markup {
  const { metrics, matched, onlyFirst, onlySecond } = comparison;
  const left = onlyFirst.length + onlySecond.length;
  const caption = markup`<b>${second.name}</b> against <b>${first.name}</b>, over ${counted(matched, "utterance")} that both have${left > 0 && ` (${count(onlyFirst.length)} and ${count(onlySecond.length)} that only one has are left out)`}. Intervals are paired: the same utterances are drawn for both runs.`;
  return table({
    caption,
    columns: [
      { name: "Metric" },
      { name: first.name, isNumber: true },
      { name: second.name, isNumber: true },
      { name: "Difference", isNumber: true },
      { name: "Verdict" },
    ],
    rows: metrics.map((comparison) => {
      const { metric, difference } = comparison;
      const { name, write } = metricTexts[metric];
      return [
        name,
        write(comparison.first),
        write(comparison.second),
        markup`${signedDecimal(difference.value)}<span class="interval">${decimal(difference.low)} to ${decimal(difference.high)}</span>`,
        verdict(comparison),
      ];
    }),
  });
}

function verdict({ metric, difference, significant }: MetricComparison): Markup {
  if (!significant) return markup`<span class="note">not significant</span>`;
  const better = difference.value < 0 === (metricDefinitions[metric].better === "lower");
  return better ? markup`<span class="good">▲ better</span>` : markup`<span class="bad">▼ worse</span>`;
}
