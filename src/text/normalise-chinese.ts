/**
 * The Chinese normaliser for scoring: it takes away what two correct writers may write differently, and is laid over
 * the reference and the hypothesis alike. One script (OpenCC, traditional to simplified, by words), half-width forms,
 * lower case, numbers as they are read aloud, no punctuation, spaces only between words of other scripts.
 *
 * Folded besides, because digits do not tell them apart: 两 is written 二 (200 is read 二百 or 两百), 〇 零, 幺 一.
 * Letters that are spelled one by one are joined: `G P S` and `GPS` are the same.
 */
import { ConverterBuilder } from "opencc-js/core";
import * as traditionalToSimplified from "opencc-js/preset/t2cn";
import { readChineseNumbers } from "./chinese-numbers.ts";

const FOLDED: Readonly<Record<string, string>> = { 两: "二", 〇: "零", 幺: "一" };

let toSimplified: ((text: string) => string) | undefined;

/** Writes traditional Chinese characters in the simplified script; leaves everything else as it is. */
export function simplifyChinese(text: string): string {
  // The dictionaries take some 10 ms to load: only for those who need them.
  toSimplified ??= ConverterBuilder(traditionalToSimplified)({ from: "t", to: "cn" });
  return toSimplified(text);
}

/** `设定31度，OK？` → `设定三十一度ok`; see `readChineseNumbers` for how numbers are read. */
export function normaliseChinese(text: string): string {
  const simplified = simplifyChinese(
    text
      .normalize("NFKC")
      .replace(/\p{Cf}/gu, "")
      .toLowerCase(),
  );
  return readChineseNumbers(simplified.replace(/°c?/g, "度"))
    .replace(/[两〇幺]/g, (character) => FOLDED[character])
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, "")
    .replace(/[\p{P}\p{S}\p{Z}\p{C}\ufe00-\ufe0f]+/gu, " ")
    .replace(/(?<![a-z])[a-z](?: [a-z])+(?![a-z])/g, (letters) => letters.replaceAll(" ", ""))
    .replace(/(?<=\p{Script=Han}) | (?=\p{Script=Han})/gu, "")
    .trim();
}
