/**
 * The sounds that words are compared by: an inventory that holds English and Mandarin, what it costs to hear one for another,
 * and coarse classes in which most confusions vanish.
 *
 * Costs follow articulation: place, manner and voicing of consonants; height, backness, rounding and length of vowels. They are
 * in hundredths: 100 is a sound heard for one that has nothing in common with it.
 */

type Manner = "stop" | "affricate" | "fricative" | "nasal" | "liquid" | "glide";

interface Consonant {
  readonly manner: Manner;
  /** From the lips (0) to the throat (6). */
  readonly place: number;
  readonly voiced: boolean;
}

interface Vowel {
  /** 0 high (see) to 4 low (father). */
  readonly height: number;
  /** 0 front to 2 back. */
  readonly back: number;
  /** Where a diphthong ends, or undefined. */
  readonly glide?: "front" | "back";
}

const consonants: Readonly<Record<string, Consonant>> = {
  P: { manner: "stop", place: 0, voiced: false },
  B: { manner: "stop", place: 0, voiced: true },
  T: { manner: "stop", place: 3, voiced: false },
  D: { manner: "stop", place: 3, voiced: true },
  K: { manner: "stop", place: 5, voiced: false },
  G: { manner: "stop", place: 5, voiced: true },
  CH: { manner: "affricate", place: 4, voiced: false },
  JH: { manner: "affricate", place: 4, voiced: true },
  F: { manner: "fricative", place: 1, voiced: false },
  V: { manner: "fricative", place: 1, voiced: true },
  TH: { manner: "fricative", place: 2, voiced: false },
  S: { manner: "fricative", place: 3, voiced: false },
  Z: { manner: "fricative", place: 3, voiced: true },
  SH: { manner: "fricative", place: 4, voiced: false },
  ZH: { manner: "fricative", place: 4, voiced: true },
  H: { manner: "fricative", place: 6, voiced: false },
  M: { manner: "nasal", place: 0, voiced: true },
  N: { manner: "nasal", place: 3, voiced: true },
  NG: { manner: "nasal", place: 5, voiced: true },
  L: { manner: "liquid", place: 3, voiced: true },
  R: { manner: "liquid", place: 4, voiced: true },
  W: { manner: "glide", place: 0, voiced: true },
  Y: { manner: "glide", place: 4, voiced: true },
};

const vowels: Readonly<Record<string, Vowel>> = {
  IY: { height: 0, back: 0 },
  IH: { height: 0.7, back: 0.4 },
  EH: { height: 2, back: 0 },
  AE: { height: 3.3, back: 0.2 },
  AA: { height: 4, back: 1.6 },
  AO: { height: 2.8, back: 2 },
  AH: { height: 2, back: 1 },
  ER: { height: 2, back: 1.2 },
  UH: { height: 0.8, back: 1.7 },
  UW: { height: 0, back: 2 },
  UE: { height: 0, back: 0.8 },
  EY: { height: 1.5, back: 0, glide: "front" },
  AY: { height: 3.5, back: 0.8, glide: "front" },
  OY: { height: 2, back: 2, glide: "front" },
  AW: { height: 3.5, back: 1.2, glide: "back" },
  OW: { height: 1.5, back: 2, glide: "back" },
};

/** The names of the sounds; a sound is written as its index. */
export const phoneNames: readonly string[] = [...Object.keys(consonants), ...Object.keys(vowels)];
export const phoneCount = phoneNames.length;

const indexByName = new Map(phoneNames.map((name, index) => [name, index]));

/** @throws Error for a name that is none */
export function phone(name: string): number {
  const index = indexByName.get(name);
  if (index === undefined) throw new Error(`No sound is called ${name}.`);
  return index;
}

const places = 6;

/** Pairs that speakers and recognisers confuse more than their articulation says: accents of English, regions of China. */
const confused: Readonly<Record<string, number>> = {
  "N NG": 0.2,
  "S SH": 0.25,
  // Names of other languages: Jaeger, Julia.
  "JH Y": 0.5,
  "JH Z": 0.3,
  "L N": 0.4,
  "L R": 0.4,
  "F H": 0.55,
  "V W": 0.4,
  "S TH": 0.35,
  "F TH": 0.35,
  "D TH": 0.35,
};

