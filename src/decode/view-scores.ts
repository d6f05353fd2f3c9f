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
  /** For each hypothesis the largest log-probability in the view without context. */
  readonly #favourites: number[] = [];

  /** @param views 1, or 2 when each hypothesis has a view without and one with context, in this order */
  constructor(state: DecoderState, views: number, options: ViewScoreOptions) {
    this.#state = state;
    this.#views = views;
    this.#options = options;
    this.#row = new Float32Array(views > 1 ? options.vocabularySize : 0);
  }

  /**
   * Scores every token after a hypothesis.
   *
   * @param atStart whether the text is empty
   * @param banned a token that must not follow; −1 for none
   * @returns `[vocabulary]` log-probabilities, −∞ for what must not follow; overwritten by the next call or step
   */
  of(hypothesis: number, atStart: boolean, banned: number): Float32Array {
    const free = this.#view(hypothesis, 0);
    const shift = this.#leaveOut(free, atStart, banned);
    let favourite = -Infinity;
    for (let token = 0; token < free.length; token++) {
      const value = free[token]! - shift;
      free[token] = value;
      if (value > favourite) favourite = value;
    }
    this.#favourites[hypothesis] = favourite;
    this.highest = favourite;
    if (this.#views === 1) return free;
    const context = this.#view(hypothesis, 1);
    const contextShift = this.#leaveOut(context, atStart, banned);
    const row = this.#row;
    const weight = this.#options.contextWeight ?? 0;
    const floor = favourite - contextFreeMargin;
    let highest = -Infinity;
    for (let token = 0; token < row.length; token++) {
      row[token] = -Infinity;
      if (free[token]! < floor) continue;
      const score = (1 - weight) * free[token]! + weight * (context[token]! - contextShift);
      row[token] = score;
      if (score > highest) highest = score;
    }
    this.highest = highest;
    return row;
  }

  /** What the view without context thinks of a token after a hypothesis that `of` has scored. */
  contextFree(hypothesis: number, token: number): { contextFreeLogProbability: number; shortfall: number } {
    const logProbability = this.#view(hypothesis, 0)[token]!;
    return {
      contextFreeLogProbability: logProbability,
      shortfall: this.#favourites[hypothesis]! - logProbability,
    };
  }

  #view(hypothesis: number, view: number): Float32Array {
    const { vocabularySize } = this.#options;
    const start = (hypothesis * this.#views + view) * vocabularySize;
    return this.#state.logProbabilities.subarray(start, start + vocabularySize);
  }

  /**
   * Takes out what must not follow.
   *
   * @returns the logarithm of the probability that is left: it is to be subtracted from all others
   */
  #leaveOut(row: Float32Array, atStart: boolean, banned: number): number {
    let left = 1;
    const leaveOut = (token: number) => {
      left -= Math.exp(row[token]!);
      row[token] = -Infinity;
    };
    for (const token of this.#options.suppressedTokens) leaveOut(token);
    if (atStart) for (const token of this.#options.suppressedAtStart) leaveOut(token);
    if (banned >= 0) leaveOut(banned);
    // Where little is left, it is no longer known well enough from what was taken.
    return left > 0.01 ? Math.log(left) : logSumExp(row);
  }
}
