/**
 * Mandarin text to phonemes as Kokoro writes them: IPA of initials and finals, the tone as an arrow behind the vowel, words with
 * spaces between them.
 */
import { segmentChinese } from "../../context/extraction/word-rarity.ts";
import { normaliseChinese } from "../../text/normalise-chinese.ts";
import { type Syllable, syllablesOf } from "../../text/pinyin-syllables.ts";
import { englishPhonemes } from "./english-phonemes.ts";

const initials: Readonly<Record<string, string>> = {
  "": "",
  b: "p",
  p: "pʰ",
  m: "m",
  f: "f",
  d: "t",
  t: "tʰ",
  n: "n",
  l: "l",
  g: "k",
  k: "kʰ",
  h: "x",
  j: "ʨ",
  q: "ʨʰ",
  x: "ɕ",
  zh: "ꭧ",
  ch: "ꭧʰ",
  sh: "ʂ",
  r: "ɻ",
  z: "ʦ",
  c: "ʦʰ",
  s: "s",
};

/** The tone stands in the place of the hyphen. */
const finals: Readonly<Record<string, string>> = {
  a: "a-",
  o: "wo-",
  e: "ɤ-",
  i: "i-",
  u: "u-",
  ü: "y-",
  ai: "ai-",
  ei: "ei-",
  ao: "au-",
  ou: "ou-",
  an: "a-n",
  en: "ə-n",
  ang: "a-ŋ",
  eng: "ə-ŋ",
  ong: "ʊ-ŋ",
  er: "ɚ-",
  ê: "ɛ-",
  ia: "ja-",
  ie: "je-",
  iao: "jau-",
  iou: "jou-",
  ian: "jɛ-n",
  in: "i-n",
  iang: "ja-ŋ",
  ing: "i-ŋ",
  iong: "jʊ-ŋ",
  io: "jɔ-",
  ua: "wa-",
  uo: "wo-",
  uai: "wai-",
  uei: "wei-",
  uan: "wa-n",
  uen: "wə-n",
  uang: "wa-ŋ",
  ueng: "wə-ŋ",
  üe: "ɥe-",
  üan: "ɥɛ-n",
  ün: "y-n",
  m: "m-",
  n: "n-",
  ng: "ŋ-",
};

const tones = ["", "→", "↗", "↓", "↘", ""];
const marks: Readonly<Record<string, string>> = {
  "，": ",",
  "、": ",",
  "。": ".",
  "！": "!",
  "？": "?",
  "：": ":",
  "；": ";",
};

/** Words and letters between Chinese; behind a number they are units, which the normaliser knows. */
const foreign = /(?<!\d\s?)[A-Za-z]+(?:'[A-Za-z]+)*(?:[ -]+[A-Za-z]+(?:'[A-Za-z]+)*)*/g;

/** An A that stands alone is the letter, not the article. */
const sayEnglish = (words: string) => englishPhonemes(words.replace(/\bA\b/gi, "ay"));

/**
 * @param sayForeign English words within it to phonemes
 * @returns phonemes, or nothing where there are no words
 * @remarks characters that no dictionary knows are left out
 */
export function mandarinPhonemes(text: string, sayForeign: (words: string) => string = sayEnglish): string {
  let phonemes = "";
  const add = (piece: string) => {
    phonemes += (phonemes === "" || piece === "" ? "" : " ") + piece;
  };
  const addMandarin = (piece: string) => {
    for (const [run] of normaliseChinese(piece).matchAll(/\p{Script=Han}+|[a-z' ]*[a-z][a-z' ]*/gu)) {
      add(/^\p{Script=Han}/u.test(run) ? sayRun(run) : sayForeign(run));
    }
  };
  // Numbers and units as they are said; the normaliser takes punctuation out, so it sees what stands between.
  for (const [piece] of text.matchAll(/[，、。！？：；,.!?:;](?!\d)|[^，、。！？：；,!?:;.]+|[,.:](?=\d)/g)) {
    if (/^[，、。！？：；,.!?:;]$/.test(piece)) {
      if (phonemes !== "" && !/[,.!?:;]$/.test(phonemes)) phonemes += marks[piece] ?? piece;
      continue;
    }
    let from = 0;
    // The normaliser makes one word of letters that are said one by one, and takes their case.
    for (const { 0: words, index } of piece.matchAll(foreign)) {
      addMandarin(piece.slice(from, index));
      add(sayForeign(words));
      from = index + words.length;
    }
    addMandarin(piece.slice(from));
  }
  return /[\p{L}]/u.test(phonemes) ? phonemes : "";
}

/** Readings come from the whole run, because characters have several; spaces from its words. */
function sayRun(run: string): string {
  const syllables = syllablesOf(run);
  let at = 0;
  const words = segmentChinese(run).map(({ word }) => {
    const own = syllables.slice(at, (at += [...word].length));
    return own.map((syllable) => (syllable === null ? "" : syllablePhonemes(syllable))).join("");
  });
  return words.filter((word) => word !== "").join(" ");
}

export function syllablePhonemes({ initial, final, tone }: Syllable): string {
  // What follows the tongue's curl is no i.
  const isBuzz = final === "i" && /^(?:zh|ch|sh|[rzcs])$/.test(initial);
  return initials[initial]! + (isBuzz ? "ɨ-" : finals[final]!).replace("-", tones[tone]!);
}
