/**
 * Notices when a text ends before the speech does. Search sometimes takes the end of a sentence for the end of all; the
 * word times show it, because speech goes on after the last word.
 */
import type { SpeechWindow } from "../audio/windows.ts";

/** Less speech than this after the end of a sentence is the last word's own end, a breath, or a matter of rounding. */
const leastAfterSentence = 1;
/**
 * The times of long numbers are vague: one token can stand for four digits. So speech after a text that does not end like
 * a sentence must be longer to count.
 */
const leastAfterFragment = 3;
/** Silence that is kept before what was not heard. */
const leadSeconds = 0.2;

const samplesPerSecond = 16_000;

/**
 * @param text what was heard in the window
 * @param lastWordEnd in seconds from the start of the recording; the start of the window when there is no word
 * @returns the rest of the window from where the text ended, or null when nothing is left to hear
 */
export function unheardSpeech(window: SpeechWindow, text: string, lastWordEnd: number): SpeechWindow | null {
  const speech = window.speech
    .filter(({ endSeconds }) => endSeconds > lastWordEnd)
    .map(({ startSeconds, endSeconds }) => ({
      startSeconds: Math.max(startSeconds, lastWordEnd),
      endSeconds,
    }));
  const speechSeconds = speech.reduce(
    (sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds,
    0,
  );
  const least = /[.?!。？！…]["'”’)]*$/.test(text.trim()) ? leastAfterSentence : leastAfterFragment;
  if (speechSeconds < least) return null;
  const startSeconds = Math.max(lastWordEnd, speech[0]!.startSeconds - leadSeconds);
  const offset = Math.round((startSeconds - window.startSeconds) * samplesPerSecond);
  return {
    startSeconds,
    endSeconds: window.endSeconds,
    samples: window.samples.subarray(offset),
    speech,
    speechSeconds,
    precedingSilenceSeconds: speech[0]!.startSeconds - lastWordEnd,
  };
}

/** Whether `more` only says again how `text` ended: then the times were wrong, not the text. */
export function repeatsEnd(text: string, more: string): boolean {
  const spoken = (part: string) => part.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return spoken(text).endsWith(spoken(more));
}
