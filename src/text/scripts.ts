/**
 * Writing systems: which characters are Chinese, how wide a text stands on a screen, and how mixed text falls into the
 * units that are counted as errors.
 */
import stringWidth from "string-width";

const HAN = /^\p{Script=Han}$/u;

/** A character of a script that is written without spaces (with its marks), or a run of anything else but spaces. */
const MIXED_TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]\p{M}*|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/gu;

/** Whether a Unicode code point is a Chinese character (script Han). */
export function isHan(codePoint: number): boolean {
  return HAN.test(String.fromCodePoint(codePoint));
}

/**
 * Columns that the text takes in a fixed-width font: 2 for a Chinese character or an emoji, 0 for combining marks and
 * control characters, 1 for most others (Unicode Standard Annex 11, East Asian Width).
 */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/**
 * The tokens of the mixed error rate: every Chinese character or Japanese kana for itself, words of other scripts as a
 * whole. Spaces separate and vanish; punctuation stays, so take it out before.
 */
export function splitMixed(text: string): string[] {
  return text.match(MIXED_TOKEN) ?? [];
}
