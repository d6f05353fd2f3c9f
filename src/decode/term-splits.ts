/**
 * Where a tokeniser splits the keys of a term tree into tokens.
 *
 * A bonus belongs to tokens that can lead to a term. With "iced" in the list, split as "ic|ed", the token "ice" begins
 * like it, but from there a model hardly ever goes on to "d": a bonus for it would only help what is not in the list.
 */
import type { Term } from "../context/term.ts";
import { breakByte } from "../text/fold.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { TermTree } from "./term-tree.ts";
import { TokenTable } from "./token-table.ts";

/** Of more keys that begin alike one is taken to be split anywhere. */
const mostKeys = 32;

export class TermSplits {
  readonly #tree: TermTree;
  readonly #tokenizer: Tokenizer;
  readonly #excluded: ReadonlySet<Term>;
  /** For a key, by depth, whether a token ends there; made when first asked for. */
  readonly #ends: Map<number, Uint8Array>;

  /**
   * @param excluded terms that weigh nothing
   * @param like what was found out about the same keys and tokeniser before
   */
  constructor(tree: TermTree, tokenizer: Tokenizer, excluded: ReadonlySet<Term>, like?: TermSplits) {
    this.#excluded = excluded;
    this.#tree = tree;
    this.#tokenizer = tokenizer;
    this.#ends = like ? like.#ends : new Map();
  }

  /** The largest weight of those keys from `low` to `high` in which a token ends after `depth` bytes; 0 without any. */
  heaviest(low: number, high: number, depth: number): number {
    if (high - low > mostKeys) return this.#tree.heaviestIn(low, high);
    let heaviest = 0;
    for (let key = low; key < high; key++) {
      const term = this.#tree.termOf(key);
      if (term.weight <= heaviest || this.#excluded.has(term)) continue;
      if (this.#endsOf(key)[depth] === 1) heaviest = term.weight;
    }
    return heaviest;
  }

  #endsOf(key: number): Uint8Array {
    let ends = this.#ends.get(key);
    if (!ends) this.#ends.set(key, (ends = this.#split(key)));
    return ends;
  }

  /** The splits of all ways in which a recogniser is likely to write the form: after a space or not, with capitals or not. */
  #split(key: number): Uint8Array {
    const form = this.#tree.formOf(key);
    const { folded, foldedOffsets } = TokenTable.of(this.#tokenizer);
    const first = key >= this.#tree.exactLow && key < this.#tree.exactHigh ? 1 : 0;
    const ends: number[] = [];
    for (const text of spellings(form)) {
      let depth = first;
      for (const token of this.#tokenizer.encode(text)) {
        for (let at = foldedOffsets[token]!; at < foldedOffsets[token + 1]!; at++)
          if (folded[at] !== breakByte) depth++;
        ends[depth] = 1;
      }
    }
    return Uint8Array.from(ends, (end) => end ?? 0);
  }
}

function spellings(form: string): Set<string> {
  const lower = form.toLowerCase();
  const cases = [
    form,
    lower,
    lower.replace(/^\p{L}/u, (letter) => letter.toUpperCase()),
    lower.replace(/(?<=^|\s)\p{L}/gu, (letter) => letter.toUpperCase()),
  ];
  return new Set(cases.flatMap((text) => [` ${text}`, text]));
}
