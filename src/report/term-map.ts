/** Draws a map of terms over time as SVG. */
import type { TermMapStretch } from "../retrieval/term-map.ts";
import { type Markup, markup } from "./markup.ts";

const rowHeight = 18;
const pixelsASecond = 80;
const margin = 12;
const axisHeight = 24;
const titleHeight = 22;
/** Less is as good as nothing. */
const leastFit = 0.05;
const letterWidth = 7;
const mostLabelLetters = 32;

/** One panel for each stretch, its terms below one another; what fits better is darker. */
export function drawTermMap(stretches: readonly TermMapStretch[]): string {
  const drawn = stretches.filter(({ rows }) => rows.length > 0);
  const names = drawn.flatMap(({ rows }) => rows.map(({ term }) => shortened(term).length));
  const left = margin + letterWidth * Math.max(8, ...names);
  const seconds = ({ rows, placeSeconds }: TermMapStretch) => rows[0]!.fits.length * placeSeconds;
  const width = left + pixelsASecond * Math.max(1, ...drawn.map(seconds)) + margin;
  const panels: Markup[] = [];
  let top = margin;
  for (const stretch of drawn) {
    panels.push(panel(stretch, left, top));
    top += titleHeight + stretch.rows.length * rowHeight + axisHeight + margin;
  }
  if (drawn.length === 0) {
    panels.push(markup`<text x="${margin}" y="${top + rowHeight}">No term was found.</text>`);
    top += rowHeight + margin;
  }
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(top)}" font-family="system-ui, sans-serif" font-size="12">
<title>Terms over time</title>
<rect width="100%" height="100%" fill="#fff"/>
${panels}
</svg>`.source
  }\n`;
}

function panel({ start, placeSeconds, rows }: TermMapStretch, left: number, top: number): Markup {
  const places = rows[0]!.fits.length;
  const end = start + places * placeSeconds;
  const body = top + titleHeight;
  const bottom = body + rows.length * rowHeight;
  const x = (second: number) => Math.round(10 * (left + pixelsASecond * (second - start))) / 10;
  const lines = rows.map(({ term, fits }, row) => {
    const y = body + row * rowHeight;
    const cells = runsOf(fits).map(
      ({ from, to, fit }) =>
        markup`<rect x="${x(start + from * placeSeconds)}" y="${y + 2}" width="${Math.max(1, x(start + to * placeSeconds) - x(start + from * placeSeconds))}" height="${rowHeight - 4}" fill="#1d4ed8" fill-opacity="${fit.toFixed(2)}"/>`,
    );
    return markup`<text x="${left - 6}" y="${y + rowHeight - 5}" text-anchor="end"><title>${term}</title>${shortened(term)}</text>${cells}`;
  });
  const ticks = Array.from(
    { length: Math.floor(end) - Math.ceil(start) + 1 },
    (_, i) => Math.ceil(start) + i,
  );
  return markup`<g><text x="${left}" y="${top + 14}" font-weight="600">${start.toFixed(1)} s to ${end.toFixed(1)} s</text>
<rect x="${left}" y="${body}" width="${Math.round(pixelsASecond * places * placeSeconds)}" height="${bottom - body}" fill="#f3f4f6"/>
${lines}
${ticks.map((second) => markup`<text x="${x(second)}" y="${bottom + 16}" text-anchor="middle" fill="#4b5563">${second}</text>`)}</g>
`;
}

/** Neighbouring places that fit about as well, as one. */
function runsOf(fits: Float32Array): { from: number; to: number; fit: number }[] {
  const runs: { from: number; to: number; fit: number }[] = [];
  for (const [place, value] of fits.entries()) {
    const fit = Math.round(20 * value) / 20;
    const last = runs.at(-1);
    if (fit < leastFit) continue;
    if (last && last.to === place && last.fit === fit) last.to++;
    else runs.push({ from: place, to: place + 1, fit });
  }
  return runs;
}

function shortened(term: string): string {
  return term.length > mostLabelLetters ? `${term.slice(0, mostLabelLetters - 1)}…` : term;
}
