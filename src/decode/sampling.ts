/**
 * Sampling at a temperature: the way out when search ends in a loop or in nonsense.
 */
import type { DecoderState } from "../models/speech-model.ts";
import type { BeamSearchOptions } from "./beam-search.ts";
import { attentionRow, hypothesisOf, logSumExp, type Hypothesis, type PathNode } from "./hypothesis.ts";

export interface SamplingOptions extends Omit<BeamSearchOptions, "beamSize" | "terms" | "contextWeight"> {
  /** Above 0; 1 samples from the model's own distribution. */
  readonly temperature: number;
  /** How many texts are sampled side by side; the most probable one wins. */
  readonly samples: number;
  /** Uniform numbers in [0, 1). */
  readonly random: () => number;
}

interface Sample {
  path: PathNode | null;
  logProbability: number;
}

/**
 * @param state holds the prompt as its only hypothesis
 * @returns the sampled texts, most probable first; at least one
 */
export async function sample(state: DecoderState, options: SamplingOptions): Promise<Hypothesis[]> {
  const { endToken, vocabularySize } = options;
  let live: Sample[] = Array.from({ length: options.samples }, () => ({ path: null, logProbability: 0 }));
  const finished: Hypothesis[] = [];
  for (let length = 0; live.length > 0; length++) {
    options.signal?.throwIfAborted();
    const atLimit = length === options.maximumTokens;
    const next: Sample[] = [];
    const parents: number[] = [];
    for (const [index, current] of live.entries()) {
      // All samples start from the one hypothesis that is the prompt.
      const rowIndex = length === 0 ? 0 : index;
      const row = state.logProbabilities.slice(rowIndex * vocabularySize, (rowIndex + 1) * vocabularySize);
      for (const token of options.suppressedTokens) row[token] = -Infinity;
      if (length === 0) for (const token of options.suppressedAtStart) row[token] = -Infinity;
      const token = atLimit ? endToken : draw(row, options.temperature, options.random);
      const attention = attentionRow(state.attention, rowIndex, state.attentionHeads, state.attentionFrames);
      const logProbability = atLimit ? 0 : row[token]! - logSumExp(row);
      const total = current.logProbability + logProbability;
      if (token === endToken) {
        const score = total / (length + 1) ** options.lengthExponent;
        const totals = { logProbability: total, bonus: 0, score, ended: !atLimit, endAttention: attention };
        finished.push(hypothesisOf(current.path, totals));
        continue;
      }
      const path = {
        parent: current.path,
        token,
        logProbability,
        contextFreeLogProbability: logProbability,
        shortfall: 0,
        attention,
      };
      next.push({ path, logProbability: total });
      parents.push(rowIndex);
    }
    live = next;
    if (live.length > 0)
      await state.step(
        parents,
        live.map((current) => current.path!.token),
      );
  }
  return finished.sort((a, b) => b.score - a.score);
}

function draw(row: Float32Array, temperature: number, random: () => number): number {
  let highest = -Infinity;
  for (const value of row) if (value > highest) highest = value;
  let sum = 0;
  for (const value of row) sum += Math.exp((value - highest) / temperature);
  let left = random() * sum;
  let last = 0;
  for (let token = 0; token < row.length; token++) {
    const weight = Math.exp((row[token]! - highest) / temperature);
    if (weight === 0) continue;
    last = token;
    left -= weight;
    if (left < 0) return token;
  }
  return last;
}
