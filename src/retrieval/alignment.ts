/**
 * Finds a term's sounds inside what was heard: the cheapest alignment of all of the term with any stretch of the stream, by
 * dynamic programming (Sellers, 1980) with the costs of `phones.ts`. A stretch that begins or ends inside a word pays for the
 * rest of the word.
 */
import { gapCosts, phoneCount, substitutionCosts } from "./phones.ts";

/** What was heard, as sounds. */
export interface SoundStream {
  readonly sounds: Uint8Array;
  /** For every sound, how many sounds of its word stand before it. */
  readonly beforeInWord: Uint8Array;
  /** For every sound, how many sounds of its word stand behind it. */
  readonly behindInWord: Uint8Array;
  /** For every sound, the index of its word. */
  readonly wordOf: Int32Array;
}

export interface Alignment {
  /** In hundredths of a sound that has nothing in common. */
  cost: number;
  /** The stretch of sounds, `from` to before `to`. */
  from: number;
  to: number;
}

/** What each sound of a word costs that the stretch leaves out, and the most that one end can cost. */
const leftOutCost = 35;
const mostLeftOutCost = 140;

/** Room for one term against one stretch; reused, because a search makes thousands of alignments. */
export class Aligner {
  #costs = new Int32Array(0);
  #starts = new Int32Array(0);
  readonly #result: Alignment = { cost: 0, from: 0, to: 0 };

  /**
   * @param term the sounds of the term
   * @param from first sound of the stretch of the stream that is looked at
   * @param to behind its last sound
   * @returns the cheapest alignment; the same object every time
   */
  align(term: Uint8Array, stream: SoundStream, from: number, to: number): Alignment {
    const width = to - from;
    if (this.#costs.length < width + 1) {
      this.#costs = new Int32Array(2 * width + 2);
      this.#starts = new Int32Array(2 * width + 2);
    }
    const costs = this.#costs;
    const starts = this.#starts;
    const { sounds, beforeInWord, behindInWord } = stream;
    for (let j = 0; j <= width; j++) {
      const left = j < width ? beforeInWord[from + j]! : 0;
      costs[j] = Math.min(mostLeftOutCost, left * leftOutCost);
      starts[j] = from + j;
    }
    for (let i = 0; i < term.length; i++) {
      const sound = term[i]!;
      const row = sound * phoneCount;
      const missing = gapCosts[sound]!;
      let diagonal = costs[0]!;
      let diagonalStart = starts[0]!;
      costs[0] = diagonal + missing;
      for (let j = 1; j <= width; j++) {
        const heard = sounds[from + j - 1]!;
        const above = costs[j]!;
        const aboveStart = starts[j]!;
        let best = diagonal + substitutionCosts[row + heard]!;
        let start = diagonalStart;
        if (above + missing < best) {
          best = above + missing;
          start = aboveStart;
        }
        const extra = costs[j - 1]! + gapCosts[heard]!;
        if (extra < best) {
          best = extra;
          start = starts[j - 1]!;
        }
        costs[j] = best;
        starts[j] = start;
        diagonal = above;
        diagonalStart = aboveStart;
      }
    }
    const result = this.#result;
    result.cost = Number.MAX_SAFE_INTEGER;
    for (let j = 1; j <= width; j++) {
      const left = Math.min(mostLeftOutCost, behindInWord[from + j - 1]! * leftOutCost);
      if (costs[j]! + left >= result.cost || starts[j]! >= from + j) continue;
      result.cost = costs[j]! + left;
      result.from = starts[j]!;
      result.to = from + j;
    }
    return result;
  }
}

/** What a term costs of which nothing is heard: alignments are measured against it. */
export function fullCost(term: Uint8Array): number {
  let cost = 0;
  for (const sound of term) cost += gapCosts[sound]!;
  return cost;
}
