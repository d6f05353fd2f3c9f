/**
 * What all charts share: series with their colours and marks, axes, the legend, and the style that makes an SVG
 * readable in light and dark, within a page or as a file of its own.
 */
import { type SymbolType, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from "d3-shape";
import { type Markup, markup } from "./markup.ts";

/** A measured value; with an interval where one is known. */
export interface Point {
  x: number;
  y: number;
  low?: number;
  high?: number;
}

export interface Series {
  name: string;
  points: readonly Point[];
  /** A value to compare with, drawn as a dashed line across the chart. */
  baseline?: number;
}

export interface ChartText {
  /** What the chart shows, in a few words. */
  title: string;
  /** The same in a sentence or two, with the numbers that matter, for those who do not see it. */
  description: string;
}

/** Marks differ besides colours, for readers who do not tell the colours apart and for print. */
const MARKS: readonly SymbolType[] = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];

/** How many series have a colour of their own; further ones begin again. */
export const seriesColours = 6;

/** The mark of a series at a place in the chart. */
export function seriesMark(index: number, x: number, y: number, size = 52): Markup {
  const path = symbol(MARKS[index % MARKS.length], size)() ?? "";
  return markup`<path class="mark s${index % seriesColours}" transform="translate(${round(x)} ${round(y)})" d="${path}"/>`;
}

/** Names of the series with their marks, in rows that fit the width. */
export function legend(
  names: readonly string[],
  left: number,
  top: number,
  width: number,
): { items: Markup[]; height: number } {
  if (names.length < 2) return { items: [], height: 0 };
  let x = 0;
  let row = 0;
  const items = names.map((name, index) => {
    const itemWidth = 26 + textWidth(name);
    if (x > 0 && x + itemWidth > width) {
      x = 0;
      row++;
    }
    const item = markup`${seriesMark(index, left + x + 6, top + row * 18 + 6)}<text x="${left + x + 16}" y="${top + row * 18 + 10}">${name}</text>`;
    x += itemWidth;
    return item;
  });
  return { items, height: (row + 1) * 18 + 8 };
}

/** About how wide a text stands in the chart's font of 12 pixels. */
export function textWidth(text: string): number {
  return text.length * 7;
}

/** Coordinates with one decimal: a tenth of a pixel is not seen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The SVG element around a chart. `id` must be unique in the page. */
export function chartFrame(
  id: string,
  { title, description }: ChartText,
  width: number,
  height: number,
  content: readonly Markup[],
): Markup {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-text"><title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>${content}</svg>`;
}

/** An SVG that stands alone as a file: the chart with its title written above it, and the style within. */
export function standaloneSvg(chart: Markup): string {
  const style = `<style>${chartColours}@media screen and (prefers-color-scheme:dark){${darkChartColours}}${chartStyle}</style>`;
  return `${chart.source.replace(/(<svg[^>]*>)/, `$1${style}`)}\n`;
}

/** Okabe and Ito's colours, which most readers with colour-blindness tell apart, darkened for a white ground. */
export const chartColours =
  ":root{--ink:#1c1b19;--faint:#6a675f;--rule:#dedbd3;--paper:#fff;--c0:#0062a3;--c1:#c04f00;--c2:#00795a;--c3:#a8397f;--c4:#8a6500;--c5:#44546a}";

export const darkChartColours =
  ":root{--ink:#ece9e2;--faint:#a5a198;--rule:#3b3935;--paper:#171614;--c0:#56b4e9;--c1:#f08c3c;--c2:#2fc39b;--c3:#e58cc0;--c4:#e0b83a;--c5:#a9b8cc}";

export const chartStyle =
  ".chart{font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:var(--ink)}" +
  ".chart .faint{fill:var(--faint)}.chart .heading{font-weight:600;font-size:14px}.chart .middle{text-anchor:middle}.chart .end{text-anchor:end}" +
  ".chart .rule{stroke:var(--rule);fill:none}.chart .ideal{stroke:var(--faint);stroke-dasharray:4 4;fill:none}" +
  ".chart .base{fill:none;stroke-dasharray:2 4;stroke-width:1.5}.chart .bubble{fill:var(--c0);fill-opacity:.55;stroke:var(--c0)}.chart .line{fill:none;stroke-width:2}.chart .range{fill:none;stroke-width:1.5;opacity:.55}" +
  Array.from(
    { length: seriesColours },
    (_, index) =>
      `.chart .s${index}.mark{fill:var(--c${index})}.chart .s${index}.line,.chart .s${index}.base,.chart .s${index}.range{stroke:var(--c${index})}`,
  ).join("");
