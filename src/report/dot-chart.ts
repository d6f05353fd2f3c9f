/** Values of several series in named rows, such as the error rate of every model on every data set. */
import { scaleLinear } from "d3-scale";
import {
  type ChartText,
  chartFrame,
  legend,
  round,
  seriesColours,
  seriesMark,
  textWidth,
} from "./chart-parts.ts";
import { type Markup, markup } from "./markup.ts";

/** The value of one series in one row. */
export interface Dot {
  series: string;
  value: number;
  low?: number;
  high?: number;
}

export interface DotRow {
  name: string;
  dots: readonly Dot[];
}

export interface DotChartOptions extends ChartText {
  /** Unique in the page. */
  id: string;
  /** What the numbers are, e.g. `word error rate, %`. */
  valueLabel: string;
}

const WIDTH = 680;

/** A dot chart as SVG with its title above: a line for every row and series, a dot at the value, its interval behind. */
export function dotChart(rows: readonly DotRow[], options: DotChartOptions): Markup {
  const names = [...new Set(rows.flatMap(({ dots }) => dots.map(({ series }) => series)))];
  const dots = rows.flatMap((row) => row.dots);
  const labelWidth = Math.max(...rows.map(({ name }) => textWidth(name)), 40) + 12;
  const key = legend(names, 0, 28, WIDTH);
  const lineHeight = 15;
  const top = 34 + key.height;
  const heights = rows.map((row) => Math.max(row.dots.length, 1) * lineHeight + 12);
  const bottom = top + heights.reduce((sum, height) => sum + height, 0);
  const x = scaleLinear()
    .domain([0, Math.max(...dots.map(({ value, high }) => high ?? value), 1)])
    .nice(6)
    .range([labelWidth, WIDTH - 20]);

  let rowTop = top;
  const body = rows.map((row, index) => {
    const middle = rowTop + heights[index] / 2;
    const content = [...row.dots]
      .sort((left, right) => names.indexOf(left.series) - names.indexOf(right.series))
      .map(({ series, value, low, high }, line) => {
        const place = names.indexOf(series);
        const y = rowTop + 6 + (line + 0.5) * lineHeight;
        const range =
          low !== undefined &&
          high !== undefined &&
          markup`<path class="range s${place % seriesColours}" d="M${round(x(low))} ${round(y)}H${round(x(high))}"/>`;
        return markup`${range}${seriesMark(place, x(value), y)}`;
      });
    rowTop += heights[index];
    return markup`<path class="rule" d="M0 ${rowTop}H${WIDTH}" /><text x="0" y="${round(middle + 4)}">${row.name}</text>${content}`;
  });
  const ticks = x
    .ticks(6)
    .map(
      (tick) =>
        markup`<path class="rule" d="M${round(x(tick))} ${top}V${bottom}" /><text class="faint middle" x="${round(x(tick))}" y="${bottom + 16}">${tick}</text>`,
    );
  return chartFrame(options.id, options, WIDTH, bottom + 40, [
    markup`<text class="heading" x="0" y="15">${options.title}</text>`,
    ...key.items,
    ...ticks,
    ...body,
    markup`<text class="faint middle" x="${round((labelWidth + WIDTH - 20) / 2)}" y="${bottom + 34}">${options.valueLabel}</text>`,
  ]);
}
