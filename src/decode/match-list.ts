/**
 * Matches of terms in the making, as columns, so that following a token allocates nothing.
 */

/** More than a text is ever in the middle of; what comes on top is not followed. */
const capacity = 32;

/** How far a match is past its term, in the ending of its plural. */
export const inTerm = 0;
export const afterE = 1;
export const afterS = 2;

/** A text that may become a term: the keys of a `TermTree` that begin like it. */
export interface Match {
  readonly low: number;
  readonly high: number;
  /** Bytes of the key that were found. */
  readonly depth: number;
  /** Tokens that belong to it. */
  readonly tokens: number;
  /** Bonus that was earned before it began. */
  readonly base: number;
  /** Where it is broken into words; see `withBreak`. */
  readonly breaks: number;
  /** Index of the term that ended right before it began; `noTerm` without. */
  readonly after: number;
  /** `inTerm`, `afterE` or `afterS`. */
  readonly ending: number;
}

/** Stands for no term where an index is asked for. */
export const noTerm = -1;

export class MatchList {
  count = 0;
  readonly low = new Int32Array(capacity);
  readonly high = new Int32Array(capacity);
  readonly depth = new Int32Array(capacity);
  readonly tokens = new Int32Array(capacity);
  readonly base = new Float64Array(capacity);
  readonly breaks = new Int32Array(capacity);
  readonly after = new Int32Array(capacity);
  readonly ending = new Uint8Array(capacity);
  /** 1 when the token at hand is among `tokens` already. */
  readonly counted = new Uint8Array(capacity);

  load(matches: readonly Match[]): void {
    this.count = 0;
    for (const { low, high, depth, tokens, base, breaks, after, ending } of matches)
      this.add(low, high, depth, tokens, base, breaks, after, ending, 0);
  }

  add(
    low: number,
    high: number,
    depth: number,
    tokens: number,
    base: number,
    breaks: number,
    after: number,
    ending: number,
    counted: number,
  ): void {
    const i = this.count;
    if (i === capacity) return;
    this.low[i] = low;
    this.high[i] = high;
    this.depth[i] = depth;
    this.tokens[i] = tokens;
    this.base[i] = base;
    this.breaks[i] = breaks;
    this.after[i] = after;
    this.ending[i] = ending;
    this.counted[i] = counted;
    this.count = i + 1;
  }

  at(i: number): Match {
    return {
      low: this.low[i]!,
      high: this.high[i]!,
      depth: this.depth[i]!,
      tokens: this.tokens[i]!,
      base: this.base[i]!,
      breaks: this.breaks[i]!,
      after: this.after[i]!,
      ending: this.ending[i]!,
    };
  }
}
