/**
 * Gradients of the operators that move elements and compute nothing.
 */
import { constantIntegers, type GradientRule, intOf, intsOf, sumLike } from "./gradient-rule.ts";
import { add, cast, concatenate, maximum, reshape, select, split, subtract, transpose } from "./operators.ts";
import type { Operation, Value } from "./program.ts";
import { expandLike, padAlong, reshapeLike, scatterAdd, sizeOf, zerosLike } from "./shape-operators.ts";
import { product } from "./shapes.ts";

/** Back into the shape that came in. */
const sameElements: GradientRule = ({ operation, given }) => [reshapeLike(given[0]!, operation.inputs[0]!)];

function sliceGradient(operation: Operation, g: Value): Value {
  const [x, start, , , steps] = operation.inputs as [Value, Value, Value, Value, Value | undefined];
  const [axis, ...others] = constantIntegers(operation, 3);
  if (others.length > 0 || (steps && constantIntegers(operation, 4).some((step) => step !== 1))) {
    throw new RangeError(`${operation.name}: only slices along one axis without steps have a gradient.`);
  }
  const { program } = x;
  const size = sizeOf(x, axis!);
  const zero = program.integers([0]);
  const isConstant = program.weights.has(start.name);
  const fromEnd = () => maximum(add(start, size), zero);
  let before = start;
  if (!isConstant) {
    const isNegative = program.apply("Less", [start, zero], [{ type: "bool", shape: [1] }])[0]!;
    before = select(isNegative, fromEnd(), start);
  } else if (constantIntegers(operation, 1)[0]! < 0) before = fromEnd();
  const after = subtract(subtract(size, before), sizeOf(g, axis!));
  return padAlong(g, axis!, before, after, x.shape);
}

/** @returns one gradient an input; the pieces that were put together are taken apart again */
function concatGradient(operation: Operation, g: Value): Value[] {
  const inputs = operation.inputs as Value[];
  const axis = intOf(operation, "axis", 0);
  const sizes = inputs.map((input) => input.shape[axis]!);
  if (sizes.every((size) => typeof size === "number")) return split(g, sizes, axis);
  const { program } = g;
  const runtimeSizes = concatenate(
    inputs.map((input) => sizeOf(input, axis)),
    0,
  );
  return program.apply("Split", [g, runtimeSizes], inputs, { axis: { int: axis } });
}

/** Adds every gradient to the entry that it was taken from. */
function gatherGradient(operation: Operation, g: Value): Value {
  const [x, indices] = operation.inputs as [Value, Value];
  const axis = intOf(operation, "axis", 0);
  const count = product(...indices.shape);
  const flat = reshapeTo(g, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)], x, axis);
  const places = x.shape.map((_, i) => (i === axis ? count : 1));
  const index = reshape(indices, [count]);
  const spread = index.program.apply(
    "Reshape",
    [index, index.program.integers(places.map((size) => (size === 1 ? 1 : -1)))],
    [{ type: index.type, shape: places }],
  )[0]!;
  return scatterAdd(zerosLike(x), expandLike(spread, flat), flat, axis);
}

/** `g` with the axes of the indices as one: its other sizes are those of `x`. */
function reshapeTo(g: Value, shape: readonly (number | string)[], x: Value, axis: number): Value {
  if (g.shape.length === shape.length) return g;
  const sizes = shape.map((_, i) => (i === axis ? g.program.integers([-1]) : sizeOf(x, i)));
  return g.program.apply("Reshape", [g, concatenate(sizes, 0)], [{ type: g.type, shape }])[0]!;
}

export const layoutGradients: Readonly<Record<string, GradientRule>> = {
  Reshape: sameElements,
  Unsqueeze: sameElements,
  Squeeze: sameElements,
  Identity: ({ given }) => given,
  Transpose: ({ operation, given }) => {
    const order = intsOf(operation, "perm");
    return [
      transpose(
        given[0]!,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  Expand: ({ operation, given }) => [sumLike(given[0]!, operation.inputs[0]!)],
  Slice: ({ operation, given }) => [sliceGradient(operation, given[0]!)],
  Concat: ({ operation, given }) => concatGradient(operation, given[0]!),
  Split: ({ operation, given }) => [
    concatenate(
      operation.results.map((result, i) => given[i] ?? zerosLike(result)),
      intOf(operation, "axis", 0),
    ),
  ],
  Gather: ({ operation, given }) => [gatherGradient(operation, given[0]!)],
  GatherElements: ({ operation, given }) => {
    const [x, indices] = operation.inputs as [Value, Value];
    return [scatterAdd(zerosLike(x), indices, given[0]!, intOf(operation, "axis", 0))];
  },
  Where: ({ operation, given, isWanted }) => {
    const [condition, a, b] = operation.inputs as [Value, Value, Value];
    const [g] = given as [Value];
    const zero = g.program.scalar(0);
    return [
      null,
      isWanted(a) ? sumLike(select(condition, g, zero), a) : null,
      isWanted(b) ? sumLike(select(condition, zero, g), b) : null,
    ];
  },
  Cast: ({ operation, given }) => [cast(given[0]!, operation.inputs[0]!.type)],
};
