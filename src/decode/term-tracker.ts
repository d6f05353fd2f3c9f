/**
 * Follows the terms that a growing text is in the middle of, token by token, and the bonus that they bring.
 *
 * A term counts only when it stands as whole words. From where a word begins, its match holds a bonus for every token
 * so far; when it breaks off, the bonus is gone, so that a started and abandoned term leaves no trace in the score. Where the
 * tokens part from the way in which the tokeniser splits the term, the bonus waits until they meet again. At the end of a
 * word a finished term's bonus is earned for good. Of terms that overlap, or stand one in another, those count
 * that together bring most.
 */
import { breakByte, continuesCharacter, standsAlone } from "../text/fold.ts";
import type { Term } from "../context/term.ts";
import { afterE, afterS, inTerm, MatchList, noTerm, type Match } from "./match-list.ts";
import { capitalOf, letterE, letterS, shortestWithPlural, withBreak, type TermTree } from "./term-tree.ts";
import { TermSplits } from "./term-splits.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { TokenTable } from "./token-table.ts";

/** Where a text stands. */
export interface TermState {
  /** Bonus of the terms that are finished. */
  readonly earned: number;
  /** Bonus with the matches that may still be given back. */
  readonly bonus: number;
  readonly matches: readonly Match[];
  readonly last: LastCharacter;
  /** Index of the term that ends with the last word; `noTerm` without. */
  readonly ended: number;
  /** The terms that have earned something, the last one first. */
  readonly earners: Earner | null;
}

/** A term in a list of terms that share their ends. */
interface Earner {
  readonly index: number;
  readonly next: Earner | null;
}

/** What the text ends with: a word can begin after a break, and beside a character that stands alone. */
type LastCharacter = "break" | "word" | "alone";

/** What each token of a term of weight 1 adds to the score of a hypothesis (natural logarithm). */
const bonusPerToken = 3;
/** Lists up to this size have the whole bonus. */
const largestOrdinaryList = 2000;
/**
 * The more terms a list holds, the less it says of each that it may be spoken, and the more of them sound like something else: the
 * bonus falls with the logarithm of the size, to 2 for 100,000 terms (docs/experiments.md).
 */
const discountShare = 0.25;

function bonusInListOf(terms: number): number {
  return bonusPerToken - discountShare * Math.log(Math.max(1, terms / largestOrdinaryList));
}

export class TermTracker {
  static readonly start: TermState = {
    earned: 0,
    bonus: 0,
    matches: [],
    last: "break",
    ended: noTerm,
    earners: null,
  };

  readonly #tree: TermTree;
  readonly #table: TokenTable;
  readonly #splits: TermSplits;
  readonly #tokenizer: Tokenizer;
  readonly #excluded: ReadonlySet<Term>;
  readonly #bonusPerToken: number;
  // The matches before and after a byte.
  #matches = new MatchList();
  #next = new MatchList();
  #earned = 0;
  settled = 0;
  #last: LastCharacter = "break";
  #ended = noTerm;
  #earners: Earner | null = null;

  /**
   * @param bonus what each token of a term of weight 1 brings (natural logarithm)
   * @param excluded terms that bring nothing
   * @param splits of the same tree
   */
  constructor(
    tree: TermTree,
    tokenizer: Tokenizer,
    bonus = bonusInListOf(tree.terms.length),
    excluded: ReadonlySet<Term> = new Set(),
    splits?: TermSplits,
  ) {
    this.#tree = tree;
    this.#tokenizer = tokenizer;
    this.#table = TokenTable.of(tokenizer);
    this.#splits = new TermSplits(tree, tokenizer, excluded, splits);
    this.#excluded = excluded;
    this.#bonusPerToken = bonus;
  }

