/**
 * Notices when a text ends before the speech does, or leaves a sentence out. Search sometimes takes the end of a sentence for the end
 * of all, or, with a prompt, goes on with the sentence after the next; the word times show it, because there is speech without words.
 */
import type { SpeechWindow } from "../audio/windows.ts";

/** Less speech than this after the end of a sentence is the last word's own end, a breath, or a matter of rounding. */
const leastAfterSentence = 1;
/**
 * The times of long numbers are vague: one token can stand for four digits. So speech after a text that does not end like
 * a sentence must be longer to count.
 */
const leastAfterFragment = 3;
/** More speech than this between two words is not a breath or a hesitation: something was skipped. */
const leastSkipped = 1.5;
/** A slow letter, in seconds, and how much slower than the others it must be to be more than that. */
const longestLetter = 0.3;
const slowerThanOthers = 4;
/** Silence that is kept before what was not heard. */
const leadSeconds = 0.2;

const samplesPerSecond = 16_000;

/**
 * @param text what was heard in the window
 * @param lastWordEnd in seconds from the start of the recording; the start of the window when there is no word
 * @returns the rest of the window from where the text ended, or null when nothing is left to hear
 */
export function unheardSpeech(window: SpeechWindow, text: string, lastWordEnd: number): SpeechWindow | null {
  const rest = partOf(window, lastWordEnd, window.endSeconds);
  const least = /[.?!。？！…]["'”’)]*$/.test(text.trim()) ? leastAfterSentence : leastAfterFragment;
  if (rest.speechSeconds < least) return null;
  const startSeconds = Math.max(lastWordEnd, rest.speech[0]!.startSeconds - leadSeconds);
  return {
    ...partOf(window, startSeconds, window.endSeconds),
    precedingSilenceSeconds: rest.precedingSilenceSeconds,
  };
}

/** Speech without words between the words of a text, and before which of them it stands. */
export interface SkippedSpeech {
  readonly window: SpeechWindow;
  readonly beforeWord: number;
}

/**
 * The first stretch of a window in which so much is spoken between two words, or before the first, that nobody says them that slowly.
 *
 * @returns null when there is none
 */
export function skippedSpeech(
  window: SpeechWindow,
  words: readonly { readonly start: number; readonly end: number; readonly text: string }[],
): SkippedSpeech | null {
  const paces = words
    .map(({ start, end, text }) => (end - start) / Math.max(2, text.length))
    .sort((a, b) => a - b);
  const slowest = Math.max(longestLetter, slowerThanOthers * (paces[words.length >> 1] ?? 0));
  let from = window.startSeconds;
  for (const [beforeWord, { start, end, text }] of words.entries()) {
    // A word in which attention had nowhere to go is stretched over what was skipped.
    const isStretched = beforeWord > 0 && end - start > slowest * Math.max(2, text.length);
    const to = isStretched ? end : start;
    const speechSeconds = speechWithin(window, from, to).reduce(
      (sum, part) => sum + part.endSeconds - part.startSeconds,
      0,
    );
    if (speechSeconds >= leastSkipped) {
      return { window: partOf(window, from, to), beforeWord };
    }
    from = Math.max(from, end);
  }
  return null;
}

function speechWithin({ speech }: SpeechWindow, from: number, to: number) {
  return speech
    .filter(({ startSeconds, endSeconds }) => endSeconds > from && startSeconds < to)
    .map(({ startSeconds, endSeconds }) => ({
      startSeconds: Math.max(startSeconds, from),
      endSeconds: Math.min(endSeconds, to),
    }));
}

/** A stretch of a window in which somebody speaks. */
export function partOf(window: SpeechWindow, from: number, to: number): SpeechWindow {
  const at = (seconds: number) => Math.round((seconds - window.startSeconds) * samplesPerSecond);
  const speech = speechWithin(window, from, to);
  return {
    startSeconds: from,
    endSeconds: to,
    samples: window.samples.subarray(at(from), at(to)),
    speech,
    speechSeconds: speech.reduce((sum, part) => sum + part.endSeconds - part.startSeconds, 0),
    precedingSilenceSeconds: (speech[0]?.startSeconds ?? to) - from,
  };
}

/** Whether `more` only says again how `text` ended: then the times were wrong, not the text. */
export function repeatsEnd(text: string, more: string): boolean {
  const spoken = (part: string) => part.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return spoken(text).endsWith(spoken(more));
}
