/**
 * Whisper's EnglishTextNormalizer: the normaliser under which English word error rates are reported. It takes away what
 * two correct writers may write differently: case, punctuation, fillers, contractions, titles, numbers, spellings.
 *
 * Source: Radford et al. 2022 (arXiv 2212.04356), appendix C; openai/whisper `whisper/normalizers/english.py` (MIT).
 * `english-spellings.json` (British to American) is its `english.json` (MIT, copyright 2022 OpenAI), after
 * https://www.tysto.com/uk-us-spelling-list.html.
 */
import { normaliseEnglishNumbers } from "./english-numbers.ts";
import spellings from "./english-spellings.json" with { type: "json" };
import {
  collapseWhitespace,
  removeBracketed,
  removeSymbolsAndDiacritics,
  splitWords,
  WHITESPACE,
  WORD_CHARACTER,
} from "./normalise-basic.ts";

const SPACE_BEFORE_APOSTROPHE = new RegExp(`(?<!${WHITESPACE})${WHITESPACE}+'`, "gu");
const FILLERS = wholeWord("(?:hmm|mm|mhm|mmm|uh|um)");

/** In this order: the earlier ones are exceptions to the later ones. */
const EXPANSIONS: readonly (readonly [RegExp, string])[] = [
  [wholeWord("won't"), "will not"],
  [wholeWord("can't"), "can not"],
  [wholeWord("let's"), "let us"],
  [wholeWord("ain't"), "aint"],
  [wholeWord("y'all"), "you all"],
  [wholeWord("wanna"), "want to"],
  [wholeWord("gotta"), "got to"],
  [wholeWord("gonna"), "going to"],
  [wholeWord("i'ma"), "i am going to"],
  [wholeWord("imma"), "i am going to"],
  [wholeWord("woulda"), "would have"],
  [wholeWord("coulda"), "could have"],
  [wholeWord("shoulda"), "should have"],
  [wholeWord("ma'am"), "madam"],
  // Titles.
  [wholeWord("mr"), "mister "],
  [wholeWord("mrs"), "missus "],
  [wholeWord("st"), "saint "],
  [wholeWord("dr"), "doctor "],
  [wholeWord("prof"), "professor "],
  [wholeWord("capt"), "captain "],
  [wholeWord("gov"), "governor "],
  [wholeWord("ald"), "alderman "],
  [wholeWord("gen"), "general "],
  [wholeWord("sen"), "senator "],
  [wholeWord("rep"), "representative "],
  [wholeWord("pres"), "president "],
  [wholeWord("rev"), "reverend "],
  [wholeWord("hon"), "honorable "],
  [wholeWord("asst"), "assistant "],
  [wholeWord("assoc"), "associate "],
  [wholeWord("lt"), "lieutenant "],
  [wholeWord("col"), "colonel "],
  [wholeWord("jr"), "junior "],
  [wholeWord("sr"), "senior "],
  [wholeWord("esq"), "esquire "],
  // Perfect tenses that can be told apart.
  [wordEnd("'d been"), " had been"],
  [wordEnd("'s been"), " has been"],
  [wordEnd("'d gone"), " had gone"],
  [wordEnd("'s gone"), " has gone"],
  [wordEnd("'d done"), " had done"],
  [wordEnd("'s got"), " has got"],
  // Contractions in general.
  [wordEnd("n't"), " not"],
  [wordEnd("'re"), " are"],
  [wordEnd("'s"), " is"],
  [wordEnd("'d"), " would"],
  [wordEnd("'ll"), " will"],
  [wordEnd("'t"), " not"],
  [wordEnd("'ve"), " have"],
  [wordEnd("'m"), " am"],
];

const AMERICAN = new Map(Object.entries(spellings));

function wordEnd(pattern: string): RegExp {
  return new RegExp(`${pattern}(?!${WORD_CHARACTER})`, "gu");
}

function wholeWord(pattern: string): RegExp {
  return wordEnd(`(?<!${WORD_CHARACTER})${pattern}`);
}

/** Writes British spellings the American way, word by word. */
export function normaliseEnglishSpellings(text: string): string {
  return splitWords(text)
    .map((word) => AMERICAN.get(word) ?? word)
    .join(" ");
}

/**
 * Equal to Whisper's EnglishTextNormalizer. As there, one space may remain at either end; split the result into words
 * to compare it.
 */
export function normaliseEnglish(text: string): string {
  let normalised = removeBracketed(text.toLowerCase())
    .replace(FILLERS, "")
    .replace(SPACE_BEFORE_APOSTROPHE, "'");
  for (const [pattern, replacement] of EXPANSIONS) normalised = normalised.replace(pattern, replacement);

  normalised = normalised.replace(/(\p{Nd}),(\p{Nd})/gu, "$1$2").replace(/\.([^0-9]|$)/gu, " $1");
  normalised = removeSymbolsAndDiacritics(normalised, ".%$¢€£");
  normalised = normaliseEnglishSpellings(normaliseEnglishNumbers(normalised));

  // Symbols that were kept for numbers but stand by none.
  normalised = normalised.replace(/[.$¢€£]([^0-9])/gu, " $1").replace(/([^0-9])%/gu, "$1 ");
  return collapseWhitespace(normalised);
}
