/** A metric over a number, such as the length of the glossary: one line a series, with intervals. */
import { scaleLinear, scaleSymlog } from "d3-scale";
import { line } from "d3-shape";
import {
  type ChartText,
  type Point,
  type Series,
  chartFrame,
  legend,
  round,
  seriesColours,
  seriesMark,
} from "./chart-parts.ts";
import { type Markup, markup } from "./markup.ts";
import { count } from "./numbers.ts";

export interface LineChartOptions extends ChartText {
  /** Unique in the page. */
  id: string;
  xLabel: string;
  /** What stands before the numbers of the vertical axis, e.g. `B-WER, %`. */
  yLabel: string;
  /** Upper end of the vertical axis where it is fixed, e.g. 100 for shares. */
  yMaximum?: number;
  /** Write the title into the chart, for charts without a caption beside them. */
  heading?: boolean;
  /** In pixels; the default suits a phone and two charts side by side. */
  width?: number;
  /** Many points along an even axis, such as steps of training: lines without marks, and values may be far below 1. */
  dense?: boolean;
}

const defaultWidth = 420;
const HEIGHT = 280;

/**
 * A line chart as SVG. The horizontal axis is linear up to about 50 and logarithmic beyond: lists of 0, 100 and 2,000
 * terms stand apart; with `dense` it is linear. The vertical axis begins at 0.
 */
export function lineChart(series: readonly Series[], options: LineChartOptions): Markup {
  const { width = defaultWidth } = options;
  const points = series.flatMap(({ points }) => points);
  const sizes = [...new Set(points.map(({ x }) => x))].sort((left, right) => left - right);
  const top = options.heading ? 26 : 4;
  const names = legend(
    series.map(({ name }) => name),
    48,
    top,
    width - 64,
  );
  const area = { left: 48, right: width - 16, top: top + names.height + 25, bottom: HEIGHT - 44 };

  const x = (options.dense ? scaleLinear() : scaleSymlog().constant(50))
    .domain([Math.min(...sizes), Math.max(...sizes)])
    .range([area.left + 12, area.right - 12]);
  const highest =
    options.yMaximum ??
    Math.max(
      ...points.map(({ y, high }) => high ?? y),
      ...series.map(({ baseline }) => baseline ?? 0),
      options.dense ? Number.MIN_VALUE : 1,
    );
  const y = scaleLinear().domain([0, highest]).range([area.bottom, area.top]);
  if (options.yMaximum === undefined) y.nice(5);

  const rows = y
    .ticks(5)
    .map(
      (tick) =>
        markup`<path class="rule" d="M${area.left} ${round(y(tick))}H${area.right}" /><text class="faint end" x="${area.left - 6}" y="${round(y(tick) + 4)}">${tick}</text>`,
    );
  const columns = spaced(
    (options.dense ? x.ticks(6) : sizes).map((size) => ({ size, position: x(size) })),
  ).map(
    ({ size, position }) =>
      markup`<text class="faint middle" x="${round(position)}" y="${area.bottom + 17}">${count(size)}</text>`,
  );
  const drawn = series.map(({ points, baseline }, index) => {
    const colour = `s${index % seriesColours}`;
    const path = line<Point>(
      (point) => round(x(point.x)),
      (point) => round(y(point.y)),
    )([...points].sort((left, right) => left.x - right.x));
    // Series side by side, so that their intervals do not hide each other.
    const shift = (index - (series.length - 1) / 2) * 3;
    const ranges = points.map(
      ({ x: size, low, high }) =>
        low !== undefined &&
        high !== undefined &&
        markup`<path class="range ${colour}" d="M${round(x(size) + shift)} ${round(y(Math.min(low, highest)))}V${round(y(Math.min(high, highest)))}"/>`,
    );
    // A single point is no line.
    const isMarked = !options.dense || points.length === 1;
    const marks = isMarked && points.map((point) => seriesMark(index, x(point.x), y(point.y)));
    const across =
      baseline !== undefined &&
      markup`<path class="base ${colour}" d="M${area.left} ${round(y(baseline))}H${area.right}"/>`;
    return markup`${across}<path class="line ${colour}" d="${path}" />${ranges}${marks}`;
  });
  return chartFrame(options.id, options, width, HEIGHT, [
    markup`${options.heading && markup`<text class="heading" x="0" y="15">${options.title}</text>`}`,
    ...names.items,
    markup`<text class="faint" x="0" y="${area.top - 13}">${options.yLabel}</text>`,
    ...rows,
    ...columns,
    markup`<text class="faint middle" x="${(area.left + area.right) / 2}" y="${HEIGHT - 8}">${options.xLabel}</text>`,
    ...drawn,
  ]);
}

/** Leaves out labels that would touch the one before. */
function spaced<T extends { position: number }>(labels: readonly T[]): T[] {
  const kept: T[] = [];
  for (const label of labels) {
    if (kept.length === 0 || label.position - kept[kept.length - 1].position >= 34) kept.push(label);
  }
  return kept;
}
