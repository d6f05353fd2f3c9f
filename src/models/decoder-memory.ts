/**
 * The memory that a decoder's steps read and write, lent to one search after the other. Without it every step would ask for
 * megabytes and leave them to the garbage collector, which took a tenth of the time (docs/performance.md).
 */
import type { Tensor, TensorFactory } from "../runtime/session.ts";
import { SelfAttentionCache, type SelfAttentionShape } from "./self-attention-cache.ts";

export class DecoderMemory {
  readonly cache: SelfAttentionCache;
  readonly results: ReusedTensor;
  readonly newCache: ReusedTensor;
  readonly attention: ReusedTensor;

  constructor(tensors: TensorFactory, shape: SelfAttentionShape, pastNames: readonly string[]) {
    this.cache = new SelfAttentionCache(tensors, shape, pastNames);
    this.results = new ReusedTensor(tensors);
    this.newCache = new ReusedTensor(tensors);
    this.attention = new ReusedTensor(tensors);
  }
}

/** A float32 tensor for an output whose shape changes from run to run; its values are those of the last run. */
class ReusedTensor {
  readonly #tensors: TensorFactory;
  #data = new Float32Array(0);
  #tensor: Tensor | null = null;

  constructor(tensors: TensorFactory) {
    this.#tensors = tensors;
  }

  /** @param shape of the next run's output */
  of(shape: readonly number[]): Tensor {
    if (this.#tensor && shape.every((size, axis) => size === this.#tensor!.dims[axis])) return this.#tensor;
    const size = shape.reduce((product, length) => product * length, 1);
    if (this.#data.length < size) this.#data = new Float32Array(size);
    this.#tensor = this.#tensors.float32(this.#data.subarray(0, size), shape);
    return this.#tensor;
  }
}
