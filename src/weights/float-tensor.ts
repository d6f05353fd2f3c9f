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

/** The value of every half-precision bit pattern, made when first needed: caches of frames are read by the million. */
let halves: Float32Array | null = null;

/** IEEE 754 half precision → single precision. @param values filled when given, as long as `bits` */
export function fromFloat16(
  bits: Uint16Array,
  values: Float32Array = new Float32Array(bits.length),
): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => valueOfHalf(half));
  for (let i = 0; i < bits.length; i++) values[i] = halves[bits[i]!]!;
  return values;
}

function valueOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Single precision → IEEE 754 half precision, rounded to the nearest, ties to even; what is too large becomes infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = (words[i]! >>> 16) & 0x8000;
    const size = words[i]! & 0x7fff_ffff;
    let half: number;
    if (size > 0x7f80_0000) half = 0x7e00;
    else if (size >= 0x477f_f000) half = 0x7c00;
    else if (size >= 0x3880_0000) half = (size - 0x3800_0000 + 0xfff + ((size >>> 13) & 1)) >>> 13;
    else {
      // Below the smallest normal number a step is 2⁻²⁴.
      const steps = Math.abs(values[i]!) * 2 ** 24;
      const below = Math.floor(steps);
      const rest = steps - below;
      half = below + Number(rest > 0.5 || (rest === 0.5 && below % 2 === 1));
    }
    bits[i] = sign | half;
  }
  return bits;
}

/** bfloat16, the upper half of a float32 → float32. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}
