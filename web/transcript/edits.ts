/**
 * Edits of a transcript's segments as values that can be made, undone and made again. Segments are never changed in
 * place: one that is the same object as before has not been touched.
 */
import { joinTexts, toOneLine } from "../../src/transcript/text-flow.ts";
import type { Segment, Word } from "../../src/transcript/transcript.ts";
import { retimeSegment } from "./retime.ts";

/** Segments from `at` on are replaced by others. */
export interface Change {
  readonly at: number;
  readonly removed: readonly Segment[];
  readonly added: readonly Segment[];
}

/** What one step back takes back: changes with the last place first, so that no place moves before its turn. */
export type Edit = readonly Change[];

type Segments = readonly Segment[];

/** The segments after an edit. */
export function applyEdit(segments: Segments, edit: Edit): Segment[] {
  const result = [...segments];
  for (const { at, removed, added } of edit) result.splice(at, removed.length, ...added);
  return result;
}

/** The edit that takes another one back. */
export function inverseOf(edit: Edit): Edit {
  return edit.toReversed().map(({ at, removed, added }) => ({ at, removed: added, added: removed }));
}

/** Writes another text into a segment; an empty one removes the segment. Null when nothing changes. */
export function setText(segments: Segments, index: number, text: string, language: string): Edit | null {
  const segment = segments[index]!;
  if (toOneLine(text) === "") return [{ at: index, removed: [segment], added: [] }];
  const changed = retimeSegment(segment, text, language);
  return changed === segment ? null : [{ at: index, removed: [segment], added: [changed] }];
}

/** Cuts a segment in two before the character at `offset` of `text`, which becomes its text. Null at either end. */
export function splitSegment(
  segments: Segments,
  index: number,
  text: string,
  offset: number,
  language: string,
): Edit | null {
  const segment = segments[index]!;
  const [left, right] = [toOneLine(text.slice(0, offset)), toOneLine(text.slice(offset))];
  if (left === "" || right === "") return null;
  const whole = retimeSegment(segment, joinTexts([left, right]), language);
  const [before, after] = splitWords(whole.words, left);
  const border =
    whole.words.length === 0
      ? segment.start + ((segment.end - segment.start) * left.length) / (left.length + right.length)
      : null;
  const first = part(segment, left, before, segment.start, border);
  const second = part(segment, right, after, border, segment.end);
  return [{ at: index, removed: [segment], added: [first, second] }];
}

/** Joins a segment with the one before it. Null for the first. */
export function mergeWithPrevious(segments: Segments, index: number): Edit | null {
  const [first, second] = [segments[index - 1], segments[index]];
  if (!first || !second) return null;
  const words = [...first.words, ...second.words];
  const merged: Segment = {
    start: first.start,
    end: second.end,
    text: joinTexts([first.text, second.text]),
    confidence: words.length > 0 ? meanConfidence(words) : Math.min(first.confidence, second.confidence),
    words,
  };
  return [{ at: index - 1, removed: [first, second], added: [merged] }];
}

/** Where a text stands: every occurrence in every segment. */
export function findAll(segments: Segments, query: TextQuery): { segment: number; offset: number }[] {
  const pattern = patternOf(query);
  if (!pattern) return [];
  return segments.flatMap(({ text }, segment) =>
    Array.from(text.matchAll(pattern), (match) => ({ segment, offset: match.index })),
  );
}

export interface TextQuery {
  text: string;
  matchCase: boolean;
  /** Not inside a longer word; without meaning in scripts without spaces. */
  wholeWords: boolean;
}

/** Replaces a text everywhere. Null when it stands nowhere. */
export function replaceAll(
  segments: Segments,
  query: TextQuery,
  replacement: string,
  language: string,
): Edit | null {
  const pattern = patternOf(query);
  if (!pattern) return null;
  const changes = segments.flatMap((segment, index) => {
    const text = segment.text.replace(pattern, () => replacement);
    return text === segment.text ? [] : (setText(segments, index, text, language) ?? []);
  });
  return changes.length === 0 ? null : changes.reverse();
}

function patternOf({ text, matchCase, wholeWords }: TextQuery): RegExp | null {
  const query = toOneLine(text);
  if (query === "") return null;
  const escaped = query.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  // Letters of scripts with spaces only: a Chinese word has no borders to look for.
  const letter = "[\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}\\p{N}]";
  const bounded = wholeWords ? `(?<!${letter})${escaped}(?!${letter})` : escaped;
  return new RegExp(bounded, matchCase ? "gu" : "giu");
}

/** The words of the text at the beginning, and the others; a word that lies across the border is cut in two. */
function splitWords(words: readonly Word[], text: string): [Word[], Word[]] {
  let left = text.replace(/\s/g, "").length;
  for (const [index, word] of words.entries()) {
    if (left === 0) return [words.slice(0, index), words.slice(index)];
    if (left < word.text.length) {
      const border = word.start + ((word.end - word.start) * left) / word.text.length;
      const first = { ...word, end: border, text: word.text.slice(0, left) };
      const second = { ...word, start: border, text: word.text.slice(left) };
      return [
        [...words.slice(0, index), first],
        [second, ...words.slice(index + 1)],
      ];
    }
    left -= word.text.length;
  }
  return [[...words], []];
}

function part(
  whole: Segment,
  text: string,
  words: Word[],
  start: number | null,
  end: number | null,
): Segment {
  return {
    start: start ?? words[0]?.start ?? whole.start,
    end: end ?? words.at(-1)?.end ?? whole.end,
    text,
    confidence: words.length > 0 ? meanConfidence(words) : whole.confidence,
    words,
  };
}

function meanConfidence(words: readonly Word[]): number {
  return words.reduce((sum, word) => sum + word.confidence, 0) / words.length;
}
