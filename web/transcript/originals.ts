/** Which parts of a corrected transcript stand as they were recognised. */
import { joinTexts } from "../../src/transcript/text-flow.ts";
import type { Segment } from "../../src/transcript/transcript.ts";

/** The segments, with the recognised ones themselves in the place of those that equal them. */
export function withOriginals(segments: readonly Segment[], originals: readonly Segment[]): Segment[] {
  const byKey = new Map(originals.map((segment) => [keyOf(segment), segment]));
  return segments.map((segment) => byKey.get(keyOf(segment)) ?? segment);
}

function keyOf({ start, end, text }: Segment): string {
  return `${start} ${end} ${text}`;
}

/** What was recognised in a stretch of time: the text of the words whose middle lies in it. */
export function originalText(originals: readonly Segment[], start: number, end: number): string {
  const texts: string[] = [];
  for (const segment of originals) {
    if (segment.end < start || segment.start > end) continue;
    const isIn = (part: { start: number; end: number }) => {
      const middle = (part.start + part.end) / 2;
      return middle >= start && middle <= end;
    };
    if (segment.words.length > 0) texts.push(...segment.words.filter(isIn).map((word) => word.text));
    else if (isIn(segment)) texts.push(segment.text);
  }
  return joinTexts(texts);
}
