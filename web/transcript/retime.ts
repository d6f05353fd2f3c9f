/**
 * Gives the words of a corrected text their times: words that stand as they were keep time and confidence, what was
 * typed shares the time of what it replaces.
 */
import { alignTokens } from "../../src/eval/align.ts";
import { needsSpaceBetween, splitIntoWords, toOneLine } from "../../src/transcript/text-flow.ts";
import type { Segment, Word } from "../../src/transcript/transcript.ts";

/** What a person has read and written is taken to be right. */
const correctedConfidence = 1;

/** A word of the old text that stands in the new one, and where. */
interface Anchor {
  wordIndex: number;
  /** Characters of the new text from `from` to before `to`. */
  from: number;
  to: number;
}

/**
 * The segment with another text. Without word times only the text changes.
 *
 * @param language ISO 639-1, decides where words are cut in scripts without spaces
 */
export function retimeSegment(segment: Segment, text: string, language: string): Segment {
  const corrected = toOneLine(text);
  if (corrected === segment.text) return segment;
  if (segment.words.length === 0) return { ...segment, text: corrected, confidence: correctedConfidence };
  const words = retimeWords(segment, corrected, language);
  const confidence =
    words.length === 0
      ? correctedConfidence
      : words.reduce((sum, word) => sum + word.confidence, 0) / words.length;
  return { ...segment, text: corrected, words, confidence };
}

function retimeWords(segment: Segment, text: string, language: string): Word[] {
  const old = segment.words;
  const result: Word[] = [];
  let position = 0;
  let nextOld = 0;
  const fill = (anchor: Anchor) => {
    const typed = splitIntoWords(text.slice(position, anchor.from), language).map((word) => word.text);
    if (typed.length > 0) {
      const start =
        nextOld < anchor.wordIndex ? old[nextOld]!.start : (old[nextOld - 1]?.end ?? segment.start);
      const end =
        nextOld < anchor.wordIndex
          ? old[anchor.wordIndex - 1]!.end
          : (old[anchor.wordIndex]?.start ?? segment.end);
      result.push(...share(typed, start, Math.max(start, end)));
    }
  };
  for (const anchor of anchorsOf(old, text)) {
    fill(anchor);
    result.push(old[anchor.wordIndex]!);
    position = anchor.to;
    nextOld = anchor.wordIndex + 1;
  }
  fill({ wordIndex: old.length, from: text.length, to: text.length });
  return result;
}

/** Words one after another over a stretch of time, as long as they have characters. */
function share(words: readonly string[], start: number, end: number): Word[] {
  const total = words.reduce((sum, word) => sum + word.length, 0);
  let before = 0;
  return words.map((text) => {
    const wordStart = start + ((end - start) * before) / total;
    before += text.length;
    return {
      start: wordStart,
      end: start + ((end - start) * before) / total,
      text,
      confidence: correctedConfidence,
    };
  });
}

/** Old words that the least change from the old to the new text leaves whole. */
function anchorsOf(words: readonly Word[], text: string): Anchor[] {
  const { characters, wordOf } = charactersOf(words);
  const typed = Array.from(text);
  const offsets = offsetsOf(typed);
  const matched = new Int32Array(characters.length).fill(-1);
  for (const step of alignTokens(characters, typed)) {
    if (step.kind === "match") matched[step.referenceIndex] = step.hypothesisIndex;
  }
  const anchors: Anchor[] = [];
  for (let first = 0; first < characters.length;) {
    const wordIndex = wordOf[first]!;
    let last = first;
    while (last + 1 < characters.length && wordOf[last + 1] === wordIndex) last++;
    if (wordIndex >= 0 && isWhole(matched, first, last)) {
      const from = offsets[matched[first]!]!;
      const to = offsets[matched[last]! + 1]!;
      if (standsAlone(text, from, to)) anchors.push({ wordIndex, from, to });
    }
    first = last + 1;
  }
  return anchors;
}

/** The old text by characters, with the index of the word each belongs to; −1 for spaces between words. */
function charactersOf(words: readonly Word[]): { characters: string[]; wordOf: number[] } {
  const characters: string[] = [];
  const wordOf: number[] = [];
  for (const [index, word] of words.entries()) {
    if (index > 0 && needsSpaceBetween(words[index - 1]!.text, word.text)) {
      characters.push(" ");
      wordOf.push(-1);
    }
    for (const character of word.text) {
      characters.push(character);
      wordOf.push(index);
    }
  }
  return { characters, wordOf };
}

/** For every character its place in the string, and at the end the length. */
function offsetsOf(characters: readonly string[]): number[] {
  const offsets = [0];
  for (const character of characters) offsets.push(offsets.at(-1)! + character.length);
  return offsets;
}

function isWhole(matched: Int32Array, first: number, last: number): boolean {
  if (matched[first]! < 0) return false;
  for (let index = first + 1; index <= last; index++) {
    if (matched[index] !== matched[index - 1]! + 1) return false;
  }
  return true;
}

/** Whether the stretch is not part of a longer word: "Lora" does not stand in "Lorado". */
function standsAlone(text: string, from: number, to: number): boolean {
  const isJoined = (left: string, right: string) =>
    left !== "" && right !== "" && !/\s/.test(left) && !/\s/.test(right) && needsSpaceBetween(left, right);
  return (
    !isJoined(text.slice(0, from).slice(-1), text.slice(from, to)) &&
    !isJoined(text.slice(from, to), text.slice(to, to + 2).slice(0, 1))
  );
}
