/**
 * The keys and values of all tokens so far, for the rows of a batch that `GroupQueryAttention` reads and extends in place.
 *
 * A row is a place in memory. When hypotheses are continued, each parent's first child stays in its place and writes
 * over what follows; only further children are copied, into places whose hypotheses have died. So a step of beam search
 * copies one row or two instead of all.
 */
import type { Tensor, TensorFactory, Tensors } from "../runtime/session.ts";

export interface SelfAttentionShape {
  readonly layers: number;
  readonly heads: number;
  /** Width of one head. */
  readonly headWidth: number;
}

/** Names of a layer's cache as it goes into the graph and comes out. */
export interface CacheNames {
  readonly past: readonly string[];
  readonly present: readonly string[];
}

export class SelfAttentionCache {
  readonly #tensors: TensorFactory;
  readonly #shape: SelfAttentionShape;
  readonly #names: CacheNames;
  readonly #buffers: Float32Array[];
  #rows: number;
  #capacity: number;
  /** By number of rows: the views that runs are given. */
  readonly #views = new Map<number, { past: Tensors; present: Tensors }>();

  /**
   * @param names for every buffer (two a layer) the names of its input and its output
   * @param rows to begin with
   * @param capacity tokens to begin with
   */
  constructor(
    tensors: TensorFactory,
    shape: SelfAttentionShape,
    names: CacheNames,
    rows: number,
    capacity: number,
  ) {
    this.#tensors = tensors;
    this.#shape = shape;
    this.#names = names;
    this.#rows = rows;
    this.#capacity = capacity;
    // Memory that was never written to is not taken from the system.
    this.#buffers = names.past.map(() => new Float32Array(rows * this.#rowSize));
  }

  /**
   * The caches of the first `rows` rows, with room for `length` tokens. The same memory goes in and comes out, so the
   * graph extends it in place.
   *
   * @param kept tokens of the longest row that must outlive making room
   */
  views(rows: number, length: number, kept: number): { past: Tensors; present: Tensors } {
    if (rows > this.#rows || length > this.#capacity) {
      this.#resize(
        Math.max(rows, this.#rows),
        length > this.#capacity ? Math.max(length, 2 * this.#capacity) : this.#capacity,
        kept,
      );
    }
    let views = this.#views.get(rows);
    if (!views) {
      const { heads, headWidth } = this.#shape;
      const dims = [rows, heads, this.#capacity, headWidth];
      const made = this.#buffers.map((buffer) =>
        this.#tensors.float32(buffer.subarray(0, rows * this.#rowSize), dims),
      );
      const named = (names: readonly string[]): Record<string, Tensor> =>
        Object.fromEntries(names.map((name, i) => [name, made[i]!]));
      views = { past: named(this.#names.past), present: named(this.#names.present) };
      this.#views.set(rows, views);
    }
    return views;
  }

  /** Copies the first `length` tokens of a row to another place. Both rows must have been asked for. */
  copyRow(from: number, to: number, length: number): void {
    const { heads, headWidth } = this.#shape;
    const headSize = this.#capacity * headWidth;
    for (const buffer of this.#buffers) {
      for (let head = 0; head < heads; head++) {
        const source = from * this.#rowSize + head * headSize;
        buffer.copyWithin(to * this.#rowSize + head * headSize, source, source + length * headWidth);
      }
    }
  }

  get #rowSize(): number {
    return this.#shape.heads * this.#capacity * this.#shape.headWidth;
  }

  #resize(rows: number, capacity: number, kept: number): void {
    const { heads, headWidth } = this.#shape;
    for (const [index, old] of this.#buffers.entries()) {
      const buffer = new Float32Array(rows * heads * capacity * headWidth);
      for (let part = 0; part < this.#rows * heads; part++) {
        const source = part * this.#capacity * headWidth;
        buffer.set(old.subarray(source, source + kept * headWidth), part * capacity * headWidth);
      }
      this.#buffers[index] = buffer;
    }
    this.#rows = rows;
    this.#capacity = capacity;
    this.#views.clear();
  }
}

/**
 * Which row each continuation lives in, and what has to be copied for that.
 *
 * @param parents for each continuation the row that it continues
 * @returns rows from 0 up to the number of continuations, each once
 */
export function placeContinuations(parents: ArrayLike<number>): {
  rows: number[];
  copies: { from: number; to: number }[];
} {
  const count = parents.length;
  const rows = Array.from({ length: count }, () => -1);
  const taken = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const parent = parents[i]!;
    if (parent < count && !taken[parent]) {
      rows[i] = parent;
      taken[parent] = 1;
    }
  }
  const copies: { from: number; to: number }[] = [];
  let free = 0;
  for (let i = 0; i < count; i++) {
    if (rows[i]! >= 0) continue;
    // A free row below `count` belongs to a hypothesis without continuation: nobody reads it any more.
    while (taken[free]) free++;
    taken[free] = 1;
    rows[i] = free;
    copies.push({ from: parents[i]!, to: free });
  }
  return { rows, copies };
}
