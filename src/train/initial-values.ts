/**
 * How parameters begin.
 */
import { printShape } from "../graph/shapes.ts";
import { randomGenerator } from "../random.ts";
import type { Initial } from "./model.ts";

/**
 * The first values of a parameter. They follow from the run's seed and the parameter's name, so that adding a layer does
 * not change how the others begin.
 */
export function initialValues(
  { name, shape, initial }: { name: string; shape: readonly number[]; initial: Initial },
  seed: number,
): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const random = randomGenerator(mixed(seed, name));
  const uniform = (bound: number) => Float32Array.from({ length: size }, () => (2 * random() - 1) * bound);
  switch (initial.kind) {
    case "zeros":
      return new Float32Array(size);
    case "ones":
      return new Float32Array(size).fill(1);
    case "constant":
      return new Float32Array(size).fill(initial.value);
    case "normal":
      return Float32Array.from({ length: size }, () => initial.deviation * normal(random));
    case "xavier": {
      const { inputs, outputs } = fans(shape);
      return uniform(Math.sqrt(6 / (inputs + outputs)));
    }
    case "uniform-fan-in":
      return uniform(1 / Math.sqrt(fans(shape).inputs));
    case "values":
      if (initial.values.length !== size) {
        throw new RangeError(
          `${name} of shape ${printShape(shape)} needs ${size} initial values; got ${initial.values.length}.`,
        );
      }
      return Float32Array.from(initial.values);
  }
}

/** `[inputs, outputs]` for products, `[outputs, inputs, kernel]` for convolutions; a vector counts as its own input. */
function fans(shape: readonly number[]): { inputs: number; outputs: number } {
  const [first = 1, second = first, kernel] = shape;
  return kernel === undefined
    ? { inputs: first, outputs: second }
    : { inputs: second * kernel, outputs: first * kernel };
}

/** Normally distributed with deviation 1 (Box and Muller, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A seed of 32 bits for a purpose: FNV-1a over its name, from the seed on. */
export function mixed(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  // FNV's last bytes reach only the lower half well.
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}
