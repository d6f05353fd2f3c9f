/**
 * Cuts timed text into words and segments.
 */
import type { Segment, Word } from "../transcript/transcript.ts";
import type { ConfidenceCurve } from "./confidence.ts";
import { calibrated } from "./confidence.ts";
import type { TimedText } from "./timed-text.ts";

/** A word and where it stands in the text. */
export interface PlacedWord extends Word {
  readonly from: number;
  readonly to: number;
}

const chineseWords = new Intl.Segmenter("zh", { granularity: "word" });
const runs = /[\p{Script=Han}々〇]+|[^\p{Script=Han}々〇\s]+/gu;
const opening = /^[\p{Ps}\p{Pi}"'¿¡#$£€¥@]+$/u;
const spoken = /[\p{L}\p{N}\p{M}]/u;

/**
 * Words are what stands between spaces; runs of Chinese, which have none, are segmented by ICU's dictionary. Punctuation
 * belongs to the word before it, opening marks to the word after.
 *
 * @param speech stretches of speech in seconds: a word that reaches over the silence between them is cut to one of them
 */
export function wordsOf(
  timed: TimedText,
  curve: ConfidenceCurve,
  speech: readonly { readonly startSeconds: number; readonly endSeconds: number }[] = [],
): PlacedWord[] {
  return wordSpans(timed.text).map(({ from, to }) => {
    const attended = spokenTime(timed, from, to);
    const { start, end } = withinSpeech(attended.start, attended.end, speech);
    const text = timed.text.slice(from, to);
    return { text, start, end, confidence: confidenceOf(timed, from, to, curve), from, to };
  });
}

function wordSpans(text: string): { from: number; to: number }[] {
  const pieces: { from: number; to: number }[] = [];
  for (const run of text.matchAll(runs)) {
    if (/^[\p{Script=Han}々〇]/u.test(run[0])) {
      for (const { segment, index } of chineseWords.segment(run[0])) {
        pieces.push({ from: run.index + index, to: run.index + index + segment.length });
      }
    } else pieces.push({ from: run.index, to: run.index + run[0].length });
  }
  const words: { from: number; to: number }[] = [];
  let carried: number | null = null;
  for (const { from, to } of pieces) {
    const piece = text.slice(from, to);
    const before = words.at(-1);
    if (opening.test(piece)) carried ??= from;
    else if (!spoken.test(piece) && before && carried === null && before.to === from) before.to = to;
    else {
      words.push({ from: carried ?? from, to });
      carried = null;
    }
  }
  const last = words.at(-1);
  if (carried !== null) {
    const end = text.trimEnd().length;
    if (last) last.to = end;
    else words.push({ from: carried, to: end });
  }
  return words;
}

/** From the first to the last character that is spoken; punctuation has no time of its own. */
function spokenTime(timed: TimedText, from: number, to: number): { start: number; end: number } {
  let first = from;
  let last = to - 1;
  while (first < last && !spoken.test(timed.text[first]!)) first++;
  while (last > first && !spoken.test(timed.text[last]!)) last--;
  return { start: timed.start[first]!, end: Math.max(timed.start[first]!, timed.end[last]!) };
}

/**
 * Attention gives the silence between two words to one of them. A word that reaches over a silence is left with the
 * stretch of speech that holds most of it.
 */
function withinSpeech(
  start: number,
  end: number,
  speech: readonly { readonly startSeconds: number; readonly endSeconds: number }[],
): { start: number; end: number } {
  let best = { start, end };
  let longest = 0;
  for (const { startSeconds, endSeconds } of speech) {
    const [from, to] = [Math.max(start, startSeconds), Math.min(end, endSeconds)];
    if (to - from > longest) {
      longest = to - from;
      best = { start: from, end: to };
    }
  }
  return best;
}

function confidenceOf(timed: TimedText, from: number, to: number, curve: ConfidenceCurve): number {
  let lowest = 0;
  for (let i = from; i < to; i++) {
    if (spoken.test(timed.text[i]!)) lowest = Math.min(lowest, timed.logProbability[i]!);
  }
  return calibrated(lowest, curve);
}

/** Words after which a full stop ends no sentence. */
const abbreviations =
  /(?:^|[\s("'])(?:Mr|Mrs|Ms|Dr|St|Prof|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Jr|Sr|vs|etc|e\.g|i\.e|cf|Fig|No|[A-Z])\.$/;
const sentenceEnd = /[.?!。？！…]["'”’)\]]*$/;
/** A pause of this length ends a segment also inside a sentence. */
const longPauseSeconds = 1.5;

/**
 * Groups words into segments: sentences, cut also at long pauses.
 *
 * @param withWords whether the segments carry their words
 */
export function segmentsOf(text: string, words: readonly PlacedWord[], withWords: boolean): Segment[] {
  const segments: Segment[] = [];
  let first = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const next = words[i + 1];
    const soFar = text.slice(words[first]!.from, word.to);
    const ends = sentenceEnd.test(soFar) && !abbreviations.test(soFar);
    if (next && !ends && next.start - word.end < longPauseSeconds) continue;
    const group = words.slice(first, i + 1);
    segments.push({
      start: group[0]!.start,
      end: group.at(-1)!.end,
      text: soFar,
      confidence: group.reduce((sum, { confidence }) => sum + confidence, 0) / group.length,
      words: withWords
        ? group.map(({ start, end, text, confidence }) => ({ start, end, text, confidence }))
        : [],
    });
    first = i + 1;
  }
  return segments;
}
