/**
 * English text to phonemes as Kokoro writes them (IPA, diphthongs and affricates as one sign each, stress before the vowel): by
 * the CMU pronouncing dictionary, by its words with endings, and by rules for words that no dictionary has.
 */
import { dictionary } from "cmu-pronouncing-dictionary";
import { isPronounceable, numberWords } from "../../context/extraction/spoken-forms.ts";
import { englishSounds } from "../../retrieval/english-sounds.ts";
import { phoneNames } from "../../retrieval/phones.ts";

/** Signs of ARPAbet's sounds. */
const signs: Readonly<Record<string, string>> = {
  AA: "ɑ",
  AE: "æ",
  AH: "ʌ",
  AO: "ɔ",
  AW: "W",
  AY: "I",
  EH: "ɛ",
  ER: "ɜɹ",
  EY: "A",
  IH: "ɪ",
  IY: "i",
  OW: "O",
  OY: "Y",
  UH: "ʊ",
  UW: "u",
  // Not English, but the rules know it.
  UE: "u",
  B: "b",
  CH: "ʧ",
  D: "d",
  DH: "ð",
  F: "f",
  G: "ɡ",
  H: "h",
  HH: "h",
  JH: "ʤ",
  K: "k",
  L: "l",
  M: "m",
  N: "n",
  NG: "ŋ",
  P: "p",
  R: "ɹ",
  S: "s",
  SH: "ʃ",
  T: "t",
  TH: "θ",
  V: "v",
  W: "w",
  Y: "j",
  Z: "z",
  ZH: "ʒ",
};

/** Small words as they are said inside a sentence. */
const weakForms: Readonly<Record<string, string>> = {
  a: "ɐ",
  an: "ɐn",
  and: "ænd",
  are: "ɑɹ",
  as: "æz",
  at: "æt",
  be: "bi",
  been: "bɪn",
  but: "bʌt",
  by: "bI",
  can: "kæn",
  could: "kʊd",
  for: "fɔɹ",
  from: "fɹʌm",
  had: "hæd",
  has: "hæz",
  have: "hæv",
  he: "hi",
  her: "hɜɹ",
  him: "hɪm",
  his: "hɪz",
  if: "ɪf",
  in: "ɪn",
  is: "ɪz",
  it: "ɪt",
  its: "ɪts",
  me: "mi",
  my: "mI",
  of: "ʌv",
  on: "ˌɔn",
  or: "ɔɹ",
  our: "ˌWəɹ",
  she: "ʃi",
  so: "sˌO",
  some: "sˌʌm",
  than: "ðæn",
  that: "ðæt",
  the: "ðə",
  their: "ðɛɹ",
  them: "ðˌɛm",
  there: "ðɛɹ",
  they: "ðA",
  this: "ðɪs",
  to: "tə",
  us: "ˌʌs",
  was: "wʌz",
  we: "wi",
  were: "wɜɹ",
  will: "wɪl",
  with: "wɪð",
  would: "wʊd",
  you: "ju",
  your: "jʊɹ",
  // The letter I is the person wherever it stands alone.
  i: "ˌI",
};
/** Before a vowel. */
const beforeVowel: Readonly<Record<string, string>> = { the: "ði", to: "tʊ" };

const vowelSigns = /^[ˈˌ]?[AIOWYiuæɑɔəɛɜɪʊʌɐ]/;
const symbols: readonly (readonly [RegExp, string])[] = [
  [/&/g, " and "],
  [/%/g, " percent "],
  [/@/g, " at "],
  [/\+/g, " plus "],
  [/=/g, " equals "],
  [/\$(\d[\d,]*(?:\.\d+)?)/g, "$1 dollars"],
];