  /** The same without the bonus of some terms. */
  without(excluded: ReadonlySet<Term>): TermTracker {
    return new TermTracker(this.#tree, this.#tokenizer, this.#bonusPerToken, excluded, this.#splits);
  }

  /** No token raises the bonus by more. */
  get mostPerToken(): number {
    return this.#bonusPerToken * this.#tree.heaviest;
  }

  /**
   * The bonus after one more token.
   *
   * `settled` then holds as much of it as is left if no term goes on.
   */
  bonusAfter(state: TermState, token: number): number {
    this.#follow(state, token);
    const bonus = this.#bonus();
    this.#finishWord();
    this.settled = this.#earned;
    return bonus;
  }

  /** The state after one more token. */
  advance(state: TermState, token: number): TermState {
    this.#follow(state, token);
    const matches = Array.from({ length: this.#matches.count }, (_, i) => this.#matches.at(i));
    return {
      earned: this.#earned,
      bonus: this.#bonus(),
      matches,
      last: this.#last,
      ended: this.#ended,
      earners: this.#earners,
    };
  }

  /** The bonus when the text ends here. */
  bonusAtEnd(state: TermState): number {
    this.#load(state);
    this.#finishWord();
    return this.#earned;
  }

  #load(state: TermState): void {
    this.#earned = state.earned;
    this.#last = state.last;
    this.#ended = state.ended;
    this.#earners = state.earners;
    this.#matches.load(state.matches);
  }

  #follow(state: TermState, token: number): void {
    this.#load(state);
    const { folded, capitals, foldedOffsets } = this.#table;
    const end = foldedOffsets[token + 1]!;
    for (let at = foldedOffsets[token]!; at < end; at++) {
      const byte = folded[at]!;
      if (byte === breakByte) {
        if (this.#last === "break") continue;
        this.#finishWord();
        this.#last = "break";
        const { breaks, depth, count } = this.#matches;
        for (let i = 0; i < count; i++) breaks[i] = withBreak(breaks[i]!, depth[i]!);
        continue;
      }
      if (!continuesCharacter(byte)) {
        const alone = standsAlone(byte);
        if (this.#last === "alone" || (this.#last === "word" && alone)) this.#finishWord();
        if (this.#last !== "word" || alone) this.#begin();
        this.#last = alone ? "alone" : "word";
      }
      this.#step(byte, capitals[at] === 1);
    }
  }

  /** A term may begin here. */
  #begin(): void {
    const { size, exactLow, exactHigh } = this.#tree;
    this.#matches.add(0, size, 0, 0, this.#earned, 0, this.#ended, inTerm, 0);
    if (exactLow < exactHigh)
      this.#matches.add(exactLow, exactHigh, 1, 0, this.#earned, 0, this.#ended, inTerm, 0);
  }

  /** Follows one byte in all matches; those that it breaks off are left out. */
  #step(byte: number, isCapital: boolean): void {
    const tree = this.#tree;
    const from = this.#matches;
    const to = this.#next;
    to.count = 0;
    for (let i = 0; i < from.count; i++) {
      const low = from.low[i]!;
      const high = from.high[i]!;
      const depth = from.depth[i]!;
      const ending = from.ending[i]!;
      const counted = from.counted[i]!;
      const goesOn =
        ending === inTerm &&
        (tree.child(low, high, depth, byte) || (isCapital && tree.child(low, high, depth, capitalOf(byte))));
      if (goesOn) {
        const tokens = from.tokens[i]! + 1 - counted;
        const { low: nextLow, high: nextHigh } = tree;
        to.add(
          nextLow,
          nextHigh,
          depth + 1,
          tokens,
          from.base[i]!,
          from.breaks[i]!,
          from.after[i]!,
          inTerm,
          1,
        );
      }
      if (byte !== letterS && byte !== letterE) continue;
      if (ending === inTerm && (depth < shortestWithPlural || !tree.isComplete(low, depth))) continue;
      if (ending === afterS || (ending === afterE && byte === letterE)) continue;
      const next = byte === letterS ? afterS : afterE;
      // With "rat" in the list, "r|ats" is another word in the making; "rat|s" is a plural.
      if (counted === 1) continue;
      to.add(low, high, depth, from.tokens[i]!, from.base[i]!, from.breaks[i]!, from.after[i]!, next, 0);
    }
    this.#matches = to;
    this.#next = from;
  }

  /**
   * A word ends here: terms that are complete have earned their bonus. A term that has earned before earns no more than one token
   * does, and right after itself nothing, or a bonus that outweighs doubts would have it said again and again.
   */
  #finishWord(): void {
    const { count, low, high, depth, tokens, base, breaks, after, ending } = this.#matches;
    this.#ended = noTerm;
    for (let i = 0; i < count; i++) {
      if (ending[i] === afterE) continue;
      const key = this.#tree.completeKey(low[i]!, high[i]!, depth[i]!, breaks[i]!);
      if (key < 0 || this.#excluded.has(this.#tree.termOf(key))) continue;
      const index = this.#tree.indexOf(key);
      if (this.#ended === noTerm) this.#ended = index;
      if (index === after[i]) continue;
      const counted = this.#hasEarned(index) ? Math.min(1, tokens[i]!) : tokens[i]!;
      const total = base[i]! + counted * this.#bonusPerToken * this.#tree.termOf(key).weight;
      if (total <= this.#earned) continue;
      this.#earned = total;
      this.#earners = { index, next: this.#earners };
    }
  }

  #hasEarned(index: number): boolean {
    for (let at = this.#earners; at; at = at.next) if (at.index === index) return true;
    return false;
  }

  #bonus(): number {
    const { count, low, high, depth, tokens, base, after, ending } = this.#matches;
    let best = this.#earned;
    for (let i = 0; i < count; i++) {
      if (high[i] === low[i]! + 1 && this.#tree.indexOf(low[i]!) === after[i]) continue;
      const weight =
        ending[i] === inTerm
          ? this.#splits.heaviest(low[i]!, high[i]!, depth[i]!)
          : this.#tree.heaviestIn(low[i]!, high[i]!);
      const total = base[i]! + tokens[i]! * this.#bonusPerToken * weight;
      if (total > best) best = total;
    }
    return best;
  }
}
