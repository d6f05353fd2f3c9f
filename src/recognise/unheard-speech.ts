/**
 * Notices when a text ends before the speech does. Search sometimes takes the end of a sentence for the end of all; the
 * word times show it, because speech goes on after the last word.
 */
import type { SpeechWindow } from "../audio/windows.ts";

/** Less speech than this after the last word is its own end, a breath, or a matter of rounding. */
const leastUnheardSeconds = 1;
/** Silence that is kept before what was not heard. */
const leadSeconds = 0.2;

const samplesPerSecond = 16_000;

/**
 * @param lastWordEnd in seconds from the start of the recording; the start of the window when there is no word
 * @returns the rest of the window from where the text ended, or null when nothing is left to hear
 */
export function unheardSpeech(window: SpeechWindow, lastWordEnd: number): SpeechWindow | null {
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
  if (speechSeconds < leastUnheardSeconds) return null;
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
