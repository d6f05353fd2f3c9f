/**
 * Text of any kind as sounds, word by word: English by rules, capitals letter by letter or as a word, numbers as words, Chinese
 * character by character.
 */
import { spokenFormsOf } from "../context/extraction/spoken-forms.ts";
import type { Term } from "../context/term.ts";
import { chineseSounds } from "./chinese-sounds.ts";
import { englishSounds, letterSounds } from "./english-sounds.ts";

/** Sounds of a text, and where its words begin. */
export interface Pronunciation {
  readonly sounds: Uint8Array;
  /** Index of the first sound of every word, and behind the last the number of sounds. */
  readonly wordStarts: readonly number[];
}

const pieces = /[\p{Script=Han}々〇]|[\p{L}\p{M}]+|\d+/gu;
const cached = new Map<string, readonly number[]>();
/** Words come again and again; beyond this many the cache begins anew. */
const mostCachedWords = 100_000;

/** The sounds of what stands between two spaces (or one Chinese character). */
export function wordSounds(word: string): readonly number[] {
  let sounds = cached.get(word);
  if (sounds === undefined) {
    if (cached.size >= mostCachedWords) cached.clear();
    sounds = [...word.normalize("NFKD").matchAll(pieces)].flatMap(([piece]) => pieceSounds(piece));
    cached.set(word, sounds);
  }
  return sounds;
}

/** @param text words with spaces between them; Chinese may stand without */
export function pronounce(text: string): Pronunciation {
  const sounds: number[] = [];
  const wordStarts: number[] = [];
  for (const [word] of text.matchAll(/[\p{Script=Han}々〇]+|[^\s\p{Script=Han}々〇]+/gu)) {
    if (/^[\p{Script=Han}々〇]/u.test(word)) {
      for (const syllable of chineseSounds(word)) {
        wordStarts.push(sounds.length);
        sounds.push(...syllable);
      }
    } else {
      const found = wordSounds(word);
      if (found.length > 0) wordStarts.push(sounds.length);
      sounds.push(...found);
    }
  }
  return { sounds: Uint8Array.from(sounds), wordStarts: [...wordStarts, sounds.length] };
}

/** All ways in which a term may be said: as it is written, its spoken forms, and what is guessed where none are given. */
export function pronunciationsOf(term: Term): Pronunciation[] {
  const forms = term.spokenForms.length > 0 ? term.spokenForms : spokenFormsOf(term.text);
  const found = new Map<string, Pronunciation>();
  for (const form of [term.text, ...forms]) {
    const pronunciation = pronounce(form);
    if (pronunciation.sounds.length > 0) found.set(pronunciation.sounds.join(), pronunciation);
  }
  return [...found.values()];
}

function pieceSounds(piece: string): readonly number[] {
  if (/^\d/.test(piece)) return numberSounds(piece);
  if (/^\p{Script=Han}/u.test(piece)) return chineseSounds(piece).flat();
  const letters = piece.replace(/\p{M}/gu, "");
  if (/^\p{Lu}{2,5}$/u.test(letters) && !/[AEIOU]/.test(letters.slice(1, -1)) && letters.length < 6) {
    return [...letters].flatMap(letterSounds);
  }
  if (letters.length === 1 && !/^[aAI]$/.test(letters)) return letterSounds(letters);
  return englishSounds(letters.toLowerCase());
}

const digits = "zero one two three four five six seven eight nine".split(" ");
const teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

function numberSounds(number: string): readonly number[] {
  const words = (word: string) => [...englishSounds(word)];
  if (number.length === 1) return words(digits[Number(number)]!);
  if (number.length === 2 && number[0] !== "0") {
    const value = Number(number);
    if (value < 20) return words(teens[value - 10]!);
    return [...words(tens[Math.floor(value / 10)]!), ...(value % 10 === 0 ? [] : words(digits[value % 10]!))];
  }
  if (/^[1-9]00$/.test(number)) return [...words(digits[Number(number[0])]!), ...words("hundred")];
  if (/^[1-9]000$/.test(number)) return [...words(digits[Number(number[0])]!), ...words("thousand")];
  // In pairs, as years and models are said.
  if (number.length === 4) return [...numberSounds(number.slice(0, 2)), ...numberSounds(number.slice(2))];
  return [...number].flatMap((digit) => words(digits[Number(digit)]!));
}
