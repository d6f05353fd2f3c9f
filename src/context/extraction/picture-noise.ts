/**
 * Text that was read from pictures: drops what is likely noise, and repairs the usual confusions where that gives a word.
 */
import { rarityOf } from "./word-rarity.ts";

/** What is read for what: `rn` for `m`, `0` for `O`, `1` and `|` for `l` and `I`, `5` for `S`. */
const confusions: readonly (readonly [RegExp, string])[] = [
  [/rn/g, "m"],
  [/0/g, "o"],
  [/[1|!]/g, "l"],
  [/[1|!l]/g, "i"],
  [/5/g, "s"],
  [/8/g, "b"],
  [/vv/g, "w"],
  [/cl/g, "d"],
  [/ﬁ/g, "fi"],
];

export function repairPictureText(text: string): string {
  return text
    .split("\n")
    .map((line) =>
      line
        .split(" ")
        .map(repairWord)
        .filter((word) => !isNoise(word))
        .join(" "),
    )
    .filter((line) => /[\p{L}\p{N}]/u.test(line))
    .join("\n");
}

/** Only words that are in no list are touched, and only when one confusion makes them a known word. */
function repairWord(word: string): string {
  const core = /^\P{L}*?([\p{L}\d|!]+)[^\p{L}\d|!]*$/u.exec(word)?.[1];
  if (core === undefined || core.length < 4 || /^\p{Lu}+$/u.test(core)) return word;
  const lower = core.toLowerCase();
  // Signs and digits inside small letters, or a word that nobody knows.
  if (rarityOf(lower) < 1 || /^\d+$|\p{Lu}.*\p{Lu}/u.test(core)) return word;
  for (const [misread, right] of confusions) {
    const repaired = lower.replace(misread, right);
    if (repaired !== lower && rarityOf(repaired) <= 0.6) {
      const cased = /^\p{Lu}/u.test(core) ? repaired[0]!.toUpperCase() + repaired.slice(1) : repaired;
      return word.replace(core, cased);
    }
  }
  return word;
}

/** Bullets, borders and specks: signs only, letters among signs, one letter again and again, long runs without a vowel. */
function isNoise(word: string): boolean {
  if (/\p{Script=Han}/u.test(word)) return false;
  const letters = word.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  if (letters === 0) return !/^[-–—&+=:,.;]$/u.test(word);
  if (letters === 1 && !/^[aAI\d]/.test(word)) return true;
  if (letters < word.length / 2) return true;
  if (/(\p{L})\1{2}/iu.test(word) && rarityOf(word.toLowerCase()) === 1) return true;
  return /^[^aeiouyAEIOUY\d\W_]{7,}$/.test(word);
}
