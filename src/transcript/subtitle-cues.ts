/**
 * Subtitles by the usual rules of the trade (Netflix Timed Text Style Guides, BBC Subtitle Guidelines): at most two
 * lines, balanced and broken at phrases; long enough on screen to be read, never overlapping.
 *
 * Where to cut is chosen for the whole recording at once, as the path of least cost (dynamic programming), because
 * a greedy cut leaves single words behind. The costs are in arbitrary units and only their order matters.
 */
import type { Transcript } from "./transcript.ts";
import { displayWidth } from "../text/scripts.ts";
import { subtitleUnits, type SubtitleUnit } from "./subtitle-units.ts";

/** One subtitle. Times are whole milliseconds; a cue ends before the next begins. */
export interface SubtitleCue {
  startMilliseconds: number;
  endMilliseconds: number;
  /** One or two lines of plain text. */
  lines: string[];
}

/** What the rules allow. */
export const subtitleLimits = {
  linesPerCue: 2,
  /** Columns of a line; a wide (East Asian) character takes two. */
  columnsPerLine: 42,
  /** The same where most characters are wide: 16 Chinese characters. */
  wideColumnsPerLine: 32,
  /** Reading speed that the cue's time is stretched to, in columns: 17 Latin or 8.5 Chinese characters a second. */
  columnsPerSecond: 17,
  minimumMilliseconds: 833,
  maximumMilliseconds: 7000,
  /** Two frames at 24 frames a second, so that the eye sees the change. */
  gapMilliseconds: 83,
  /** A cue is held on until the next when the pause between them is no longer than this. */
  bridgedPauseMilliseconds: 500,
  /** A silence longer than this never lies inside a cue. */
  longestInnerPauseMilliseconds: 2000,
} as const;

/** The subtitles of a transcript, from its word times where it has them. Every word stands in exactly one cue. */
export function subtitleCues(transcript: Transcript): SubtitleCue[] {
  const columns = columnsPerLineFor(transcript);
  const units = subtitleUnits(transcript, columns);
  if (units.length === 0) return [];
  const cues = cutIntoCues(units, columns);
  setTimes(cues, transcript.durationSeconds * 1000);
  return cues;
}

function columnsPerLineFor(transcript: Transcript): number {
  const text = transcript.segments
    .map((segment) => segment.text)
    .join("")
    .replace(/\s/g, "");
  const characters = Array.from(text).length;
  const wide = displayWidth(text) - characters;
  return wide > characters / 2 ? subtitleLimits.wideColumnsPerLine : subtitleLimits.columnsPerLine;
}

/** The cuts of least total cost; cue times are still those of the words. */
function cutIntoCues(units: readonly SubtitleUnit[], columns: number): SubtitleCue[] {
  // best[end] is the cheapest way to cut the units before `end`; the last cue of it begins at from[end].
  const best = [0];
  const from = [0];
  for (let end = 1; end <= units.length; end++) {
    best[end] = Infinity;
    let width = 0;
    for (let start = end - 1; start >= 0; start--) {
      width += units[start].width + (units[start].spaceBefore ? 1 : 0);
      if (width > columns * subtitleLimits.linesPerCue + 1) break;
      const cost = best[start] + cueCost(units, start, end, columns);
      if (cost < best[end]) {
        best[end] = cost;
        from[end] = start;
      }
    }
  }
  const cues: SubtitleCue[] = [];
  for (let end = units.length; end > 0; end = from[end]) {
    const cueUnits = units.slice(from[end], end);
    const lineBreak = bestLineBreak(cueUnits, columns).at;
    const lines = lineBreak === null ? [cueUnits] : [cueUnits.slice(0, lineBreak), cueUnits.slice(lineBreak)];
    cues.push({
      startMilliseconds: cueUnits[0].startMilliseconds,
      endMilliseconds: Math.max(...cueUnits.map((unit) => unit.endMilliseconds)),
      lines: lines.map((line) =>
        line.map((unit, i) => (i > 0 && unit.spaceBefore ? " " : "") + unit.text).join(""),
      ),
    });
  }
  return cues.reverse();
}

