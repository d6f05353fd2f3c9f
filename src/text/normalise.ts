/** From a text to the tokens that error rates count, by language. */
import { normaliseBasic, splitWords } from "./normalise-basic.ts";
import { normaliseChinese } from "./normalise-chinese.ts";
import { normaliseEnglish } from "./normalise-english.ts";
import { splitMixed } from "./scripts.ts";

/** Scripts without spaces whose letters Whisper's evaluation counts one by one. */
const COUNTED_BY_LETTERS = new Set(["th", "lo", "my", "km"]);

/**
 * Normalises text as its language is scored, and splits it into tokens: English words (Whisper's normaliser), Chinese
 * characters and Latin words (`zh`, `yue`), for every other language Whisper's basic normaliser with its words, or its
 * characters where it has no spaces. `none` takes the text as it is and only splits it.
 *
 * @param language ISO 639-1 code, also with a region (`zh-TW`), or `none`.
 */
export function normaliseForScoring(text: string, language: string): string[] {
  const primary = language.toLowerCase().split(/[-_]/)[0];
  if (primary === "none") return splitMixed(text);
  if (primary === "en") return splitWords(normaliseEnglish(text));
  if (primary === "zh" || primary === "yue") return splitMixed(normaliseChinese(text));
  return splitMixed(normaliseBasic(text, { splitLetters: COUNTED_BY_LETTERS.has(primary) }));
}
