/**
 * Terms as an automaton over tokens (Aho and Corasick, 1975) that gives search a bonus for every token of a term
 * and takes it back when the term is not finished.
 *
 * A term counts only when it stands as whole words: it must begin where a word can begin and end where one can
 * end. Until its end has been seen, the bonus is *pending*; when it breaks off, what is pending is given back in
 * full, so that a started and abandoned term leaves no trace in the score. After a failure the automaton goes on in
 * the longest suffix that begins a term, so overlapping terms are all found.
 */
import type { TokenTable } from "./token-table.ts";

/** A term as tokens, with the bonus that each of its tokens brings. */
export interface TermTokens {
  readonly tokens: readonly number[];
  /** Natural-logarithm units for each token. */
  readonly bonus: number;
}

/** Where a hypothesis stands in the automaton. */
export interface TermState {
  readonly node: number;
  /** Bonus that is given back unless the term is finished. */
  readonly pending: number;
}

export class TermTree {
  static readonly start: TermState = { node: 0, pending: 0 };

  readonly #table: TokenTable;
  /** For every node its children, as token → node; null when it has none. */
  readonly #children: (Map<number, number> | null)[] = [null];
  /** Bonus collected on the way from the root. */
  readonly #bonus: number[] = [0];
  readonly #isTerm: boolean[] = [false];
  /** The longest proper suffix that is also the beginning of a term; 0 is the root. */
  readonly #suffix: number[] = [0];

  constructor(terms: Iterable<TermTokens>, table: TokenTable) {
    this.#table = table;
    for (const term of terms) this.#insert(term);
    this.#linkSuffixes();
  }

  /** Number of nodes, the root included. */
  get size(): number {
    return this.#children.length;
  }

  /** The tokens that go on from a node; those of the root begin a term. */
  childrenOf(node: number): IterableIterator<number> | readonly number[] {
    return this.#children[node]?.keys() ?? [];
  }

  /** The node to go on in when a node's own children do not fit; the root's is the root. */
  suffixOf(node: number): number {
    return this.#suffix[node]!;
  }

  /** What the score of a hypothesis changes by when its text ends, or when a token that continues no term follows. */
  changeOnLeaving(state: TermState, atBoundary: boolean): number {
    return -(atBoundary ? this.#bank(state) : state).pending;
  }

  /**
   * Follows one token.
   * @param atBoundary whether a word can end between the token before and this one
   * @returns the new state and the change of the score
   */
  advance(state: TermState, token: number, atBoundary: boolean): { state: TermState; change: number } {
    const kept = atBoundary ? this.#bank(state) : state;
    let node = kept.node;
    let child = this.#children[node]?.get(token);
    if (child !== undefined && (node !== 0 || atBoundary)) {
      const gained = this.#bonus[child]! - this.#bonus[node]!;
      return { state: { node: child, pending: kept.pending + gained }, change: gained };
    }
    while (node !== 0) {
      node = this.#suffix[node]!;
      child = this.#children[node]?.get(token);
      if (child !== undefined && (node !== 0 || atBoundary)) {
        const pending = this.#bonus[child]!;
        return { state: { node: child, pending }, change: pending - kept.pending };
      }
    }
    return { state: TermTree.start, change: -kept.pending };
  }

  /** At the end of a word, a finished term's bonus is earned for good. */
  #bank(state: TermState): TermState {
    if (state.pending === 0) return state;
    let earned = 0;
    for (let node = state.node; node !== 0 && earned === 0; node = this.#suffix[node]!) {
      if (this.#isTerm[node])
        earned = node === state.node ? state.pending : Math.min(this.#bonus[node]!, state.pending);
    }
    return earned === 0 ? state : { node: state.node, pending: state.pending - earned };
  }

  #insert({ tokens, bonus }: TermTokens): void {
    if (tokens.length === 0) return;
    let node = 0;
    for (const token of tokens) {
      const children = (this.#children[node] ??= new Map<number, number>());
      let child = children.get(token);
      if (child === undefined) {
        child = this.#children.length;
        children.set(token, child);
        this.#children.push(null);
        this.#bonus.push(this.#bonus[node]! + bonus);
        this.#isTerm.push(false);
        this.#suffix.push(0);
      } else {
        // Terms that share a beginning share its bonus: the largest that any of them asks for.
        this.#bonus[child] = Math.max(this.#bonus[child]!, this.#bonus[node]! + bonus);
      }
      node = child;
    }
    this.#isTerm[node] = true;
  }

  /** Breadth first, so that shorter suffixes are linked before longer ones need them. */
  #linkSuffixes(): void {
    const lastToken = new Int32Array(this.size).fill(-1);
    const queue = [0];
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!;
      for (const [token, child] of this.#children[node] ?? []) {
        queue.push(child);
        lastToken[child] = token;
        if (node === 0) continue;
        const atBoundary = !(
          this.#table.endsInsideWord(lastToken[node]!) && this.#table.beginsInsideWord(token)
        );
        let suffix = this.#suffix[node]!;
        let found = this.#children[suffix]?.get(token);
        while (suffix !== 0 && found === undefined) {
          suffix = this.#suffix[suffix]!;
          found = this.#children[suffix]?.get(token);
        }
        // A suffix that would begin in the middle of a word is no occurrence of the term.
        this.#suffix[child] = found !== undefined && (suffix !== 0 || atBoundary) ? found : 0;
      }
    }
  }
}