/** What it costs to show units `start` to `end` (exclusive) together; Infinity when the rules forbid it. */
function cueCost(units: readonly SubtitleUnit[], start: number, end: number, columns: number): number {
  const cueUnits = units.slice(start, end);
  const first = cueUnits[0];
  const last = cueUnits[cueUnits.length - 1];
  const next = units[end] as SubtitleUnit | undefined;
  const isLonely = cueUnits.length === 1;
  if (!isLonely && last.endMilliseconds - first.startMilliseconds > subtitleLimits.maximumMilliseconds)
    return Infinity;

  const lineBreak = bestLineBreak(cueUnits, columns);
  if (lineBreak.cost === Infinity) return Infinity;

  let cost = 6 + lineBreak.cost / 2;
  for (let i = 1; i < cueUnits.length; i++) {
    const pause = cueUnits[i].startMilliseconds - cueUnits[i - 1].endMilliseconds;
    if (pause > subtitleLimits.longestInnerPauseMilliseconds) return Infinity;
    if (pause > subtitleLimits.bridgedPauseMilliseconds) cost += pause / 100;
    if (endsSentence(cueUnits[i - 1].text)) cost += 7;
  }

  const width = widthOf(cueUnits);
  if (width < 12) cost += (12 - width) / 2;
  if (next === undefined) return cost;
  cost += 1.5 * breakCost(last, next);
  const room = next.startMilliseconds - subtitleLimits.gapMilliseconds - first.startMilliseconds;
  const available = Math.min(room, subtitleLimits.maximumMilliseconds);
  const needed = (width / subtitleLimits.columnsPerSecond) * 1000;
  if (needed > available) cost += (needed - available) / 100;
  if (available < subtitleLimits.minimumMilliseconds) {
    cost += 30 * (1 - available / subtitleLimits.minimumMilliseconds);
  }
  return cost;
}

/** The best place to break a cue into two lines: `at` is null when one line holds it. */
function bestLineBreak(units: readonly SubtitleUnit[], columns: number): { at: number | null; cost: number } {
  const width = widthOf(units);
  if (width <= columns) return { at: null, cost: 0 };
  let best: { at: number | null; cost: number } = { at: null, cost: Infinity };
  let left = 0;
  for (let at = 1; at < units.length; at++) {
    const unit = units[at - 1];
    left += unit.width + (at > 1 && unit.spaceBefore ? 1 : 0);
    const right = width - left - (units[at].spaceBefore ? 1 : 0);
    if (left > columns) break;
    if (right > columns) continue;
    const cost = (10 * Math.abs(left - right)) / columns + breakCost(unit, units[at]);
    if (cost < best.cost) best = { at, cost };
  }
  return best;
}

function widthOf(units: readonly SubtitleUnit[]): number {
  return units.reduce((sum, unit, i) => sum + unit.width + (i > 0 && unit.spaceBefore ? 1 : 0), 0);
}

/** English words that belong to what follows them. */
const leaning = new Set(
  "a an the of to in on at by for from with and or but nor so as if than that what which who when where because is are was were my your his her its our their".split(
    " ",
  ),
);

/** What it costs to break between two units: nothing after a sentence, most after a word like `the`. */
function breakCost(left: SubtitleUnit, right: SubtitleUnit): number {
  if (endsSentence(left.text)) return 0;
  if (/[,;:，；：、—–-]["'”’」』)）]?$/u.test(left.text)) return 2;
  const pause = right.startMilliseconds - left.endMilliseconds;
  if (pause > subtitleLimits.bridgedPauseMilliseconds) return 2;
  if (leaning.has(left.text.toLowerCase())) return 14;
  return leaning.has(right.text.toLowerCase()) ? 5 : 8;
}

function endsSentence(text: string): boolean {
  return /[.?!…。？！]["'”’」』)）]*$/u.test(text);
}

/**
 * Gives every cue the time it needs to be read, as far as the neighbours, the longest time and the end of the
 * recording allow.
 */
function setTimes(cues: SubtitleCue[], durationMilliseconds: number): void {
  const { gapMilliseconds, minimumMilliseconds, maximumMilliseconds, columnsPerSecond } = subtitleLimits;
  const recordingEnd = Math.max(
    Math.floor(durationMilliseconds),
    ...cues.slice(-1).map((cue) => cue.endMilliseconds),
  );
  let previousEnd = 0;
  for (const [index, cue] of cues.entries()) {
    cue.startMilliseconds = Math.max(cue.startMilliseconds, previousEnd);
    const start = cue.startMilliseconds;
    const nextStart = cues[index + 1]?.startMilliseconds;
    // Between cues that follow each other faster than any rule allows, the gap shrinks with them.
    const latest =
      nextStart === undefined
        ? recordingEnd
        : nextStart - Math.min(gapMilliseconds, Math.max(0, Math.floor((nextStart - start) / 4)));
    const columns = cue.lines.reduce((sum, line) => sum + displayWidth(line), 0);
    const readable = start + Math.max(minimumMilliseconds, Math.ceil((columns / columnsPerSecond) * 1000));
    let end = Math.max(cue.endMilliseconds, readable);
    if (nextStart !== undefined && nextStart - end <= subtitleLimits.bridgedPauseMilliseconds) end = latest;
    cue.endMilliseconds = Math.max(start + 1, Math.min(end, latest, start + maximumMilliseconds));

    // A last word just before the next speaker's: begin a little early instead.
    const earliest = index === 0 ? 0 : previousEnd + gapMilliseconds;
    const wanted = Math.max(earliest, cue.endMilliseconds - minimumMilliseconds);
    cue.startMilliseconds = Math.min(start, wanted);
    previousEnd = cue.endMilliseconds;
  }
}
