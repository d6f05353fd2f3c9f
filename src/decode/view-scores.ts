/**
 * The scores of the next token in joint beam search, made of a hypothesis's one or two views: of the tens of thousands of tokens only
 * those that search may go on with.
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
 * A token is considered only when the view without context finds it at most this much less likely than its favourite (natural
 * logarithm).
 */
const contextFreeMargin = 10;

export class ViewScores {
  /** The tokens that may follow the hypothesis that was scored last: the first `count` entries. */
  readonly tokens: Int32Array;
  /** The log-probability of each of them. */
  readonly scores: Float32Array;
  count = 0;
  /** The largest of the scores. */
  highest = -Infinity;
  readonly #state: DecoderState;
  readonly #views: number;
  readonly #options: ViewScoreOptions;
  /** For each hypothesis what is to be subtracted from its view without context, and the largest value in that view. */
  readonly #shifts: number[] = [];
  readonly #favourites: number[] = [];

  /** @param views 1, or 2 when each hypothesis has a view without and one with context, in this order */
  constructor(state: DecoderState, views: number, options: ViewScoreOptions) {
    this.#state = state;
    this.#views = views;
    this.#options = options;
    this.tokens = new Int32Array(options.vocabularySize);
    this.scores = new Float32Array(options.vocabularySize);
  }

  /**
   * Scores what may follow a hypothesis, once after every step.
   *
   * @param atStart whether the text is empty
   * @param banned a token that must not follow; −1 for none
   */
  score(hypothesis: number, atStart: boolean, banned: number): void {
    const free = this.#view(hypothesis, 0);
    const shift = this.#leaveOut(free, atStart, banned);
    let favourite = -Infinity;
    for (let token = 0; token < free.length; token++) {
      if (free[token]! > favourite) favourite = free[token]!;
    }
    this.#shifts[hypothesis] = shift;
    this.#favourites[hypothesis] = favourite;
    const floor = Math.max(favourite - contextFreeMargin, -Number.MAX_VALUE);
    const { tokens, scores } = this;
    let count = 0;
    for (let token = 0; token < free.length; token++) {
      if (!(free[token]! >= floor)) continue;
      tokens[count] = token;
      scores[count++] = free[token]! - shift;
    }
    this.count = count;
    this.highest = favourite - shift;
    if (this.#views > 1) this.#mix(hypothesis, atStart, banned);
  }

  /** Weighs the scores with those of the view with context. */
  #mix(hypothesis: number, atStart: boolean, banned: number): void {
    const context = this.#view(hypothesis, 1);
    const shift = this.#leaveOut(context, atStart, banned);
    const weight = this.#options.contextWeight ?? 0;
    const { tokens, scores, count } = this;
    let highest = -Infinity;
    for (let i = 0; i < count; i++) {
      const score = (1 - weight) * scores[i]! + weight * (context[tokens[i]!]! - shift);
      scores[i] = score;
      if (score > highest) highest = score;
    }
    this.highest = highest;
  }

  /** What the view without context thinks of a token after a hypothesis that was scored. */
  contextFree(hypothesis: number, token: number): { contextFreeLogProbability: number; shortfall: number } {
    const value = this.#view(hypothesis, 0)[token]!;
    return {
      contextFreeLogProbability: value - this.#shifts[hypothesis]!,
      shortfall: this.#favourites[hypothesis]! - value,
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
