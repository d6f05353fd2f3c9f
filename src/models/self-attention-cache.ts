/**
 * The keys and values of all tokens so far, for the rows of a batch, in memory that the graph reads where it is.
 *
 * The graph gives out the keys and values of new tokens only, and they are written down here: onnxruntime-node copies
 * every output, even one that is given memory of its own, and the whole cache at every step would be more than the products.
 *
 * A row is a place in memory. When hypotheses are continued, each parent's first child stays in its place and writes
 * over what follows; only further children are copied, into places whose hypotheses have died. So a step of beam search
 * copies one row or two instead of all.
 */
import type { TensorFactory, Tensors } from "../runtime/session.ts";

export interface SelfAttentionShape {
  readonly layers: number;
  readonly heads: number;
  /** Width of one head. */
  readonly headWidth: number;
}

/** Room for more tokens is made by so many at once. */
const capacityStep = 64;

export class SelfAttentionCache {
  readonly #tensors: TensorFactory;
  readonly #shape: SelfAttentionShape;
  readonly #names: readonly string[];
  #buffers: Float32Array[];
  #rows = 0;
  #capacity = 0;
  /** By number of rows: what runs are fed with. */
  readonly #views = new Map<number, Tensors>();

  /** @param names of the graph's inputs: each layer's keys, then its values */
  constructor(tensors: TensorFactory, shape: SelfAttentionShape, names: readonly string[]) {
    this.#tensors = tensors;
    this.#shape = shape;
    this.#names = names;
    this.#buffers = names.map(() => new Float32Array(0));
  }

  /** Makes room for so many rows of so many tokens; what is there stays. */
  reserve(rows: number, length: number): void {
    if (rows <= this.#rows && length <= this.#capacity) return;
    const capacity = Math.max(this.#capacity, Math.ceil(length / capacityStep) * capacityStep);
    const allRows = Math.max(rows, this.#rows);
    const { heads, headWidth } = this.#shape;
    const oldSize = this.#capacity * headWidth;
    this.#buffers = this.#buffers.map((old) => {
      const buffer = new Float32Array(allRows * heads * capacity * headWidth);
      for (let part = 0; part < this.#rows * heads; part++) {
        buffer.set(old.subarray(part * oldSize, (part + 1) * oldSize), part * capacity * headWidth);
      }
      return buffer;
    });
    this.#rows = allRows;
    this.#capacity = capacity;
    this.#views.clear();
  }

  /** The caches of the first `rows` rows, `[rows, heads, capacity, headWidth]` each, as feeds. */
  views(rows: number): Tensors {
    let views = this.#views.get(rows);
    if (!views) {
      const dims = [rows, this.#shape.heads, this.#capacity, this.#shape.headWidth];
      const tensor = (buffer: Float32Array) =>
        this.#tensors.float32(buffer.subarray(0, rows * this.#rowSize), dims);
      views = Object.fromEntries(this.#names.map((name, i) => [name, tensor(this.#buffers[i]!)]));
      this.#views.set(rows, views);
    }
    return views;
  }

  /**
   * Writes down the keys and values of new tokens.
   *
   * @param entries `[layers, rows, tokens, 2 · heads · headWidth]`: keys, then values
   * @param tokens of every row, filled up behind the shorter ones
   * @param lengths of the rows, the new tokens included. A row that began with nothing and is shorter than `tokens` is
   *   filled up at its end, where the next tokens are written over it.
   */
  append(entries: Float32Array, tokens: number, lengths: ArrayLike<number>): void {
    const { heads, headWidth, layers } = this.#shape;
    let source = 0;
    for (let layer = 0; layer < layers; layer++) {
      for (let row = 0; row < lengths.length; row++) {
        const first = Math.max(0, lengths[row]! - tokens);
        for (let token = 0; token < tokens; token++) {
          for (let part = 0; part < 2; part++) {
            const buffer = this.#buffers[2 * layer + part]!;
            for (let head = 0; head < heads; head++) {
              let target = ((row * heads + head) * this.#capacity + first + token) * headWidth;
              for (const end = source + headWidth; source < end;) buffer[target++] = entries[source++]!;
            }
          }
        }
      }
    }
  }

  /** Copies the first `length` tokens of a row to another place. */
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
