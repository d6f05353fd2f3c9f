/**
 * What the rules of differentiation share.
 */
import { concatenate, matrixProduct, reshape, squeeze, sumOver } from "./operators.ts";
import type { Operation, Value } from "./program.ts";
import { sizeOf } from "./shape-operators.ts";
import { product } from "./shapes.ts";

/**
 * @param given the gradient by each of the operation's results; null where a result has none. At least one is there; for
 *   operators with one result it is the first
 * @param isWanted whether the gradient by an input is needed
 * @returns the gradient by each input; null or nothing for those that are not wanted
 */
export type GradientRule = (parts: {
  operation: Operation;
  given: readonly (Value | null)[];
  isWanted: (input: Value | null | undefined) => boolean;
}) => readonly (Value | null)[];

/** `gradient` summed over what was repeated to bring `input` to its shape. */
export function sumLike(gradient: Value, input: Value): Value {
  const extra = gradient.shape.length - input.shape.length;
  const leading = Array.from({ length: extra }, (_, i) => i);
  const repeated = input.shape.flatMap((size, i) =>
    size === 1 && gradient.shape[extra + i] !== 1 ? [extra + i] : [],
  );
  if (repeated.length === 0) {
    if (extra === 0) return gradient;
    return input.shape.length === 1 ? sumOfRows(gradient) : sumOver(gradient, leading, false);
  }
  let sum = sumOver(gradient, [...leading, ...repeated], true);
  for (let i = 0; i < extra; i++) sum = squeeze(sum, 0);
  return sum;
}

/** All axes but the last as one. */
export function rows(x: Value): Value {
  return x.shape.length === 2 ? x : reshape(x, [product(...x.shape.slice(0, -1)), x.dimension(-1)]);
}

/**
 * The sum over all axes but the last, as a product with ones: several times as fast as the engine's own sum
 * (docs/experiments.md).
 */
function sumOfRows(x: Value): Value {
  const flat = rows(x);
  const { program } = x;
  const shape = concatenate([sizeOf(flat, 0), program.integers([1])], 0);
  const ones = program.apply(
    "Expand",
    [program.scalar(1), shape],
    [{ type: x.type, shape: [flat.shape[0]!, 1] }],
  )[0]!;
  return reshape(matrixProduct(flat, ones, { a: true }), [x.dimension(-1)]);
}

/** The whole numbers of an input that is a constant of the program. */
export function constantIntegers(operation: Operation, index: number): number[] {
  const input = operation.inputs[index];
  const bytes = input && input.program.weights.get(input.name)?.weight.bytes;
  if (!(bytes instanceof Uint8Array)) {
    throw new RangeError(`${operation.name}: input ${index} must be known beforehand to be differentiated.`);
  }
  return Array.from(new BigInt64Array(bytes.slice().buffer), Number);
}

export function intOf(operation: Operation, name: string, otherwise: number): number {
  const attribute = operation.attributes[name];
  return attribute && "int" in attribute ? attribute.int : otherwise;
}

export function intsOf(operation: Operation, name: string): readonly number[] {
  const attribute = operation.attributes[name];
  return attribute && "ints" in attribute ? attribute.ints : [];
}

export function floatOf(operation: Operation, name: string, otherwise: number): number {
  const attribute = operation.attributes[name];
  return attribute && "float" in attribute ? attribute.float : otherwise;
}