/** @returns phonemes, or nothing where there are no words */
export function englishPhonemes(text: string): string {
  let spoken = text.normalize("NFKD").replace(/\p{M}/gu, "");
  for (const [symbol, word] of symbols) spoken = spoken.replace(symbol, word);
  spoken = spoken
    .replace(/[’‘`]/g, "'")
    .replace(/(?<=\d),(?=\d{3})/g, "")
    .replace(/(?<=\d)\.(?=\d)/g, " point ");
  const pieces: { word: string | null; sign: string }[] = [];
  for (const [token] of spoken.matchAll(/[A-Za-z]+(?:'[A-Za-z]+)*|\d+|[;:,.!?—…()"“”]|-{2,}|–/g)) {
    if (/^\d/.test(token)) for (const word of sayNumber(token)) pieces.push({ word, sign: "" });
    else if (/^[A-Za-z]/.test(token)) pieces.push({ word: token, sign: "" });
    else pieces.push({ word: null, sign: /^[-–]/.test(token) ? "—" : token });
  }
  if (pieces.every(({ word }) => word === null)) return "";
  let phonemes = "";
  let next = "";
  // Backwards, because small words follow the sound behind them.
  for (const { word, sign } of pieces.reverse()) {
    if (word === null) {
      const opens = sign === "(" || sign === "“";
      phonemes = opens ? sign + phonemes : sign + (phonemes === "" ? "" : ` ${phonemes}`);
      next = "";
      continue;
    }
    const said = sayWord(word, vowelSigns.test(next));
    const isGlued = phonemes === "" || /^[;:,.!?…)”]/.test(phonemes);
    phonemes = said + (isGlued ? "" : " ") + phonemes;
    next = said;
  }
  return phonemes.replace(/\s+/g, " ").trim();
}

function sayWord(word: string, isBeforeVowel: boolean): string {
  const lower = word.toLowerCase();
  if (isBeforeVowel && Object.hasOwn(beforeVowel, lower)) return beforeVowel[lower]!;
  if (Object.hasOwn(weakForms, lower)) return weakForms[lower]!;
  const isCapitals = /^[A-Z]{2,}s?$/.test(word);
  const capitals = word.replace(/s$/, "");
  // Capitals that make no word are said letter by letter; US, IT and the like too.
  if (isCapitals && (capitals.length <= 3 || !isPronounceable(capitals)) && !isShouted(word))
    return spell(word);
  return fromDictionary(lower) ?? byRules(lower);
}

/** Capitals of four and more letters that are a common word. */
function isShouted(word: string): boolean {
  return word.length > 3 && Object.hasOwn(dictionary, word.toLowerCase());
}

function spell(word: string): string {
  const letters = [...word.replace(/s$/, "").toLowerCase()];
  const said = letters.map((letter, i) => {
    const name = toSigns(dictionary[letter] ?? "");
    // The last letter bears the stress.
    return i === letters.length - 1 ? name : name.replace("ˈ", "ˌ");
  });
  return said.join("") + (/[A-Z]s$/.test(word) ? "z" : "");
}

/** The dictionary's word, or one of its words with an ending or another word behind it. */
function fromDictionary(word: string): string | null {
  const known = lookUp(word);
  if (known !== null) return known;
  const possessive = /^(.+)'s?$/.exec(word);
  if (possessive) {
    const stem = fromDictionary(possessive[1]!) ?? byRules(possessive[1]!);
    return withS(stem);
  }
  for (const [ending, add] of endings) {
    if (!word.endsWith(ending) || word.length < ending.length + 3) continue;
    const stem = word.slice(0, -ending.length);
    const doubled = /([b-df-hj-np-tv-z])\1$/.test(stem) ? stem.slice(0, -1) : null;
    const found = lookUp(stem) ?? lookUp(`${stem}e`) ?? (doubled && lookUp(doubled)) ?? null;
    if (found !== null) return add(found);
  }
  // Two words written as one, the longer the first the better.
  for (let at = word.length - 3; at >= 3; at--) {
    const [first, second] = [lookUp(word.slice(0, at)), lookUp(word.slice(at))];
    if (first !== null && second !== null && at >= 4) return first + second.replace("ˈ", "ˌ");
  }
  return null;
}

const endings: readonly (readonly [string, (stem: string) => string])[] = [
  ["ing", (stem) => `${stem}ɪŋ`],
  ["ies", (stem) => `${stem}z`],
  ["es", withS],
  ["s", withS],
  ["ed", (stem) => (/[td]$/.test(stem) ? `${stem}ɪd` : /[pkfθsʃʧ]$/.test(stem) ? `${stem}t` : `${stem}d`)],
  ["ers", (stem) => `${stem}əɹz`],
  ["er", (stem) => `${stem}əɹ`],
  ["ly", (stem) => `${stem}li`],
  ["ness", (stem) => `${stem}nəs`],
  ["less", (stem) => `${stem}ləs`],
  ["able", (stem) => `${stem}əbᵊl`],
];

function withS(stem: string): string {
  if (/[szʃʒʧʤ]$/.test(stem)) return `${stem}ɪz`;
  return /[ptkfθ]$/.test(stem) ? `${stem}s` : `${stem}z`;
}

function lookUp(word: string): string | null {
  return Object.hasOwn(dictionary, word) ? toSigns(dictionary[word]!) : null;
}

/** ARPAbet with stresses as numbers, `HH AH0 L OW1`. */
function toSigns(arpabet: string): string {
  const sounds = arpabet.split(" ").map((sound) => /^([A-Z]+)([012])?$/.exec(sound)!);
  return sounds
    .map(([, name, stress], i) => {
      const mark = stress === "1" ? "ˈ" : stress === "2" ? "ˌ" : "";
      if (name === "AH" && stress === "0") return "ə";
      if (name === "ER" && stress === "0") return "əɹ";
      const next = sounds[i + 1];
      const isFlap =
        name === "T" &&
        i > 0 &&
        sounds[i - 1]![2] !== undefined &&
        next?.[2] !== undefined &&
        next[2] === "0";
      return isFlap ? "ɾ" : mark + signs[name!]!;
    })
    .join("");
}

/** By letter-to-sound rules, which know no stress: it falls on the third vowel from the end, or the first. */
function byRules(word: string): string {
  const names = englishSounds(word.replace(/[^a-z]/g, "")).map((sound) => phoneNames[sound]!);
  const vowels = names.flatMap((name, i) => (/^[AEIOU]/.test(name) ? [i] : []));
  const stressed = vowels[Math.max(0, vowels.length - 3)];
  return names
    .map((name, i) => {
      if (i === stressed) return `ˈ${signs[name]!}`;
      return name === "AH" ? "ə" : name === "ER" ? "əɹ" : signs[name]!;
    })
    .join("");
}

const scales = ["", "thousand", "million", "billion", "trillion"];

/** Whole numbers in words; years and long numbers as they are said most often. */
function sayNumber(digits: string): string[] {
  const short = numberWords(digits);
  if (short !== null) return short.split(" ");
  if (digits.startsWith("0") || digits.length > 15) {
    return [...digits].map((digit) => numberWords(digit)!);
  }
  const words: string[] = [];
  const groups =
    digits.length % 3 === 0 ? digits : digits.padStart(digits.length + 3 - (digits.length % 3), "0");
  for (let at = 0; at < groups.length; at += 3) {
    const value = Number(groups.slice(at, at + 3));
    if (value === 0) continue;
    words.push(...numberWords(String(value))!.split(" "));
    const scale = scales[(groups.length - at) / 3 - 1]!;
    if (scale !== "") words.push(scale);
  }
  return words;
}
