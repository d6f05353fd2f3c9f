/**
 * The unbreakable pieces that subtitles are made of: usually a word with its punctuation, each with its times.
 */
import { displayWidth } from "../text/scripts.ts";
import type { Segment, Transcript } from "./transcript.ts";
import { canBreakBetween, needsSpaceBetween, splitByWidth, splitIntoWords, toOneLine } from "./text-flow.ts";

/** Text that stands on one line. Times are milliseconds, whole, and never run backwards. */
export interface SubtitleUnit {
  text: string;
  /** Whether a space stands before it when it does not begin a line. */
  spaceBefore: boolean;
  startMilliseconds: number;
  endMilliseconds: number;
  /** Width in columns. */
  width: number;
}

/** The units of a transcript in order. A word that is wider than a line is cut. */
export function subtitleUnits(transcript: Transcript, columnsPerLine: number): SubtitleUnit[] {
  const units: SubtitleUnit[] = [];
  for (const segment of transcript.segments) {
    for (const [index, unit] of segmentUnits(segment, transcript.language).entries()) {
      const previous = units.at(-1);
      if (previous === undefined) {
        units.push({ ...unit, spaceBefore: false });
        continue;
      }
      const spaceBefore = index === 0 ? needsSpaceBetween(previous.text, unit.text) : unit.spaceBefore;
      if (canBreakBetween(previous.text, unit.text, spaceBefore)) units.push({ ...unit, spaceBefore });
      else {
        previous.text += spaceBefore ? ` ${unit.text}` : unit.text;
        previous.endMilliseconds = Math.max(previous.endMilliseconds, unit.endMilliseconds);
      }
    }
  }
  let lastStart = 0;
  for (const unit of units) {
    unit.startMilliseconds = Math.max(unit.startMilliseconds, lastStart);
    unit.endMilliseconds = Math.max(unit.endMilliseconds, unit.startMilliseconds);
    unit.width = displayWidth(unit.text);
    lastStart = unit.startMilliseconds;
  }
  return units.flatMap((unit) => (unit.width > columnsPerLine ? cutUnit(unit, columnsPerLine) : [unit]));
}

function segmentUnits(segment: Segment, language: string): SubtitleUnit[] {
  const units: SubtitleUnit[] = [];
  let position = 0;
  for (const word of segment.words) {
    const text = toOneLine(word.text);
    if (text === "") continue;
    const found = segment.text.indexOf(word.text, position);
    const spaceBefore =
      found >= 0
        ? /\s/.test(segment.text.slice(position, found))
        : needsSpaceBetween(units.at(-1)?.text ?? "", text);
    if (found >= 0) position = found + word.text.length;
    units.push(makeUnit(text, spaceBefore, word.start * 1000, word.end * 1000));
  }
  return units.length > 0 ? units : proportionalUnits(segment, language);
}

/** Without word times, every word gets a share of the segment's time by its width. */
function proportionalUnits(segment: Segment, language: string): SubtitleUnit[] {
  const words = splitIntoWords(segment.text, language);
  return shareTime(words, segment.start * 1000, segment.end * 1000);
}

function cutUnit(unit: SubtitleUnit, columns: number): SubtitleUnit[] {
  const pieces = splitByWidth(unit.text, columns).map((text, index) => ({
    text,
    spaceBefore: index === 0 && unit.spaceBefore,
  }));
  return shareTime(pieces, unit.startMilliseconds, unit.endMilliseconds);
}

function shareTime(
  texts: readonly { text: string; spaceBefore: boolean }[],
  startMilliseconds: number,
  endMilliseconds: number,
): SubtitleUnit[] {
  const widths = texts.map(({ text }) => displayWidth(text));
  const total = Math.max(
    1,
    widths.reduce((sum, width) => sum + width, 0),
  );
  const duration = endMilliseconds - startMilliseconds;
  let before = 0;
  return texts.map(({ text, spaceBefore }, index) => {
    const start = startMilliseconds + (duration * before) / total;
    before += widths[index];
    return makeUnit(text, spaceBefore, start, startMilliseconds + (duration * before) / total);
  });
}

function makeUnit(text: string, spaceBefore: boolean, start: number, end: number): SubtitleUnit {
  return {
    text,
    spaceBefore,
    startMilliseconds: Math.round(start),
    endMilliseconds: Math.round(end),
    width: displayWidth(text),
  };
}
