/**
 * What a first pass heard: words with times, as sounds.
 */
import type { SoundStream } from "./alignment.ts";
import { readChineseNumbers } from "../text/chinese-numbers.ts";
import { chineseSounds } from "./chinese-sounds.ts";
import { wordSounds } from "./pronunciation.ts";
import { lettersOf } from "./spelling.ts";

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
  /** Its text as `lettersOf` gives it. */
  readonly letters: string;
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
  const add = (unit: Omit<HeardUnit, "letters">, found: readonly number[]) => {
    for (const [index, sound] of found.entries()) {
      sounds.push(sound);
      before.push(index);
      behind.push(found.length - 1 - index);
      unitOf.push(units.length);
    }
    units.push({ ...unit, letters: lettersOf(unit.text) });
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

/** Capitals, that may have been said as a word or letter by letter; some write dots behind them ("M.S.S."). */
const capitals = /\p{Lu}{2,}|(?<!\p{L})(?:\p{Lu}\.)+\p{Lu}(?!\p{L})\.?/gu;
const dots = /\./g;
/** Numbers, that may have been said in Chinese where Chinese is spoken. */
const digits = /\d/;
const han = /\p{Script=Han}/u;
/** Words on both sides that may belong to the same term. */
const neighbours = 3;

/**
 * Stretches of what was heard, with the words around, that may have been said in another way than `soundsOf` takes it: capitals letter
 * by letter ("LGO" for `L O G O`) and as words ("AT GO", "M.S.S." for `mss`), numbers in Chinese ("5" for 武).
 */
export function saidOtherwise(words: readonly HeardWord[]): HeardWord[][] {
  const isChinese = words.some(({ text }) => han.test(text));
  return [
    ...stretchesWith(words, (text) => text.search(capitals) >= 0, letterByLetter),
    ...stretchesWith(words, (text) => text.search(capitals) >= 0, asWord),
    ...(isChinese ? stretchesWith(words, (text) => digits.test(text), inChinese) : []),
  ];
}

function stretchesWith(
  words: readonly HeardWord[],
  isMeant: (text: string) => boolean,
  change: (word: HeardWord) => HeardWord[],
): HeardWord[][] {
  const stretches: HeardWord[][] = [];
  let end = 0;
  for (const [i, word] of words.entries()) {
    if (!isMeant(word.text)) continue;
    const from = Math.max(0, i - neighbours);
    if (stretches.length === 0 || from > end) stretches.push([]);
    const start = stretches.at(-1)!.length === 0 ? from : end;
    end = Math.min(words.length, i + neighbours + 1);
    stretches.at(-1)!.push(...words.slice(start, end));
  }
  return stretches.map((stretch) => stretch.flatMap(change));
}

function letterByLetter(word: HeardWord): HeardWord[] {
  const pieces = word.text
    .replace(capitals, (run) => ` ${[...run.replace(dots, "")].join(" ")} `)
    .trim()
    .split(/\s+/);
  const step = (word.end - word.start) / pieces.length;
  return pieces.map((text, i) => ({
    ...word,
    text,
    start: word.start + i * step,
    end: word.start + (i + 1) * step,
  }));
}

function asWord(word: HeardWord): HeardWord[] {
  return [{ ...word, text: word.text.replace(capitals, (run) => run.replace(dots, "").toLowerCase()) }];
}

function inChinese(word: HeardWord): HeardWord[] {
  return [{ ...word, text: readChineseNumbers(word.text) }];
}
