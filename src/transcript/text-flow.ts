/**
 * How text runs: which scripts write words without spaces, where a line may break, and how text is cut.
 */
import { displayWidth } from "../text/scripts.ts";

/** Letters of scripts that write no spaces between words, and the punctuation of East Asian scripts. */
const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\u3000-\\u303F\\uFF00-\\uFFEF";
const startsUnspaced = new RegExp(`^[${unspaced}]`, "u");
const endsUnspaced = new RegExp(`[${unspaced}]$`, "u");
const holdsUnspaced = new RegExp(`[${unspaced}]`, "u");

/** A line never begins with these: closing punctuation, marks that lengthen or repeat, small kana. */
const neverBeginsLine = /^[\p{Pe}\p{Pf}\p{Po}\p{M}%‰℃ーゝゞ々〜～ぁぃぅぇぉっゃゅょァィゥェォッャュョ]/u;
/** Punctuation alone, which stays with the word before it. */
const onlyPunctuation = /^[\p{P}\p{M}]+$/u;
const neverEndsLine = /[\p{Ps}\p{Pi}$£¥￥€#＃]$/u;

/** The text on one line: runs of spaces, line ends, tabs and control characters become one space each. */
export function toOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** Whether a space belongs between two texts that are put together. */
export function needsSpaceBetween(left: string, right: string): boolean {
  // Only the last character counts; the text before it may be a whole transcript.
  return left !== "" && right !== "" && !endsUnspaced.test(left.slice(-2)) && !startsUnspaced.test(right);
}

/** Puts texts together: with spaces, except between characters of scripts that write none. */
export function joinTexts(texts: readonly string[]): string {
  return texts.reduce(
    (joined, text) => (needsSpaceBetween(joined, text) ? `${joined} ${text}` : joined + text),
    "",
  );
}

/** Whether a line may end after `left` and the next begin with `right`. */
export function canBreakBetween(left: string, right: string, spaced: boolean): boolean {
  if (spaced) return !onlyPunctuation.test(right);
  if (!endsUnspaced.test(left) && !startsUnspaced.test(right)) return false;
  return !neverBeginsLine.test(right) && !neverEndsLine.test(left);
}

/** Splits one line of text at spaces and, in scripts without spaces, between words. */
export function splitIntoWords(text: string, language: string): { text: string; spaceBefore: boolean }[] {
  const words: { text: string; spaceBefore: boolean }[] = [];
  for (const token of toOneLine(text).split(" ")) {
    if (token === "") continue;
    const parts = holdsUnspaced.test(token) ? segmentWords(token, language) : [token];
    for (const [index, part] of parts.entries()) {
      words.push({ text: part, spaceBefore: index === 0 && words.length > 0 });
    }
  }
  return words;
}

function segmentWords(text: string, language: string): string[] {
  // A language tag that the engine does not know falls back to the default; a malformed one would throw.
  const locale = /^[a-z]{2,3}$/.test(language) ? language : undefined;
  const segmenter = new Intl.Segmenter(locale, { granularity: "word" });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Splits text into pieces of at most `columns`, never inside a character that is made of several code points. */
export function splitByWidth(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const added = displayWidth(segment);
    if (pieces.length === 0 || width + added > columns) {
      pieces.push(segment);
      width = added;
    } else {
      pieces[pieces.length - 1] += segment;
      width += added;
    }
  }
  return pieces;
}
