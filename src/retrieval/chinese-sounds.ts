/**
 * Mandarin to sounds by way of pinyin without tones: recognisers confuse characters of the same syllable first of all, and
 * speakers do not agree on tones in names.
 */
import { pinyin } from "pinyin-pro";
import { phone } from "./phones.ts";

const initials: readonly (readonly [string, string])[] = [
  ["zh", "JH"],
  ["ch", "CH"],
  ["sh", "SH"],
  ["b", "B"],
  ["p", "P"],
  ["m", "M"],
  ["f", "F"],
  ["d", "D"],
  ["t", "T"],
  ["n", "N"],
  ["l", "L"],
  ["g", "G"],
  ["k", "K"],
  ["h", "H"],
  ["j", "JH"],
  ["q", "CH"],
  ["x", "SH"],
  ["r", "R"],
  ["z", "Z"],
  ["c", "T S"],
  ["s", "S"],
  ["y", ""],
  ["w", ""],
];

const finals: Readonly<Record<string, string>> = {
  a: "AA",
  o: "AO",
  e: "AH",
  i: "IY",
  u: "UW",
  ü: "UE",
  ai: "AY",
  ei: "EY",
  ao: "AW",
  ou: "OW",
  an: "AA N",
  en: "AH N",
  ang: "AA NG",
  eng: "AH NG",
  ong: "UH NG",
  er: "ER",
  ia: "Y AA",
  ie: "Y EH",
  iao: "Y AW",
  iu: "Y OW",
  ian: "Y EH N",
  in: "IY N",
  iang: "Y AA NG",
  ing: "IY NG",
  iong: "Y UH NG",
  ua: "W AA",
  uo: "W AO",
  uai: "W AY",
  ui: "W EY",
  uan: "W AA N",
  un: "W AH N",
  uang: "W AA NG",
  ueng: "W AH NG",
  üe: "UE EH",
  üan: "UE EH N",
  ün: "UE N",
};

/** Syllables that begin with y or w, whose spelling hides the final. */
const whole: Readonly<Record<string, string>> = {
  yi: "IY",
  ya: "Y AA",
  yo: "Y AO",
  ye: "Y EH",
  yao: "Y AW",
  you: "Y OW",
  yan: "Y EH N",
  yin: "IY N",
  yang: "Y AA NG",
  ying: "IY NG",
  yong: "Y UH NG",
  yu: "UE",
  yue: "UE EH",
  yuan: "UE EH N",
  yun: "UE N",
  wu: "UW",
  wa: "W AA",
  wo: "W AO",
  wai: "W AY",
  wei: "W EY",
  wan: "W AA N",
  wen: "W AH N",
  wang: "W AA NG",
  weng: "W AH NG",
  zhi: "JH ER",
  chi: "CH ER",
  shi: "SH ER",
  ri: "R ER",
  zi: "Z AH",
  ci: "T S AH",
  si: "S AH",
};

const bySyllable = new Map<string, readonly number[]>();

/** The sounds of each character of a run of Chinese; empty for characters that no dictionary knows. */
export function chineseSounds(text: string): (readonly number[])[] {
  return pinyin(text, { toneType: "none", type: "array", v: true }).map(syllableSounds);
}

/** @param syllable pinyin without a tone, such as `zhong` or `nv` */
export function syllableSounds(syllable: string): readonly number[] {
  let sounds = bySyllable.get(syllable);
  if (sounds === undefined) {
    sounds = spell(syllable.replace("v", "ü"));
    bySyllable.set(syllable, sounds);
  }
  return sounds;
}

function spell(syllable: string): readonly number[] {
  const known = whole[syllable];
  const names = known ?? byParts(syllable);
  return names === "" ? [] : names.split(" ").map(phone);
}

function byParts(syllable: string): string {
  const initial = initials.find(([letters]) => syllable.startsWith(letters));
  let final = initial ? syllable.slice(initial[0].length) : syllable;
  // After j, q and x, u is ü.
  if (initial && /^[jqx]$/.test(initial[0])) final = final.replace(/^u/, "ü");
  const sounds = finals[final];
  return sounds === undefined ? "" : `${initial?.[1] ?? ""} ${sounds}`.trim();
}
