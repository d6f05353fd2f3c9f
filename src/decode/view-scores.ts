/**
 * The scores of the next token in joint beam search: one row for each hypothesis, made of its one or two views.
 */
import type { DecoderState } from "../models/speech-model.ts";
import { logSumExp } from "./hypothesis.ts";

export interface ViewScoreOptions {
  readonly vocabularySize: number;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[];
  readonly contextWeight?: number;
}

/**
 * With context, a token is considered only when the view without context finds it at most this much less likely than
 * its favourite (natural logarithm).
 */
const contextFreeMargin = 10;

export class ViewScores {
  /** The largest score of the last row. */
  highest = -Infinity;
  readonly #state: DecoderState;
  readonly #views: number;
  readonly #options: ViewScoreOptions;
  readonly #row: Float32Array;
  /** For each hypothesis what its context-free logits are normalised by, and the largest of them. */
  readonly #normalisers: number[] = [];
  readonly #favourites: number[] = [];

  /** @param views 1, or 2 when each hypothesis has a view without and one with context, in this order */
  constructor(state: DecoderState, views: number, options: ViewScoreOptions) {
    this.#state = state;
    this.#views = views;
    this.#options = options;
    this.#row = new Float32Array(options.vocabularySize);
  }

  /**
   * Scores every token after a hypothesis.
   *
   * @param atStart whether the text is empty
   * @param banned a token that must not follow; −1 for none
   * @returns `[vocabulary]` log-probabilities, −∞ for what must not follow; overwritten by the next call
   */
  of(hypothesis: number, atStart: boolean, banned: number): Float32Array {
    const free = this.#logits(hypothesis, 0, atStart, banned);
    const freeNormaliser = logSumExp(free);
    let favourite = -Infinity;
    for (let token = 0; token < free.length; token++) if (free[token]! > favourite) favourite = free[token]!;
    this.#normalisers[hypothesis] = freeNormaliser;
    this.#favourites[hypothesis] = favourite;
    const row = this.#row;
    if (this.#views === 1) {
      for (let token = 0; token < row.length; token++) row[token] = free[token]! - freeNormaliser;
      this.highest = favourite - freeNormaliser;
      return row;
    }
    const context = this.#logits(hypothesis, 1, atStart, banned);
    const contextNormaliser = logSumExp(context);
    const weight = this.#options.contextWeight ?? 0;
    const floor = favourite - contextFreeMargin;
    let highest = -Infinity;
    for (let token = 0; token < row.length; token++) {
      row[token] = -Infinity;
      if (free[token]! < floor) continue;
      const score =
        (1 - weight) * (free[token]! - freeNormaliser) + weight * (context[token]! - contextNormaliser);
      row[token] = score;
      if (score > highest) highest = score;
    }
    this.highest = highest;
    return row;
  }

  /** What the view without context thinks of a token after a hypothesis that `of` has scored. */
  contextFree(hypothesis: number, token: number): { contextFreeLogProbability: number; shortfall: number } {
    const logit = this.#state.logits[hypothesis * this.#views * this.#options.vocabularySize + token]!;
    return {
      contextFreeLogProbability: logit - this.#normalisers[hypothesis]!,
      shortfall: this.#favourites[hypothesis]! - logit,
    };
  }

  #logits(hypothesis: number, view: number, atStart: boolean, banned: number): Float32Array {
    const { vocabularySize, suppressedTokens, suppressedAtStart } = this.#options;
    const start = (hypothesis * this.#views + view) * vocabularySize;
    const logits = this.#state.logits.subarray(start, start + vocabularySize);
    for (const token of suppressedTokens) logits[token] = -Infinity;
    if (atStart) for (const token of suppressedAtStart) logits[token] = -Infinity;
    if (banned >= 0) logits[banned] = -Infinity;
    return logits;
  }
}
