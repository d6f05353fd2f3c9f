/**
 * Whisper's BasicTextNormalizer, the normaliser for languages that have none of their own, and the pieces of it that
 * the English one shares.
 *
 * Source: openai/whisper `whisper/normalizers/basic.py` (MIT). Python's `\s` and `\w` know more of Unicode than
 * JavaScript's, so the character classes are written out: the outputs must agree to the letter.
 */

/** A whitespace character as Python's `\s` and `str.split` understand it. */
export const WHITESPACE = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;

/** A word character as Python's `\w` understands it, for use in look-arounds that stand for `\b`. */
export const WORD_CHARACTER = String.raw`[\p{L}\p{N}_]`;

const WHITESPACE_RUN = new RegExp(`${WHITESPACE}+`, "gu");
const IN_BRACKETS = /[<[][^>\]]*[>\]]/gu;
const IN_PARENTHESES = /\([^)]+?\)/gu;

/** Letters that NFKD does not take apart, written in plain ones. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  œ: "oe",
  Œ: "OE",
  ø: "o",
  Ø: "O",
  æ: "ae",
  Æ: "AE",
  ß: "ss",
  ẞ: "SS",
  đ: "d",
  Đ: "D",
  ð: "d",
  Ð: "D",
  þ: "th",
  Þ: "th",
  ł: "l",
  Ł: "L",
};
const MARK_SYMBOL_OR_LETTER = new RegExp(
  String.raw`[\p{M}\p{S}\p{P}${Object.keys(PLAIN_LETTERS).join("")}]`,
  "gu",
);

/** Splits at whitespace as Python's `str.split()` does: no empty words. */
export function splitWords(text: string): string[] {
  return text.split(WHITESPACE_RUN).filter((word) => word !== "");
}

/** Makes every run of whitespace one space. */
export function collapseWhitespace(text: string): string {
  return text.replace(WHITESPACE_RUN, " ");
}

/** Removes what stands in `<…>`, `[…]` or `(…)`: notes about the sound, not speech. */
export function removeBracketed(text: string): string {
  const withoutBrackets = replaceUpTo(
    Math.max(text.lastIndexOf(">"), text.lastIndexOf("]")),
    text,
    IN_BRACKETS,
  );
  return replaceUpTo(withoutBrackets.lastIndexOf(")"), withoutBrackets, IN_PARENTHESES);
}

/** Looks no further than the last closing bracket: every one that opens after it would cost a search to the end. */
function replaceUpTo(lastIndex: number, text: string, pattern: RegExp): string {
  return text.slice(0, lastIndex + 1).replace(pattern, "") + text.slice(lastIndex + 1);
}

/** Removes diacritics and puts a space for every symbol or punctuation mark that is not in `keep`. */
export function removeSymbolsAndDiacritics(text: string, keep = ""): string {
  return text.normalize("NFKD").replace(MARK_SYMBOL_OR_LETTER, (character) => {
    if (keep.includes(character)) return character;
    return PLAIN_LETTERS[character] ?? (/\p{Mn}/u.test(character) ? "" : " ");
  });
}

/** Puts a space for every symbol, punctuation mark or free-standing mark; accents stay on their letters. */
function removeSymbols(text: string): string {
  return text.normalize("NFKC").replace(/[\p{M}\p{S}\p{P}]/gu, " ");
}

export interface BasicNormalisation {
  /** Write letters without their accents. Default false. */
  removeDiacritics?: boolean;
  /** Put a space between all letters, for scripts written without spaces. Default false. */
  splitLetters?: boolean;
}

/**
 * Lower case, no brackets, no punctuation, single spaces: Whisper's BasicTextNormalizer. As there, one space may remain
 * at either end.
 */
export function normaliseBasic(text: string, options: BasicNormalisation = {}): string {
  const bare = removeBracketed(text.toLowerCase());
  let clean = (
    options.removeDiacritics ? removeSymbolsAndDiacritics(bare) : removeSymbols(bare)
  ).toLowerCase();
  if (options.splitLetters) {
    const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
    // Word by word, because the segmenter's time grows with the square of the length.
    clean = clean.replace(/\S+/gu, (word) =>
      Array.from(segmenter.segment(word), ({ segment }) => segment).join(" "),
    );
  }
  return collapseWhitespace(clean);
}
