/**
 * A list of terms as a prefix tree over folded bytes (`src/text/fold.ts`), whatever way a recogniser cuts them into
 * tokens.
 *
 * The tree is implicit: the keys stand sorted in one array, and a node is the range of keys that share a beginning.
 * Building it is sorting, it takes about twice the bytes of the terms, and it holds for every tokeniser.
 */
import { stopWords } from "../context/extraction/stop-words.ts";
import type { Term } from "../context/term.ts";
import { breakByte, foldText } from "../text/fold.ts";

/** Keys shorter than this must be broken into words as the user did: "a I" is not "AI". */
const shortestJoinedKey = 4;
/** The same for keys of one plain word: "a head" is not "ahead". */
const shortestJoinedWord = 6;
/**
 * Keys this short are often ordinary words ("it" and "IT"): a term with capitals is then found only with them, as are longer ones that
 * are words of every sentence ("Will").
 */
const longestAmbiguousKey = 3;
/** Comes before keys that hold capitals; no text holds this byte. */
const capitalByte = 1;

/** Terms of fewer bytes have no plural: "as" is not the plural of "a". */
export const shortestWithPlural = 3;
/** The letters of a plural's ending. */
export const letterS = 0x73;
export const letterE = 0x65;

/** Breaks of a text or a key, as a number: the places matter, not what stands there. */
export function withBreak(breaks: number, at: number): number {
  return (Math.imul(breaks, 31) + at + 1) | 0;
}

export class TermTree {
  /** The terms with which it was built. */
  readonly terms: readonly Term[];
  readonly size: number;
  /** The largest weight. */
  readonly heaviest: number;
  readonly #bytes: Uint8Array;
  /** Where each key begins in `bytes`; one entry more than there are keys. */
  readonly #offsets: Uint32Array;
  readonly #term: Uint32Array;
  /** What each key was made from: the term or one of its spoken forms. */
  readonly #form: string[] = [];
  readonly #breaks: Int32Array;
  /** Whether the breaks of the text must be those of the key. */
  readonly #strict: Uint8Array;
  /** Row r holds the largest weight of the 2^r keys from each one on; none when all weights are equal. */
  readonly #heaviestOf: Float32Array[] = [];
  /** The keys that hold capitals. */
  readonly exactLow: number;
  readonly exactHigh: number;
  /** Terms that can never be found, because other terms of the list are written the same but for case and breaks. */
  readonly shadowed: readonly Term[];
  /** Range found by `child`. */
  low = 0;
  high = 0;

  /** @param terms those of equal keys count once, the first */
  constructor(terms: readonly Term[]) {
    this.terms = terms;
    const keys = new Map<string, Key & { term: number; form: string }>();
    const shadowed: Term[] = [];
    for (const [index, term] of terms.entries()) {
      let isFound = false;
      for (const form of [term.text, ...term.spokenForms]) {
        const key = keyOf(form);
        // Equal keys that are broken differently stay apart; a space sorts them beside each other.
        const name = `${key.bytes} ${key.breaks}`;
        if (key.bytes === "" || keys.has(name)) continue;
        keys.set(name, { ...key, term: index, form });
        isFound = true;
      }
      if (!isFound) shadowed.push(term);
    }
    this.shadowed = shadowed;
    const sorted = [...keys.keys()].sort();
    this.size = sorted.length;
    this.#offsets = new Uint32Array(this.size + 1);
    this.#term = new Uint32Array(this.size);
    this.#breaks = new Int32Array(this.size);
    this.#strict = new Uint8Array(this.size);
    for (const [i, name] of sorted.entries()) {
      const key = keys.get(name)!;
      sorted[i] = key.bytes;
      this.#offsets[i + 1] = this.#offsets[i]! + key.bytes.length;
      this.#term[i] = key.term;
      this.#form.push(key.form);
      this.#breaks[i] = key.breaks;
      this.#strict[i] = Number(key.isStrict);
    }
    this.#bytes = new Uint8Array(Buffer.from(sorted.join(""), "latin1"));
    this.child(0, this.size, 0, capitalByte);
    this.exactLow = this.low;
    this.exactHigh = this.low < this.high ? this.high : this.low;
    this.heaviest = terms.reduce((most, { weight }) => Math.max(most, weight), 0);
    if (terms.some(({ weight }) => weight !== terms[0]!.weight)) this.#linkWeights();
  }

