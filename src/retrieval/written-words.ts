/**
 * What a first pass wrote, held against terms: at the place of a term, do the sounds fit the term or the written words better? A name
 * that the recogniser did not know is heard in the sounds all the same; a term that merely resembles what was said is not.
 */
import type { CtcLabels } from "./ctc-labels.ts";
import type { HeardWord } from "./heard-words.ts";
import { LabelSpotter } from "./label-spotter.ts";
import { LabelTrie, mostSequenceLabels } from "./label-trie.ts";
import type { LabelScores } from "./letter-head.ts";

/** Words side by side that a term may be held against. */
const mostWords = 3;
/** What was written may have been misheard wholly; it is little, so that it costs nothing to look deep. */
const [floor, floorPerLabel] = [20, 3];
/** Two places are the same when they share this much of all that they cover together. */
const leastShared = 0.6;

/** Where words of a first pass are, and how well they fit. */
export interface WrittenFit {
  /** Logarithm of the likelihood of their labels over that of the best labels at all: at most 0. */
  readonly logRatio: number;
  /** Seconds from the start of the recording. */
  readonly start: number;
  readonly end: number;
}

/**
 * All places where one to three words of a first pass that follow one another fit the sounds.
 *
 * @param scores of the stretch of speech that the words were written for
 * @param placeSeconds how long a place is
 * @param startSeconds where the stretch begins in the recording
 */
export function writtenFits(
  words: readonly HeardWord[],
  { logits, places }: LabelScores,
  labels: CtcLabels,
  placeSeconds: number,
  startSeconds: number,
): WrittenFit[] {
  const sequences = new Map<string, Uint8Array>();
  for (let first = 0; first < words.length; first++) {
    for (let count = 1; count <= mostWords && first + count <= words.length; count++) {
      const encoded = labels.encode(
        words
          .slice(first, first + count)
          .map(({ text }) => text.trim())
          .join(" "),
      );
      if ("problem" in encoded || encoded.labels.length > mostSequenceLabels) continue;
      sequences.set(encoded.labels.join(), Uint8Array.from(encoded.labels));
    }
  }
  if (sequences.size === 0) return [];
  const { letters } = labels;
  const spotter = new LabelSpotter(new LabelTrie([...sequences.values()]), { letters, floor, floorPerLabel });
  return spotter.spot(logits, places, labels.count).map(({ score, start, end }) => ({
    logRatio: score,
    start: startSeconds + start * placeSeconds,
    end: startSeconds + end * placeSeconds,
  }));
}

/**
 * By how much a term at a place fits the sounds better than what was written there, in nats; less than 0 where it fits worse. Null
 * where nothing that was written takes the same place.
 */
export function advantageOver(
  written: readonly WrittenFit[],
  { logRatio, start, end }: WrittenFit,
): number | null {
  let best: number | null = null;
  for (const other of written) {
    const shared = Math.min(end, other.end) - Math.max(start, other.start);
    if (shared < leastShared * (Math.max(end, other.end) - Math.min(start, other.start))) continue;
    if (best === null || other.logRatio > best) best = other.logRatio;
  }
  return best === null ? null : logRatio - best;
}
