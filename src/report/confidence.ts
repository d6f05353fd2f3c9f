/** Whether confidences mean what they say: the reliability diagram and its table. */
import { scaleLinear } from "d3-scale";
import type { CalibrationReport } from "../eval/calibration.ts";
import { chartFrame, round } from "./chart-parts.ts";
import { type Markup, markup } from "./markup.ts";
import { count, decimal, percent } from "./numbers.ts";
import { table } from "./table.ts";

const SIZE = 400;

export function confidence(calibration: CalibrationReport, id: string): Markup {
  const { bins, ece, words } = calibration;
  const used = bins.filter((bin) => bin.words > 0);
  const rows = used.map(({ low, high, words, meanConfidence, accuracy }) => [
    `${decimal(low, 1)} to ${decimal(high, 1)}`,
    count(words),
    percent(100 * meanConfidence!, 1),
    percent(100 * accuracy!, 1),
  ]);
  return markup`<div class="figures"><figure><figcaption><strong>Confidence and truth</strong>Of the words that were said to be right with a confidence of 0.9, nine in ten should be. On the dashed line they are. The area of a dot is the number of words; the expected calibration error is ${decimal(ece, 2)} points over ${count(words)} words.</figcaption>${reliabilityDiagram(calibration, id)}</figure>${table(
    {
      caption: "Words by their confidence.",
      columns: [
        { name: "Confidence" },
        { name: "Words", isNumber: true },
        { name: "Mean confidence", isNumber: true },
        { name: "Right", isNumber: true },
      ],
      rows,
    },
  )}</div>`;
}

/** The share of right words over the mean confidence of every bin (DeGroot & Fienberg 1983). */
export function reliabilityDiagram({ bins, words: all, ece }: CalibrationReport, id: string): Markup {
  const x = scaleLinear()
    .domain([0, 1])
    .range([44, SIZE - 20]);
  const y = scaleLinear()
    .domain([0, 1])
    .range([SIZE - 44, 22]);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (tick) =>
      markup`<path class="rule" d="M${x(0)} ${round(y(tick))}H${x(1)}"/><text class="faint end" x="${x(0) - 6}" y="${round(y(tick) + 4)}">${100 * tick}</text><text class="faint middle" x="${round(x(tick))}" y="${y(0) + 17}">${tick}</text>`,
  );
  const dots = bins.flatMap(({ words, meanConfidence, accuracy }) => {
    if (meanConfidence === null || accuracy === null) return [];
    const radius = Math.max(3, 18 * Math.sqrt(words / all));
    const [atX, atY] = [round(x(meanConfidence)), round(y(accuracy))];
    return [
      markup`<path class="line s0" d="M${atX} ${round(y(meanConfidence))}V${atY}"/><circle class="bubble" cx="${atX}" cy="${atY}" r="${round(radius)}"/>`,
    ];
  });
  const title = "Reliability diagram";
  const description = `Share of right words over their confidence; expected calibration error ${ece.toFixed(2)} points.`;
  return chartFrame(id, { title, description }, SIZE, SIZE, [
    markup`<text class="faint" x="0" y="12">right, %</text>`,
    ...grid,
    markup`<path class="ideal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`,
    ...dots,
    markup`<text class="faint middle" x="${(x(0) + x(1)) / 2}" y="${SIZE - 8}">mean confidence</text>`,
  ]);
}