  /** Bytes of memory that the tree takes, without the terms themselves. */
  get byteLength(): number {
    const arrays = [this.#bytes, this.#offsets, this.#term, this.#breaks, this.#strict, ...this.#heaviestOf];
    return arrays.reduce((sum, array) => sum + array.byteLength, 0);
  }

  /**
   * Of the keys from `low` to `high`, which share `depth` bytes, those that go on with `byte`. They are left in `low`
   * and `high`.
   * @returns whether there are any
   */
  child(low: number, high: number, depth: number, byte: number): boolean {
    this.low = this.#firstNotBelow(low, high, depth, byte);
    this.high = this.low;
    if (this.low === high || this.#byteAt(this.low, depth) !== byte) return false;
    this.high =
      this.#byteAt(high - 1, depth) === byte ? high : this.#firstNotBelow(this.low, high, depth, byte + 1);
    return true;
  }

  /** Whether the first keys of a range are complete after `depth` bytes. */
  isComplete(low: number, depth: number): boolean {
    return depth === this.#offsets[low + 1]! - this.#offsets[low]!;
  }

  /**
   * Of the keys of a range that are complete after `depth` bytes, the one for a text with these breaks: with the same
   * breaks, else one that may be broken differently.
   * @returns −1 when there is none
   */
  completeKey(low: number, high: number, depth: number, breaks: number): number {
    let found = -1;
    for (let key = low; key < high && this.isComplete(key, depth); key++) {
      if (this.#breaks[key] === breaks) return key;
      if (found < 0 && this.#strict[key] === 0) found = key;
    }
    return found;
  }

  /** Index in `terms` of a key's term. */
  indexOf(key: number): number {
    return this.#term[key]!;
  }

  termOf(key: number): Term {
    return this.terms[this.#term[key]!]!;
  }

  /** What a key was made from: its term's text or one of its spoken forms. */
  formOf(key: number): string {
    return this.#form[key]!;
  }

  /** The largest weight of the keys from `low` to `high`. */
  heaviestIn(low: number, high: number): number {
    if (this.#heaviestOf.length === 0) return this.heaviest;
    const row = 31 - Math.clz32(high - low);
    const weights = this.#heaviestOf[row]!;
    return Math.max(weights[low]!, weights[high - (1 << row)]!);
  }

  #byteAt(key: number, depth: number): number {
    const at = this.#offsets[key]! + depth;
    return at < this.#offsets[key + 1]! ? this.#bytes[at]! : -1;
  }

  #firstNotBelow(low: number, high: number, depth: number, byte: number): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#byteAt(middle, depth) < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A sparse table: the maximum of any range is that of two overlapping powers of two. */
  #linkWeights(): void {
    let row = Float32Array.from({ length: this.size }, (_, key) => this.termOf(key).weight);
    for (let span = 1; span <= this.size; span *= 2) {
      this.#heaviestOf.push(row);
      const below = row;
      row = Float32Array.from({ length: Math.max(0, this.size - 2 * span + 1) }, (_, key) =>
        Math.max(below[key]!, below[key + span]!),
      );
    }
  }
}

/** "I D C", which may be written "IDC", but hardly "idc". */
const spelledLetters = /^\p{Lu}(?:[ .-]\p{Lu})+\.?$/u;

interface Key {
  /** One character a byte, without breaks. */
  readonly bytes: string;
  readonly breaks: number;
  /** Whether a text must be broken into words in the same places. */
  readonly isStrict: boolean;
}

function keyOf(form: string): Key {
  const { bytes, capitals } = foldText(form);
  const isSpelled = spelledLetters.test(form.trim());
  const isEverydayWord = bytes.length <= longestAmbiguousKey || stopWords.has(form.toLowerCase());
  const ambiguous = isSpelled || (isEverydayWord && capitals.includes(1));
  const kept: number[] = ambiguous ? [capitalByte] : [];
  const start = kept.length;
  let breaks = 0;
  let isBreak = false;
  for (const [i, byte] of bytes.entries()) {
    if (byte === breakByte) {
      isBreak = kept.length > start;
      continue;
    }
    if (isBreak) breaks = withBreak(breaks, kept.length);
    isBreak = false;
    const isCapital = ambiguous && capitals[i] === 1 && byte < 0x80;
    kept.push(isCapital ? capitalOf(byte) : byte);
  }
  // An apostrophe inside a word is there to be read: "he'll" is not "hell".
  const isApart = /\p{L}['’]\p{L}/u.test(form);
  const isPlain = breaks === 0 && /^.?\p{Ll}*$/u.test(form);
  const isStrict =
    isApart || (!isSpelled && kept.length < (isPlain ? shortestJoinedWord : shortestJoinedKey));
  return { bytes: String.fromCharCode(...kept), breaks, isStrict };
}

/** The capital of an ASCII letter. */
export function capitalOf(byte: number): number {
  return byte - 0x20;
}
