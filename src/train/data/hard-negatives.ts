/**
 * Words and phrases that are easily taken for others: near in spelling, near in sound, and made by changing one letter. What
 * learns to tell terms apart learns most from these.
 */
import { Aligner, fullCost, type SoundStream } from "../../retrieval/alignment.ts";
import { pronounce } from "../../retrieval/pronunciation.ts";
import { SoundIndex } from "../../retrieval/sound-index.ts";
import { lettersOf, spellingSimilarity } from "../../retrieval/spelling.ts";

export interface Neighbour {
  readonly text: string;
  /** 1 for the same letters or sounds, 0 for nothing in common. */
  readonly similarity: number;
}

/** Below this nobody takes one for the other. */
const leastSimilarity = 0.5;
/** Texts that share the most runs of letters, which are then compared letter by letter. */
const mostCompared = 200;
const runLength = 2;
const mostKnown = 100_000;

export class HardNegatives {
  readonly #texts: readonly string[];
  readonly #letters: readonly string[];
  readonly #sounds: readonly Uint8Array[];
  readonly #byRun = new Map<string, number[]>();
  readonly #bySound: SoundIndex;
  readonly #aligner = new Aligner();
  /** By term and count: the same words come again and again, and a search takes milliseconds. */
  readonly #known = new Map<string, readonly string[]>();

  /** @param vocabulary what negatives are chosen from, such as the sub-texts of the training set */
  constructor(vocabulary: Iterable<string>) {
    const byLetters = new Map<string, string>();
    for (const text of vocabulary) {
      const letters = lettersOf(text);
      if (letters !== "" && !byLetters.has(letters)) byLetters.set(letters, text);
    }
    this.#texts = [...byLetters.values()];
    this.#letters = [...byLetters.keys()];
    this.#sounds = this.#texts.map((text) => pronounce(text).sounds);
    for (const [index, letters] of this.#letters.entries()) {
      for (const run of runsOf(letters)) {
        const holders = this.#byRun.get(run);
        if (holders) holders.push(index);
        else this.#byRun.set(run, [index]);
      }
    }
    this.#bySound = new SoundIndex(this.#sounds);
  }

  /** Texts that are spelled nearly alike, nearest first; never the text itself. */
  nearInSpelling(text: string, count: number): Neighbour[] {
    const letters = lettersOf(text);
    const shared = new Map<number, number>();
    for (const run of runsOf(letters)) {
      for (const index of this.#byRun.get(run) ?? []) shared.set(index, (shared.get(index) ?? 0) + 1);
    }
    const found: Neighbour[] = [];
    // A share of all runs of both, so that long texts do not win by their length.
    const overlap = ([index, runs]: [number, number]) =>
      runs / (letters.length + this.#letters[index]!.length);
    const compared = [...shared].sort((a, b) => overlap(b) - overlap(a)).slice(0, mostCompared);
    for (const [index] of compared) {
      if (this.#letters[index] === letters) continue;
      const similarity = spellingSimilarity(this.#letters[index]!, letters);
      if (similarity >= leastSimilarity) found.push({ text: this.#texts[index]!, similarity });
    }
    return nearest(found, count);
  }

  /**
   * Texts that sound nearly alike, nearest first. What sounds quite the same is none: nobody could tell it apart by hearing.
   */
  nearInSound(text: string, count: number): Neighbour[] {
    const { sounds } = pronounce(text);
    if (sounds.length === 0) return [];
    const letters = lettersOf(text);
    const stream = asOneWord(sounds);
    const found = new Map<number, number>();
    this.#bySound.search(stream, ({ sequence }) => {
      const other = this.#sounds[sequence]!;
      if (this.#letters[sequence] === letters || isSame(other, sounds)) return;
      const { cost } = this.#aligner.align(other, stream, 0, sounds.length);
      const similarity = 1 - cost / Math.max(fullCost(other), fullCost(sounds));
      if (similarity >= leastSimilarity) found.set(sequence, similarity);
    });
    const neighbours = [...found].map(([index, similarity]) => ({ text: this.#texts[index]!, similarity }));
    return nearest(neighbours, count);
  }

  /**
   * Negatives of a term for an utterance: half by spelling, half by sound, filled up with changed letters. None of them stands in
   * the utterance, where it would be true.
   *
   * @param utteranceText what is said
   */
  draw(term: string, utteranceText: string, count: number, random: () => number): string[] {
    const said = lettersOf(utteranceText);
    const isSaid = (text: string) => said.includes(lettersOf(text));
    const chosen = new Set<string>();
    const take = (texts: readonly string[], most: number) => {
      for (const text of texts) {
        if (chosen.size >= most) return;
        if (!isSaid(text)) chosen.add(text);
      }
    };
    // Twice as many as needed, so that some are left when others are said.
    take(this.#remembered(term, count, "nearInSpelling"), Math.ceil(count / 2));
    take(this.#remembered(term, count, "nearInSound"), count);
    for (let tries = 0; chosen.size < count && tries < 4 * count; tries++) {
      const edited = withOneEdit(term, random);
      if (edited !== null) take([edited], count);
    }
    return [...chosen];
  }

  #remembered(term: string, count: number, search: "nearInSpelling" | "nearInSound"): readonly string[] {
    const key = `${search} ${count} ${term}`;
    let found = this.#known.get(key);
    if (!found) {
      if (this.#known.size >= mostKnown) this.#known.clear();
      found = this[search](term, count).map(({ text }) => text);
      this.#known.set(key, found);
    }
    return found;
  }
}

/** A word with one letter left out, added, changed or two swapped; null for texts without letters of the alphabet. */
export function withOneEdit(text: string, random: () => number): string | null {
  const places = [...text.matchAll(/[a-z]/gi)].map(({ index }) => index);
  if (places.length < 3) return null;
  const at = places[Math.floor(random() * places.length)]!;
  const alphabet = /[aeiou]/i.test(text[at]!) ? "aeiou" : "bcdfghjklmnpqrstvwxyz";
  const letter = alphabet[Math.floor(random() * alphabet.length)]!;
  const [before, after] = [text.slice(0, at), text.slice(at + 1)];
  switch (Math.floor(random() * 4)) {
    case 0:
      return before + after;
    case 1:
      return before + text[at] + letter + after;
    case 2:
      return letter === text[at]!.toLowerCase() ? null : before + letter + after;
    default:
      if (!/^[a-z]/i.test(after) || after[0]!.toLowerCase() === text[at]!.toLowerCase()) return null;
      return before + after[0] + text[at] + after.slice(1);
  }
}

function nearest(found: Neighbour[], count: number): Neighbour[] {
  // By text where they are as near, so that the order follows from the vocabulary's content alone.
  return found.sort((a, b) => b.similarity - a.similarity || (a.text < b.text ? -1 : 1)).slice(0, count);
}

/** Runs of letters, with marks at the ends, each once. */
function runsOf(letters: string): Set<string> {
  const runs = new Set<string>();
  const marked = `^${letters}$`;
  for (let i = 0; i + runLength <= marked.length; i++) runs.add(marked.slice(i, i + runLength));
  return runs;
}

/** Sounds that must be matched as a whole: what is left out at an end costs. */
function asOneWord(sounds: Uint8Array): SoundStream {
  return {
    sounds,
    beforeInWord: sounds.map((_, i) => i),
    behindInWord: sounds.map((_, i) => sounds.length - 1 - i),
    wordOf: new Int32Array(sounds.length),
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((sound, i) => sound === b[i]);
}
