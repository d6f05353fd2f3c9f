/**
 * Operators whose result takes its shape from another tensor, so that sizes which are known only when the program runs
 * need no names that fit.
 */
import { cast, reshape } from "./operators.ts";
import type { Value } from "./program.ts";
import { axisOf, type Shape } from "./shapes.ts";

function isFixed(shape: Shape): shape is readonly number[] {
  return shape.every((size) => typeof size === "number");
}

/** The sizes of `x` as int64 `[rank]`. */
export function shapeOf(x: Value): Value {
  if (isFixed(x.shape)) return x.program.integers(x.shape);
  return x.program.apply("Shape", [x], [{ type: "int64", shape: [x.shape.length] }])[0]!;
}

/** One size of `x` as int64 `[1]`. */
export function sizeOf(x: Value, axis: number): Value {
  const index = axisOf("Shape", x.shape, axis);
  const size = x.shape[index]!;
  if (typeof size === "number") return x.program.integers([size]);
  return x.program.apply("Shape", [x], [{ type: "int64", shape: [1] }], {
    start: { int: index },
    end: { int: index + 1 },
  })[0]!;
}

/** One size of `x` as a float32 `[1]`. */
export function floatSizeOf(x: Value, axis: number): Value {
  return cast(sizeOf(x, axis), "float32");
}

/** The elements of `x` in the shape of `like`. */
export function reshapeLike(x: Value, like: Value): Value {
  if (isFixed(like.shape)) return reshape(x, like.shape);
  return x.program.apply("Reshape", [x, shapeOf(like)], [{ type: x.type, shape: like.shape }])[0]!;
}

/** `x` repeated along its dimensions of 1 until it has the shape of `like`. */
export function expandLike(x: Value, like: Value): Value {
  return x.program.apply("Expand", [x, shapeOf(like)], [{ type: x.type, shape: like.shape }])[0]!;
}

/** Zeros in the shape of `like`. */
export function zerosLike(like: Value): Value {
  return like.program.apply("ConstantOfShape", [shapeOf(like)], [{ type: "float32", shape: like.shape }])[0]!;
}

/** 0, 1, 2 … as many as `x` has entries along an axis. */
export function countAlong(x: Value, axis: number): Value {
  const { program } = x;
  const size = x.dimension(axis);
  const scalar = (value: Value) =>
    program.apply("Squeeze", [value, program.integers([0])], [{ type: "int64", shape: [] }])[0]!;
  const inputs = [program.integers([0]), sizeOf(x, axis), program.integers([1])].map(scalar);
  return program.apply("Range", inputs, [{ type: "int64", shape: [size] }])[0]!;
}

/** Zeros before and after along one axis; negative numbers cut off. Both int64 `[1]`. */
export function padAlong(x: Value, axis: number, before: Value, after: Value, shape: Shape): Value {
  const { program } = x;
  const pads = program.apply("Concat", [before, after], [{ type: "int64", shape: [2] }], {
    axis: { int: 0 },
  })[0]!;
  const inputs = [x, pads, null, program.integers([axisOf("Pad", x.shape, axis)])];
  return program.apply("Pad", inputs, [{ type: x.type, shape }])[0]!;
}

/** Adds `updates` into `x` at `indices` along an axis; the same place may be named several times. */
export function scatterAdd(x: Value, indices: Value, updates: Value, axis: number): Value {
  return x.program.apply("ScatterElements", [x, indices, updates], [x], {
    axis: { int: axis },
    reduction: { text: "add" },
  })[0]!;
}

/** Elements of `x` along an axis by an int64 index for each: as many as `indices` has. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  const index = axisOf("GatherElements", x.shape, axis);
  return x.program.apply("GatherElements", [x, indices], [{ type: x.type, shape: indices.shape }], {
    axis: { int: index },
  })[0]!;
}