/** `substitutionCosts[a * phoneCount + b]`: what it costs to hear b for a, 0 to 100. */
export const substitutionCosts: Uint8Array = (() => {
  const costs = new Uint8Array(phoneCount * phoneCount);
  for (let a = 0; a < phoneCount; a++) {
    for (let b = 0; b < phoneCount; b++) costs[a * phoneCount + b] = Math.round(100 * costBetween(a, b));
  }
  return costs;
})();

/** What it costs to miss a sound or to hear one that is not there, 0 to 100. Weak sounds come and go. */
export const gapCosts: Uint8Array = Uint8Array.from(phoneNames, (name) => {
  if (name === "AH" || name === "H" || name === "IH") return 50;
  if (name in vowels) return 65;
  return name === "T" || name === "D" || name === "R" || name === "Y" || name === "W" || name === "NG"
    ? 70
    : 90;
});

function costBetween(a: number, b: number): number {
  if (a === b) return 0;
  const [nameA, nameB] = [phoneNames[a]!, phoneNames[b]!];
  const known = confused[[nameA, nameB].sort().join(" ")];
  if (known !== undefined) return known;
  const [vowelA, vowelB] = [vowels[nameA], vowels[nameB]];
  if (vowelA && vowelB) {
    const distance = Math.abs(vowelA.height - vowelB.height) / 4 + Math.abs(vowelA.back - vowelB.back) / 3;
    const glide = vowelA.glide === vowelB.glide ? 0 : 0.12;
    // Unstressed vowels are all alike.
    const weak = nameA === "AH" || nameB === "AH" ? 0.7 : 1;
    return Math.min(0.7, (0.1 + 0.55 * distance + glide) * weak);
  }
  const [first, second] = [consonants[nameA], consonants[nameB]];
  if (!first || !second) {
    const other = first ? nameA : nameB;
    const vowel = first ? nameB : nameA;
    if (other === "Y" && /^(?:IY|IH|UE)$/.test(vowel)) return 0.4;
    if (other === "W" && /^(?:UW|UH|OW)$/.test(vowel)) return 0.4;
    if (other === "R" && vowel === "ER") return 0.3;
    return 1;
  }
  const place = Math.abs(first.place - second.place) / places;
  const voice = first.voiced === second.voiced ? 0 : 0.15;
  if (first.manner === second.manner)
    return Math.min(0.8, 0.2 * Number(place > 0) + 0.7 * place + voice + 0.05);
  const pair = [first.manner, second.manner].sort().join(" ");
  if (pair === "affricate fricative") return Math.min(0.9, 0.3 + 0.7 * place + voice);
  if (pair === "affricate stop") return Math.min(0.9, 0.45 + 0.6 * place + voice);
  if (pair === "fricative stop") return Math.min(1, 0.5 + 0.6 * place + voice);
  if (pair === "glide liquid") return 0.5;
  if (pair === "liquid nasal") return nameA === "NG" || nameB === "NG" ? 0.9 : 0.6;
  if (first.voiced && second.voiced && pair === "nasal stop") return 0.5 + 0.5 * place;
  return 1;
}

/** Number of coarse classes. */
export const classCount = 9;

/** Class of every sound: lips, tongue tip, hiss, back, nasal, liquid and glide, and front, middle and back vowels. */
export const phoneClasses: Uint8Array = Uint8Array.from(phoneNames, (name) => {
  const consonant = consonants[name];
  if (consonant) {
    if (consonant.manner === "nasal") return 4;
    if (consonant.manner === "liquid" || consonant.manner === "glide") return 5;
    if (name === "TH") return 0;
    if (consonant.manner === "affricate" || /^(?:S|Z|SH|ZH)$/.test(name)) return 2;
    if (consonant.place <= 1) return 0;
    return consonant.place <= 3 ? 1 : 3;
  }
  const { height, back } = vowels[name]!;
  return back < 0.9 && height < 3 ? 6 : back >= 1.5 && height < 3 ? 8 : 7;
});
