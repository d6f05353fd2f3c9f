/**
 * Weights as float32, whatever they are stored as.
 */
export interface FloatTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** A file of tensors that are found by name. */
export interface NamedTensors extends Disposable {
  /** The names of all tensors, in the order of the file. */
  readonly names: readonly string[];
  /**
   * A tensor as floats.
   * @throws GlossaError `model-corrupt` when there is none of that name or its elements are of a type not known here
   */
  floats(name: string): FloatTensor;
}

/** IEEE 754 half precision → single precision. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!;
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else if (exponent === 31) values[i] = fraction ? NaN : sign * Infinity;
    else values[i] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return values;
}

/** bfloat16, the upper half of a float32 → float32. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}
