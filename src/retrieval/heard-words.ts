/**
 * What a first pass heard: words with times, as sounds.
 */
import type { SoundStream } from "./alignment.ts";
import { chineseSounds } from "./chinese-sounds.ts";
import { wordSounds } from "./pronunciation.ts";

/** A word of a first pass. `Word` of a transcript is one. */
export interface HeardWord {
  readonly text: string;
  /** Seconds from the start of the recording. */
  readonly start: number;
  readonly end: number;
  /** 0 to 1. */
  readonly confidence: number;
}

/** A word, or a character of Chinese, with its time. */
export interface HeardUnit extends HeardWord {
  /** Index of the word that it is or belongs to. */
  readonly word: number;
}

export interface HeardSounds extends SoundStream {
  readonly units: readonly HeardUnit[];
}

export function soundsOf(words: readonly HeardWord[]): HeardSounds {
  const units: HeardUnit[] = [];
  const sounds: number[] = [];
  const before: number[] = [];
  const behind: number[] = [];
  const unitOf: number[] = [];
  const add = (unit: HeardUnit, found: readonly number[]) => {
    for (const [index, sound] of found.entries()) {
      sounds.push(sound);
      before.push(index);
      behind.push(found.length - 1 - index);
      unitOf.push(units.length);
    }
    units.push(unit);
  };
  for (const [index, word] of words.entries()) {
    const text = word.text.trim();
    const han = text.match(/[\p{Script=Han}々〇]/gu)?.length ?? 0;
    if (han === 0) {
      // "cross-attention" are two words to whoever looks for one of them.
      const parts = text.split(/(?<=[\p{L}\p{N}])[-–—/](?=[\p{L}\p{N}])/u);
      const step = (word.end - word.start) / parts.length;
      for (const [part, piece] of parts.entries()) {
        const start = word.start + part * step;
        add({ ...word, text: piece, start, end: start + step, word: index }, wordSounds(piece));
      }
      continue;
    }
    const pieces = text.match(/[\p{Script=Han}々〇]|[^\p{Script=Han}々〇]+/gu)!;
    const syllables = chineseSounds(pieces.filter((piece) => /^[\p{Script=Han}々〇]/u.test(piece)).join(""));
    const step = (word.end - word.start) / pieces.length;
    let character = 0;
    for (const [part, piece] of pieces.entries()) {
      const start = word.start + part * step;
      const isHan = /^[\p{Script=Han}々〇]/u.test(piece);
      const found = isHan ? (syllables[character++] ?? []) : wordSounds(piece);
      add({ ...word, text: piece, start, end: start + step, word: index }, found);
    }
  }
  return {
    units,
    sounds: Uint8Array.from(sounds),
    beforeInWord: Uint8Array.from(before),
    behindInWord: Uint8Array.from(behind),
    wordOf: Int32Array.from(unitOf),
  };
}

/** Capitals, that may have been said as a word or letter by letter. */
const capitals = /\p{Lu}{2,}/gu;

/** The same words with capitals taken letter by letter ("LGO" for `L O G O`); null when there are none. */
export function spelledOut(words: readonly HeardWord[]): HeardWord[] | null {
  let found = false;
  const spelled = words.flatMap((word) => {
    const letterByLetter = word.text.replace(capitals, (run) => ` ${[...run].join(" ")} `).trim();
    if (letterByLetter === word.text.trim()) return [word];
    found = true;
    const pieces = letterByLetter.split(/\s+/);
    const step = (word.end - word.start) / pieces.length;
    return pieces.map((text, i) => ({
      ...word,
      text,
      start: word.start + i * step,
      end: word.start + (i + 1) * step,
    }));
  });
  return found ? spelled : null;
}
