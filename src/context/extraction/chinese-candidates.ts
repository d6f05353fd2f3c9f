/**
 * Candidate terms in Chinese: rare words and names, compounds of what stands between function words, and mixtures such as
 * `Transformer模型`.
 *
 * Names come from a segmentation that guesses words which are in no dictionary; compounds from one that does not, because
 * its guesses join what does not belong together.
 */
import { chineseStopWords } from "./stop-words.ts";
import type { Token } from "./tokens.ts";
import { chineseHalves, chineseRarityOf, segmentChinese } from "./word-rarity.ts";

export interface ChineseCandidate {
  readonly text: string;
  readonly words: number;
  readonly rarity: number;
}

/** Tags of function words, numbers, measures and pronouns: a compound ends at them. */
const breaking = /^(?:u|p$|c$|r|y|e|o|m|q|t|w|f$|d$|k$)/;
/** Single characters that begin terms although they are function words elsewhere: 下采样, 自注意力, 多任务. */
const prefixes = new Set(
  "下上自子超反非多单双批预微元伪弱强半全可无零少大小软硬束负正字词句主副前后跨同异".split(""),
);
/** Single characters that end terms: 研究所, 错误率. */
const suffixes = new Set("所率度器法机式型性化层库集者员院系局网流图树表包图".split(""));
const isName = /^n[rstz]/;

const longestCompoundWords = 4;
const longestCompoundCharacters = 10;
/** From here on a word stands for itself. */
const leastRarity = 0.2;

export function* chineseCandidates(tokens: readonly Token[]): Generator<ChineseCandidate> {
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.kind !== "han") continue;
    const before = tokens[i - 1];
    const foreign =
      before?.kind === "word" && tokens[i]!.isJoined && !tokens[i]!.breaksBefore ? before.text : null;
    const first = i;
    while (i + 1 < tokens.length && tokens[i + 1]!.kind === "han" && !tokens[i + 1]!.breaksBefore) i++;
    const run = tokens.slice(first, i + 1);
    yield* wordsOf(run);
    yield* compoundsOf(run.map((token) => token.text).join(""), foreign);
  }
}

/** Words that are rare or names, as guessed. */
function* wordsOf(run: readonly Token[]): Generator<ChineseCandidate> {
  for (const [index, { text, tag }] of run.entries()) {
    const length = [...text].length;
    if (length < 2 || chineseStopWords.has(text) || breaking.test(tag)) continue;
    const rarity = chineseRarityOf(text);
    // A guess without a part of speech is likely two halves of words.
    if (tag === "x") continue;
    if (isName.test(tag)) yield { text, words: 1, rarity: Math.max(rarity, 0.7) };
    else if (rarity >= leastRarity) yield { text, words: 1, rarity };
    // A family name and a given name: 欧阳 明慧.
    const next = run[index + 1];
    if (next && isName.test(tag) && next.tag === "nr") yield { text: text + next.text, words: 1, rarity: 1 };
    for (const half of length >= 5 ? (chineseHalves(text) ?? []) : []) {
      yield { text: half, words: 1, rarity: Math.max(0.6, chineseRarityOf(half)) };
    }
  }
}

function* compoundsOf(text: string, foreign: string | null): Generator<ChineseCandidate> {
  let chunk: string[] = [];
  let isFirst = true;
  const words = segmentChinese(text, false);
  for (let i = 0; i <= words.length; i++) {
    const current = words[i];
    if (current !== undefined && belongs(current, words[i + 1], chunk.length > 0)) {
      chunk.push(current.word);
      continue;
    }
    yield* partsOf(chunk, isFirst ? foreign : null);
    chunk = [];
    isFirst = false;
  }
}

function belongs(
  current: { word: string; tag: string },
  next: { word: string; tag: string } | undefined,
  hasBefore: boolean,
): boolean {
  const { word, tag } = current;
  if (chineseStopWords.has(word)) return false;
  if (hasBefore && suffixes.has(word)) return true;
  if (prefixes.has(word))
    return next !== undefined && !breaking.test(next.tag) && !chineseStopWords.has(next.word);
  return !breaking.test(tag);
}

/** The compounds of a chunk, and whether they are all of it. */
function* partsOf(chunk: readonly string[], foreign: string | null): Generator<ChineseCandidate> {
  for (let from = 0; from < chunk.length; from++) {
    for (let to = from + 1; to <= Math.min(chunk.length, from + longestCompoundWords); to++) {
      const words = chunk.slice(from, to);
      const text = words.join("");
      const characters = [...text].length;
      if (characters > longestCompoundCharacters || characters < 2) continue;
      const isWhole = from === 0 && to === chunk.length;
      const isEdge = from === 0 || to === chunk.length;
      // A compound that ends in the middle of a chunk must at least be made of words, not of single characters.
      const single = words.filter((word) => [...word].length === 1).length;
      const rarest = Math.max(...words.map((word) => ([...word].length > 1 ? chineseRarityOf(word) : 0.2)));
      if (words.length > 1) {
        const rarity =
          rarest +
          (isWhole ? 0.4 : isEdge ? 0.1 : -0.2) -
          0.15 * Math.max(0, single - 1) -
          0.1 * (words.length - 2);
        if (rarity > 0) yield { text, words: words.length, rarity: Math.min(1, rarity) };
      } else if (isWhole && rarest >= leastRarity / 2) {
        yield { text, words: 1, rarity: Math.min(1, rarest + 0.2) };
      }
      if (foreign !== null && from === 0)
        yield { text: foreign + text, words: words.length + 1, rarity: isWhole ? 0.8 : 0.4 };
    }
  }
}
