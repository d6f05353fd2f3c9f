/**
 * Dropout whose choice follows from a seed, so that a run that goes on drops what an undisturbed one would have dropped.
 * (ONNX's own operator draws from a state that nobody can read.)
 */
import { add, cast, compare, multiply, reshape } from "./operators.ts";
import type { Program, Value } from "./program.ts";
import { reshapeLike } from "./shape-operators.ts";

/** Multipliers and shifts of lowbias32 (Wellons, 2018, public domain), as int32. */
const [firstFactor, secondFactor] = [0x7feb352d, 0x846ca68b | 0];

/**
 * Sets elements to zero with probability `rate` and divides the others by 1 − rate (Srivastava et al., 2014).
 *
 * @param seed int32 `[1]`, another one for every run of the graph
 * @param place which of the graph's dropouts this is: those of the same seed differ by it
 */
export function dropout(x: Value, rate: number, seed: Value, place: number): Value {
  if (!(rate >= 0 && rate < 1))
    throw new RangeError(`dropout: the rate must be from 0 up to below 1; got ${rate}.`);
  if (rate === 0) return x;
  const { program } = x;
  const random = randomIntegers(x, add(seed, int32(program, Math.imul(place + 1, 0x9e3779b1))));
  const bound = int32(program, Math.round(rate * 2 ** 32) - 2 ** 31);
  const kept = cast(compare("GreaterOrEqual", random, bound), "float32");
  return multiply(x, multiply(reshapeLike(kept, x), program.scalar(1 / (1 - rate))));
}

/** An int32 for every element of `x`, over the whole range: a hash of its place. @returns `[elements]` */
function randomIntegers(x: Value, seed: Value): Value {
  const { program } = x;
  const size = cast(program.apply("Size", [x], [{ type: "int64", shape: [] }])[0]!, "int32");
  const [zero, one] = [0, 1].map((value) => reshape(int32(program, value), []));
  const shape = ["elements"];
  const places = program.apply("Range", [zero!, size, one!], [{ type: "int32", shape }])[0]!;
  let hash = add(places, seed);
  for (const [shift, factor] of [
    [16, firstFactor],
    [15, secondFactor],
  ] as const) {
    const bits = cast(hash, "uint32");
    const amount = uint32(program, shift);
    const shifted = program.apply("BitShift", [bits, amount], [bits], { direction: { text: "RIGHT" } })[0]!;
    const mixed = program.apply("BitwiseXor", [bits, shifted], [bits])[0]!;
    hash = multiply(cast(mixed, "int32"), int32(program, factor));
  }
  return hash;
}

function int32(program: Program, value: number): Value {
  const name = `int32.${value}`;
  const bytes = () => new Uint8Array(Int32Array.of(value).buffer);
  return (
    program.weights.get(name)?.value ?? program.weight(name, { type: "int32", shape: [1], bytes: bytes() })
  );
}

function uint32(program: Program, value: number): Value {
  const name = `uint32.${value}`;
  const bytes = () => new Uint8Array(Uint32Array.of(value).buffer);
  return (
    program.weights.get(name)?.value ?? program.weight(name, { type: "uint32", shape: [1], bytes: bytes() })
  );
}
