/** One text that search came up with, and what is known of it. */
export interface Hypothesis {
  /** The text's tokens, without prompt and without the end token. */
  readonly tokens: readonly number[];
  /** Natural logarithm of each token's score given what came before, without any bonus; with context, of both views. */
  readonly tokenLogProbabilities: readonly number[];
  /** Natural logarithm of each token's probability in the view without context. */
  readonly contextFreeLogProbabilities: readonly number[];
  /** By how much each of them is below that of the token that the view without context likes best; 0 for that token. */
  readonly shortfalls: readonly number[];
  /** Sum over the tokens and, when the text was ended by the model, the end token. */
  readonly logProbability: number;
  /** Sum of the bonuses that finished terms brought. */
  readonly bonus: number;
  /** What hypotheses are ranked by: log-probability by a power of the length, and bonus by a power of a common length. */
  readonly score: number;
  /** Whether the model ended the text; false when the token limit cut it off. */
  readonly ended: boolean;
  /**
   * For each token, and the end token after them, the cross-attention `[heads, frames]` of the position that
   * predicted it; empty when the model gives none.
   */
  readonly attention: readonly Float32Array[];
}

/** A token in the tree of all hypotheses; a path to the root is a hypothesis. */
export interface PathNode {
  readonly parent: PathNode | null;
  readonly token: number;
  readonly logProbability: number;
  readonly contextFreeLogProbability: number;
  readonly shortfall: number;
  readonly attention: Float32Array | null;
}

/** The hypothesis that ends in `node`. */
export function hypothesisOf(
  node: PathNode | null,
  totals: {
    logProbability: number;
    bonus: number;
    score: number;
    ended: boolean;
    endAttention: Float32Array | null;
  },
): Hypothesis {
  const tokens: number[] = [];
  const tokenLogProbabilities: number[] = [];
  const contextFreeLogProbabilities: number[] = [];
  const shortfalls: number[] = [];
  const attention: Float32Array[] = totals.endAttention ? [totals.endAttention] : [];
  for (let at = node; at; at = at.parent) {
    tokens.push(at.token);
    tokenLogProbabilities.push(at.logProbability);
    contextFreeLogProbabilities.push(at.contextFreeLogProbability);
    shortfalls.push(at.shortfall);
    if (at.attention) attention.push(at.attention);
  }
  return {
    tokens: tokens.reverse(),
    tokenLogProbabilities: tokenLogProbabilities.reverse(),
    contextFreeLogProbabilities: contextFreeLogProbabilities.reverse(),
    shortfalls: shortfalls.reverse(),
    logProbability: totals.logProbability,
    bonus: totals.bonus,
    score: totals.score,
    ended: totals.ended,
    attention: attention.reverse(),
  };
}

/** Row `index` of an attention `[hypotheses, heads, frames]`; null when there is none. */
export function attentionRow(
  attention: Float32Array | null,
  index: number,
  heads: number,
  frames: number,
): Float32Array | null {
  return attention?.subarray(index * heads * frames, (index + 1) * heads * frames) ?? null;
}

/** What is this much below the highest adds less than 1e-5 even 50,000 times over; its exponential is not computed. */
const negligible = 23;

/** Natural logarithm of the sum of exponentials of a row of scores; −∞ entries add nothing. */
export function logSumExp(row: Float32Array): number {
  let highest = -Infinity;
  for (let i = 0; i < row.length; i++) if (row[i]! > highest) highest = row[i]!;
  if (highest === -Infinity) return -Infinity;
  const floor = highest - negligible;
  let sum = 0;
  for (let i = 0; i < row.length; i++) if (row[i]! > floor) sum += Math.exp(row[i]! - highest);
  return highest + Math.log(sum);
}
