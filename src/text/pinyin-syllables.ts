/**
 * Mandarin syllables as initial, final and tone, whatever letters pinyin hides them behind: `yu` is ü, `wei` is uei, `jun` is j and
 * ün.
 */
import { pinyin } from "pinyin-pro";

export interface Syllable {
  /** `b` … `s`, `zh`, `ch`, `sh`, `r`; empty when the syllable begins with a vowel. */
  readonly initial: string;
  /** Written in full, one of `finals`. */
  readonly final: string;
  /** 1 to 4, 5 for none. */
  readonly tone: number;
}

export const initials = "b p m f d t n l g k h j q x zh ch sh r z c s".split(" ");
export const finals = (
  "a o e i u ü ai ei ao ou an en ang eng ong er ê ia ie iao iou ian in iang ing iong io " +
  "ua uo uai uei uan uen uang ueng üe üan ün m n ng"
).split(" ");

/** Finals that pinyin writes shorter behind an initial. */
const shortened: Readonly<Record<string, string>> = { iu: "iou", ui: "uei", un: "uen" };

/** The syllables of a run of Chinese characters, one each; null for characters that no dictionary knows. */
export function syllablesOf(text: string): (Syllable | null)[] {
  return pinyin(text, { toneType: "num", type: "array" }).map(parseSyllable);
}

/** @param syllable pinyin with a number for the tone, such as `zhong1` or `lü4` */
export function parseSyllable(syllable: string): Syllable | null {
  const parts = /^([a-zêüv]+)([0-5])$/.exec(syllable.toLowerCase());
  if (parts === null) return null;
  const tone = parts[2] === "0" ? 5 : Number(parts[2]);
  const letters = parts[1]!.replace("v", "ü");
  const initial = /^(?:[zcs]h|[bpmfdtnlgkhjqxrzcs](?=[^h]|$))/.exec(letters)?.[0] ?? "";
  let final = letters.slice(initial.length);
  if (final === "" || (initial !== "" && /^n?g?$/.test(final)))
    return spoken({ initial: "", final: letters, tone });
  if (initial === "") final = withoutGlide(final);
  else if (/^[jqx]$/.test(initial)) final = final.replace(/^u/, "ü");
  return spoken({ initial, final: final === "ün" ? final : (shortened[final] ?? final), tone });
}

/** `ya` → ia, `you` → iou, `yuan` → üan, `wen` → uen, `wu` → u. */
function withoutGlide(final: string): string {
  if (final.startsWith("yu")) return final.replace("yu", "ü");
  if (final.startsWith("yi")) return final.slice(1);
  if (final.startsWith("y")) return `i${final.slice(1)}`;
  if (final.startsWith("wu")) return final.slice(1);
  return final.startsWith("w") ? `u${final.slice(1)}` : final;
}

function spoken(syllable: Syllable): Syllable | null {
  return finals.includes(syllable.final) ? syllable : null;
}
