/**
 * What CTC heads write. English is written in letters: a to z, the apostrophe and the space, because any name can be spelled
 * so. Mandarin is written in initials, finals and tones (docs/decisions), because its characters are thousands and say little
 * about their sound; both may stand in one set.
 */
import { numberWords } from "../context/extraction/spoken-forms.ts";
import { removeBracketed, removeSymbolsAndDiacritics } from "../text/normalise-basic.ts";
import { normaliseChinese } from "../text/normalise-chinese.ts";
import { finals, initials, parseSyllable, syllablesOf } from "../text/pinyin-syllables.ts";

export const labelSetNames = ["letters", "pinyin", "letters-and-pinyin"] as const;
export type LabelSetName = (typeof labelSetNames)[number];

const letters = [..."abcdefghijklmnopqrstuvwxyz'"];
const space = " ";
const tones = ["1", "2", "3", "4", "5"];

/** A word of a text and its labels. */
export interface LabelledWord {
  /** As it stands in the text. */
  readonly text: string;
  readonly labels: readonly number[];
}

/** A text in labels, or why it cannot be written in them. */
export type LabelledText =
  | {
      readonly labels: readonly number[];
      /** The words with their own labels, in order; those of `labels` between them are spaces. */
      readonly words: readonly LabelledWord[];
    }
  | { readonly problem: string };

export class CtcLabels {
  readonly name: LabelSetName;
  /** What labels 1, 2, … stand for; 0 is the blank. */
  readonly symbols: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(name: LabelSetName) {
    this.name = name;
    const sounds = [
      ...initials.map((initial) => `${initial}-`),
      ...finals.map((final) => `-${final}`),
      ...tones,
    ];
    this.symbols = [...(name === "pinyin" ? [] : [...letters, space]), ...(name === "letters" ? [] : sounds)];
    this.#numbers = new Map(this.symbols.map((symbol, i) => [symbol, i + 1]));
  }

  /** Labels with the blank. */
  get count(): number {
    return this.symbols.length + 1;
  }

  /** The label between words; null when there are no letters. */
  get space(): number | null {
    return this.#numbers.get(space) ?? null;
  }

  /** Labels from 1 to this are letters; 0 when there are none. */
  get letters(): number {
    return this.name === "pinyin" ? 0 : letters.length;
  }

  /** Writes a text in labels. Punctuation is left out, accents too; small numbers are written as words. */
  encode(text: string): LabelledText {
    const words: LabelledWord[] = [];
    for (const [run] of removeBracketed(text).matchAll(/[\p{Script=Han}々〇]+|[^\s\p{Script=Han}々〇]+/gu)) {
      const found = /^[\p{Script=Han}々〇]/u.test(run)
        ? this.#chineseWords(run)
        : this.#word(run, /\p{Script=Han}/u.test(text));
      if ("problem" in found) return found;
      words.push(...found.words);
    }
    const labels: number[] = [];
    for (const [i, word] of words.entries()) {
      if (i > 0 && this.#isSpelled(word) && this.#isSpelled(words[i - 1]!))
        labels.push(this.#numbers.get(space)!);
      labels.push(...word.labels);
    }
    return labels.length === 0 ? { problem: "there is nothing to write in labels" } : { labels, words };
  }

  /** Labels as text: letters as they are, syllables such as `bei3 jing1`. */
  decode(labels: readonly number[]): string {
    let text = "";
    for (const label of labels) {
      const symbol = this.symbols[label - 1] ?? "";
      // A tone ends a syllable.
      text += tones.includes(symbol) ? `${symbol} ` : symbol.replace("-", "");
    }
    return text.trim();
  }

  #isSpelled({ labels }: LabelledWord): boolean {
    return labels[0]! <= this.letters;
  }

  #word(word: string, isChinese: boolean): { words: LabelledWord[] } | { problem: string } {
    const spoken = word
      .replace(/\d+/g, (digits) => (isChinese ? digits : ` ${numberWords(digits) ?? digits} `))
      .replaceAll("&", isChinese ? " " : " and ")
      .replace(/[’‘]/g, "'");
    if (/\d/.test(spoken)) {
      return isChinese ? this.#numberWord(word) : { problem: `"${word}" may be said in several ways` };
    }
    const plain = removeSymbolsAndDiacritics(spoken.toLowerCase(), "'");
    const parts = plain.split(/\s+/).map((part) => part.replace(/^'+|'+$/g, ""));
    const said = parts.filter((part) => part !== "");
    if (said.length === 0) return { words: [] };
    const labels: number[] = [];
    for (const [i, part] of said.entries()) {
      if (i > 0) labels.push(this.#numbers.get(space)!);
      for (const letter of part) {
        const label = this.#numbers.get(letter);
        if (label === undefined) {
          return { problem: `"${word}" holds ${letter}, which is none of the labels (${this.name})` };
        }
        labels.push(label);
      }
    }
    return { words: [{ text: word, labels }] };
  }

  /** Figures in Chinese are said in Chinese. */
  #numberWord(word: string): { words: LabelledWord[] } | { problem: string } {
    const said = normaliseChinese(word);
    if (!/^[\p{Script=Han}〇]+$/u.test(said)) return { problem: `"${word}" may be said in several ways` };
    const found = this.#chineseWords(said);
    if ("problem" in found) return found;
    return { words: [{ text: word, labels: found.words.flatMap(({ labels }) => labels) }] };
  }

  #chineseWords(run: string): { words: LabelledWord[] } | { problem: string } {
    if (this.name === "letters") return { problem: `"${run}" is Chinese, the labels are letters` };
    const characters = [...run];
    const words: LabelledWord[] = [];
    for (const [i, syllable] of syllablesOf(run).entries()) {
      const text = characters[i]!;
      // Ideographic zero and the repetition mark are in no dictionary of readings.
      const known = syllable ?? (text === "〇" ? parseSyllable("ling2") : null);
      if (known === null) return { problem: `nobody knows how ${text} is said` };
      const symbols = [
        ...(known.initial === "" ? [] : [`${known.initial}-`]),
        `-${known.final}`,
        `${known.tone}`,
      ];
      words.push({ text, labels: symbols.map((symbol) => this.#numbers.get(symbol)!) });
    }
    return { words };
  }
}
