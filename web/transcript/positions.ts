/** Finding the place in a transcript that belongs to a time, and the words that deserve a look. */
import type { Segment } from "../../src/transcript/transcript.ts";

/** Index of the last element that starts at or before the time; −1 when all start later. */
export function indexAt(parts: readonly { start: number }[], seconds: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (parts[middle]!.start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface WordPlace {
  segment: number;
  word: number;
}

/** Words below this are doubtful: about one in four of them is wrong (docs/confidence.md). */
export const doubtful = 0.75;

/** How much a word is shaded: 0 not at all, 3 the most. */
export function doubtLevel(confidence: number): 0 | 1 | 2 | 3 {
  if (confidence < 0.5) return 3;
  if (confidence < doubtful) return 2;
  return confidence < 0.9 ? 1 : 0;
}

/** The nearest doubtful word after (or before) a place, all round the transcript; null when there is none. */
export function nextDoubtful(
  segments: readonly Segment[],
  from: WordPlace,
  direction: 1 | -1,
): WordPlace | null {
  const count = segments.length;
  for (let step = 0; step <= count; step++) {
    const segment = (((from.segment + step * direction) % count) + count) % count;
    const words = segments[segment]?.words ?? [];
    const order = words.map((_, index) => index);
    if (direction < 0) order.reverse();
    const found = order.find((word) => {
      if (words[word]!.confidence >= doubtful) return false;
      if (step === 0) return (word - from.word) * direction > 0;
      return step < count || (word - from.word) * direction <= 0;
    });
    if (found !== undefined) return { segment, word: found };
  }
  return null;
}

export function countDoubtful(segments: readonly Segment[]): number {
  return segments.reduce(
    (sum, { words }) => sum + words.filter(({ confidence }) => confidence < doubtful).length,
    0,
  );
}
