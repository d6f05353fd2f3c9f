/** Two transcripts of the same recording, side by side: rows of the same stretch, with what differs marked. */
import { alignTokens } from "../../src/eval/align.ts";
import { needsSpaceBetween, splitIntoWords } from "../../src/transcript/text-flow.ts";
import type { Segment, Transcript } from "../../src/transcript/transcript.ts";

/** A piece of text that both have, or only one. */
export interface Piece {
  text: string;
  differs: boolean;
  spaceBefore: boolean;
  /** Start in seconds. */
  start: number;
}

export interface ComparisonRow {
  start: number;
  left: Piece[];
  right: Piece[];
  differs: boolean;
}

export interface Comparison {
  rows: ComparisonRow[];
  /** Words that only one side has, or that both write in another way. */
  differences: number;
}

interface Token {
  text: string;
  plain: string;
  start: number;
  /** Index of the segment on its side. */
  segment: number;
}

/** Rows are the segments of the left transcript; words of the right stand where they are aligned. */
export function compareTranscripts(left: Transcript, right: Transcript): Comparison {
  const leftTokens = tokensOf(left.segments, left.language);
  const rightTokens = tokensOf(right.segments, right.language);
  const steps = alignTokens(
    leftTokens.map((token) => token.plain),
    rightTokens.map((token) => token.plain),
  );
  const rows: ComparisonRow[] = left.segments.map(({ start }) => ({
    start,
    left: [],
    right: [],
    differs: false,
  }));
  if (rows.length === 0)
    rows.push({ start: right.segments[0]?.start ?? 0, left: [], right: [], differs: false });
  let differences = 0;
  let row = 0;
  for (const { kind, referenceIndex, hypothesisIndex } of steps) {
    const leftToken = kind === "insertion" ? null : leftTokens[referenceIndex]!;
    const rightToken = kind === "deletion" ? null : rightTokens[hypothesisIndex]!;
    if (leftToken) row = leftToken.segment;
    // What stands before all of the next segment's words may belong to it by its time.
    else if (rightToken && row + 1 < rows.length && rightToken.start >= rows[row + 1]!.start) row++;
    // Spelling counts: context is there to get it right.
    const differs = leftToken?.text !== rightToken?.text;
    if (differs) differences++;
    rows[row]!.differs ||= differs;
    if (leftToken) append(rows[row]!.left, leftToken, differs);
    if (rightToken) append(rows[row]!.right, rightToken, differs);
  }
  return { rows, differences };
}

function append(pieces: Piece[], { text, start }: Token, differs: boolean): void {
  const last = pieces.at(-1);
  const spaceBefore = last !== undefined && needsSpaceBetween(last.text, text);
  if (last && last.differs === differs) last.text += spaceBefore ? ` ${text}` : text;
  else pieces.push({ text, differs, spaceBefore, start });
}

function tokensOf(segments: readonly Segment[], language: string): Token[] {
  return segments.flatMap(({ text, words, start }, segment) => {
    const parts =
      words.length > 0 ? words : splitIntoWords(text, language).map((word) => ({ text: word.text, start }));
    return parts.flatMap((part) => {
      // Recognisers cut scripts without spaces in different places: there, by character.
      const pieces = /\p{Script=Han}/u.test(part.text) ? Array.from(part.text) : [part.text];
      return pieces.map((piece) => ({ text: piece, plain: plain(piece), start: part.start, segment }));
    });
  });
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, "") || text;
}
