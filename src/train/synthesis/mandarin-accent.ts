/**
 * English as Mandarin speakers often say it: sounds that Mandarin lacks become those that it has, endings are lost or get a vowel, and
 * letters are called by their Mandarin names. What was said keeps its spelling, so that a head learns to spell what it hears with an accent.
 *
 * The replacements are those that descriptions of the accent name most often (Zhang and Yin, "A study of pronunciation problems of English
 * learners in China", 2009; the L2-ARCTIC corpus' annotations of Mandarin speakers). How often each happens is a guess.
 */
import { englishPhonemes } from "./english-phonemes.ts";

/** A vowel with its stress. */
const vowel = "[ˈˌ]?[AIOWYiuæɑɔəɛɜɪʊʌɐ]";
const beforeVowel = (sound: string) => new RegExp(`${sound}(?=${vowel})`, "g");

/** What a speaker with the strongest accent does to Kokoro's signs, and in which share of the places. */
const replacements: readonly (readonly [sound: RegExp, said: string, share: number])[] = [
  // Sounds that Mandarin lacks.
  [/θ/g, "s", 0.8],
  [/ð/g, "d", 0.4],
  [/ð/g, "z", 0.6],
  [/v/g, "w", 0.4],
  [/v/g, "f", 0.2],
  [/ʒ/g, "ɹ", 0.4],
  [/ʧ/g, "ꭧʰ", 0.3],
  [/ʤ/g, "ꭧ", 0.3],
  [/ʃ/g, "ʂ", 0.4],
  [beforeVowel("ɹ"), "ɻ", 0.4],
  [beforeVowel("ɹ"), "l", 0.1],
  [beforeVowel("l"), "ɹ", 0.05],
  [/h/g, "x", 0.5],
  // Short and long vowels are not told apart.
  [/ɪ(?!ŋ)/g, "i", 0.6],
  [/ʊ/g, "u", 0.6],
  [/æ/g, "ɛ", 0.6],
  [/ɛ/g, "æ", 0.1],
  [/ʌ/g, "a", 0.5],
  [/ɑɹ/g, "a", 0.3],
  [/ɜɹ/g, "ɤ", 0.4],
  [new RegExp(`əɹ(?!${vowel})`, "g"), "ɤ", 0.4],
  [/A/g, "ɛ", 0.3],
  [/O/g, "ɔ", 0.2],
  // No syllable ends with a stop or with l.
  [/l(?!\p{L})/gu, "O", 0.4],
  [/([ptkbdɡ])(?!\p{L})/gu, "$1ə", 0.2],
  [/(?<=\p{L})[td](?!\p{L})/gu, "", 0.3],
  [/b(?!\p{L})/gu, "p", 0.5],
  [/d(?!\p{L})/gu, "t", 0.5],
  [/ɡ(?!\p{L})/gu, "k", 0.5],
  [/z(?!\p{L})/gu, "s", 0.7],
  [/n(?!\p{L})/gu, "ŋ", 0.15],
  [/ŋ(?!\p{L})/gu, "n", 0.15],
  // Nor does one begin with two consonants.
  [/([ptkbdɡs])(?=[ptkɹl])/g, "$1ə", 0.15],
  // Every syllable is as strong as the others.
  [/[ˈˌ]/g, "", 0.5],
];

/** Names of the letters in Mandarin, each in the ways that are common. */
const letterNames: Readonly<Record<string, readonly string[]>> = {
  a: ["ei→"],
  b: ["pi↘", "pi→"],
  c: ["ɕi→", "sei→"],
  d: ["ti↘", "ti→"],
  e: ["i↘", "i→"],
  f: ["ai↗fu↘", "ɛ↗fu"],
  g: ["ʨi↘", "ʨi→"],
  h: ["ei→ʨʰi↘", "ai↗ʨʰi"],
  i: ["ai↘", "ai→"],
  j: ["ꭧei↘", "ʨei→"],
  k: ["kʰei↘", "kʰei→"],
  l: ["ai↗lou", "ɛ↗lɤ", "ɛ↗ɚ"],
  m: ["ai↗mu", "ɛ↗mu"],
  n: ["ə→n", "ai↗n"],
  o: ["ou→"],
  p: ["pʰi↘", "pʰi→"],
  q: ["kʰjou→", "kʰjou↘"],
  r: ["a↘ɚ", "a→"],
  s: ["ai↗sɨ", "ɛ↗sɨ"],
  t: ["tʰi↘", "tʰi→"],
  u: ["jou↘", "jou→"],
  v: ["wei→", "wei↘"],
  w: ["ta↗pu→lju", "ta↗pu↗ljou"],
  x: ["ai↗kʰɤsɨ", "ɛ↗kʰɤsɨ"],
  y: ["wai↘", "wai→"],
  z: ["ʦei↘", "ʦɤ→"],
};
/** Letters that get their Mandarin names from the strongest accent. */
const namedShare = 0.8;
/** The least that an accent is heard, of the strongest. */
const leastStrength = 0.3;

/** Letters that stand alone, one or several. */
const spelledOut = /(?<![A-Za-z'])[A-Za-z](?![A-Za-z'])(?:[\s.-]+[A-Za-z](?![A-Za-z']))*/g;

/**
 * English text to phonemes as Kokoro writes them, with the accent of one speaker: how strong it is, is drawn once.
 *
 * @param text letters that are said one by one stand apart: `S A P`; in English, `a` and `I` by themselves are words
 * @returns phonemes, or nothing where there are no words
 */
export function mandarinAccentedPhonemes(
  text: string,
  random: () => number,
  { isWithinMandarin = false }: { isWithinMandarin?: boolean } = {},
): string {
  const strength = leastStrength + (1 - leastStrength) * random();
  const said: string[] = [];
  let from = 0;
  for (const { 0: letters, index } of text.matchAll(spelledOut)) {
    if (!isWithinMandarin && /^[AaI]$/.test(letters)) continue;
    said.push(accented(text.slice(from, index), strength, random), spelled(letters, strength, random));
    from = index + letters.length;
  }
  said.push(accented(text.slice(from), strength, random));
  return said.filter((part) => part !== "").join(" ");
}

function spelled(letters: string, strength: number, random: () => number): string {
  return [...letters.toLowerCase().matchAll(/[a-z]/g)]
    .map(([letter]) => {
      // "A" alone would be the article.
      if (random() >= namedShare * strength) return englishPhonemes(letter === "a" ? "ay" : letter);
      const names = letterNames[letter]!;
      return names[Math.floor(random() * names.length)]!;
    })
    .join(" ");
}

function accented(text: string, strength: number, random: () => number): string {
  let phonemes = englishPhonemes(text);
  for (const [sound, said, share] of replacements) {
    phonemes = phonemes.replace(sound, (...match: unknown[]) => {
      if (random() >= share * strength) return match[0] as string;
      return said.replace("$1", match[1] as string);
    });
  }
  return phonemes;
}
