/**
 * Parts of a text that stand for the terms a user would give: whole words and phrases of one to four words, rare ones preferred,
 * Chinese by segmented words.
 */
import { chineseRarityOf, rarityOf, segmentChinese } from "../../context/extraction/word-rarity.ts";

/** A word of a text. */
export interface TextWord {
  readonly text: string;
  readonly isChinese: boolean;
  /** Of no word that is said, to 1 for words in no dictionary. */
  readonly rarity: number;
  /** Punctuation stands before it: no phrase goes over it. */
  readonly breaksBefore: boolean;
}

export interface SubText {
  readonly text: string;
  /** Index of its first word in the text, and how many words it has. */
  readonly first: number;
  readonly words: number;
  /** Of its rarest word, 0 to 1. */
  readonly rarity: number;
}

export interface SubTextOptions {
  /** Default 4. */
  mostWords?: number;
  /** Shortest in letters and digits; a Chinese character counts as two. Default 3. */
  leastLetters?: number;
}

/** How often phrases of one, two, three and four words come. */
const lengthWeights = [0.5, 0.25, 0.15, 0.1];
/** What the commonest words weigh beside the rarest. */
const commonWeight = 0.02;

const han = "\\p{Script=Han}々〇";
const letter = `(?![${han}])[\\p{L}\\p{N}]`;
const runs = new RegExp(`[${han}]+|${letter}(?:${letter}|\\p{M}|['’&.-](?=${letter}))*|[^\\s]`, "gu");

/** The words of a text of any kind. */
export function wordsOfText(text: string): TextWord[] {
  const words: TextWord[] = [];
  let breaksBefore = true;
  const add = (word: string, isChinese: boolean) => {
    const rarity = isChinese ? chineseRarityOf(word) : rarityOf(word.toLowerCase().replace(/['’]s$/, ""));
    words.push({ text: word, isChinese, rarity, breaksBefore });
    breaksBefore = false;
  };
  for (const [run] of text.matchAll(runs)) {
    if (/^[\p{Script=Han}々〇]/u.test(run)) for (const { word } of segmentChinese(run)) add(word, true);
    else if (/^[\p{L}\p{N}]/u.test(run)) add(run, false);
    else if (!/^["'“”‘’()-]$/u.test(run)) breaksBefore = true;
  }
  return words;
}

/**
 * Draws parts of a text that do not overlap. Rare words are preferred; a text of common words gives common ones.
 *
 * @param count most that are drawn
 * @param random numbers in [0, 1)
 */
export function sampleSubTexts(
  text: string,
  count: number,
  random: () => number,
  options: SubTextOptions = {},
): SubText[] {
  const { mostWords = 4, leastLetters = 3 } = options;
  const words = wordsOfText(text);
  const candidates: { subText: SubText; weight: number }[] = [];
  for (let first = 0; first < words.length; first++) {
    for (let length = 1; length <= mostWords && first + length <= words.length; length++) {
      if (length > 1 && words[first + length - 1]!.breaksBefore) break;
      const part = words.slice(first, first + length);
      const letters = part.reduce((sum, word) => sum + word.text.length * (word.isChinese ? 2 : 1), 0);
      if (letters < leastLetters) continue;
      const rarity = Math.max(...part.map((word) => word.rarity));
      const subText = { text: joined(part), first, words: length, rarity };
      candidates.push({ subText, weight: lengthWeights[length - 1]! * (commonWeight + rarity ** 2) });
    }
  }
  const drawn: SubText[] = [];
  while (drawn.length < count) {
    const free = candidates.filter(({ subText }) => drawn.every((other) => !overlap(subText, other)));
    if (free.length === 0) break;
    let at = random() * free.reduce((sum, { weight }) => sum + weight, 0);
    drawn.push((free.find(({ weight }) => (at -= weight) < 0) ?? free.at(-1)!).subText);
  }
  return drawn;
}

function joined(words: readonly TextWord[]): string {
  return words.reduce((text, word, i) => {
    const isJoined = i === 0 || (word.isChinese && words[i - 1]!.isChinese);
    return text + (isJoined ? "" : " ") + word.text;
  }, "");
}

function overlap(a: SubText, b: SubText): boolean {
  return a.first < b.first + b.words && b.first < a.first + a.words;
}
