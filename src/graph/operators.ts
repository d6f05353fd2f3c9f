/**
 * ONNX's plain operators, as functions over values with checked shapes. Shapes are written as in the ONNX
 * specification (https://onnx.ai/onnx/operators); every error names the operator and the shapes.
 */
import { type ElementType, type Value } from "./program.ts";
import {
  axisOf,
  broadcast,
  type Dimension,
  expectShape,
  fixed,
  printShape,
  type Shape,
  sum,
} from "./shapes.ts";

type Arithmetic = "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min";

function arithmetic(operator: Arithmetic, a: Value, b: Value): Value {
  if (a.type !== b.type) throw new RangeError(`${operator}: ${a.type} and ${b.type} do not mix.`);
  const shape = broadcast(operator, a.shape, b.shape);
  return a.program.apply(operator, [a, b], [{ type: a.type, shape }])[0]!;
}

export const add = (a: Value, b: Value): Value => arithmetic("Add", a, b);
export const subtract = (a: Value, b: Value): Value => arithmetic("Sub", a, b);
export const multiply = (a: Value, b: Value): Value => arithmetic("Mul", a, b);
export const divide = (a: Value, b: Value): Value => arithmetic("Div", a, b);
export const maximum = (a: Value, b: Value): Value => arithmetic("Max", a, b);
export const minimum = (a: Value, b: Value): Value => arithmetic("Min", a, b);

type Elementwise =
  | "Neg"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Tanh"
  | "Sigmoid"
  | "Erf"
  | "Relu"
  | "Abs"
  | "Cos"
  | "Sin";

function elementwise(operator: Elementwise, x: Value): Value {
  return x.program.apply(operator, [x], [x])[0]!;
}

export const negate = (x: Value): Value => elementwise("Neg", x);
export const exponential = (x: Value): Value => elementwise("Exp", x);
export const logarithm = (x: Value): Value => elementwise("Log", x);
export const squareRoot = (x: Value): Value => elementwise("Sqrt", x);
export const tanh = (x: Value): Value => elementwise("Tanh", x);
export const sigmoid = (x: Value): Value => elementwise("Sigmoid", x);
export const relu = (x: Value): Value => elementwise("Relu", x);
export const cosine = (x: Value): Value => elementwise("Cos", x);
export const sine = (x: Value): Value => elementwise("Sin", x);
export const absolute = (x: Value): Value => elementwise("Abs", x);
/** The error function, 2/√π · ∫₀ˣ exp(−t²) dt. */
export const errorFunction = (x: Value): Value => elementwise("Erf", x);

/** x to the power of `exponent`. */
export function power(x: Value, exponent: number): Value {
  return x.program.apply("Pow", [x, x.program.scalar(exponent)], [x])[0]!;
}

type Comparison = "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Equal";

/** Where the comparison holds, as bool. */
export function compare(operator: Comparison, a: Value, b: Value): Value {
  if (a.type !== b.type) throw new RangeError(`${operator}: ${a.type} and ${b.type} do not mix.`);
  const shape = broadcast(operator, a.shape, b.shape);
  return a.program.apply(operator, [a, b], [{ type: "bool", shape }])[0]!;
}

/** Gaussian error linear unit, exact (by the error function), Hendrycks and Gimpel 2016. */
export function gelu(x: Value): Value {
  return x.program.apply("Gelu", [x], [x])[0]!;
}

/** x · sigmoid(x), the activation of Llama's feed-forward layers. */
export function silu(x: Value): Value {
  return multiply(x, sigmoid(x));
}

/** Product of matrices over the last two axes; axes before them are broadcast. */
export function matmul(a: Value, b: Value): Value {
  if (a.shape.length < 2 || b.shape.length < 2 || a.dimension(-1) !== b.dimension(-2)) {
    throw new RangeError(`MatMul: shapes ${printShape(a.shape)} and ${printShape(b.shape)} do not fit.`);
  }
  const batch = broadcast("MatMul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  return a.program.apply(
    "MatMul",
    [a, b],
    [{ type: a.type, shape: [...batch, a.dimension(-2), b.dimension(-1)] }],
  )[0]!;
}

/**
 * Product of two matrices, either of them turned over: float32 `[rows, inner]` and `[inner, columns]` when turned.
 *
 * @param bias `[columns]`, added to every row
 */
export function matrixProduct(
  a: Value,
  b: Value,
  turned: { a?: boolean; b?: boolean } = {},
  bias: Value | null = null,
): Value {
  const left = turned.a ? a.shape.toReversed() : a.shape;
  const right = turned.b ? b.shape.toReversed() : b.shape;
  if (left.length !== 2 || right.length !== 2 || left[1] !== right[0]) {
    throw new RangeError(`Gemm: shapes ${printShape(left)} and ${printShape(right)} do not fit.`);
  }
  const shape = [left[0]!, right[1]!];
  if (bias) expectShape("Gemm", "the bias", bias.shape, [right[1]!]);
  return a.program.apply("Gemm", bias ? [a, b, bias] : [a, b], [{ type: a.type, shape }], {
    transA: { int: turned.a ? 1 : 0 },
    transB: { int: turned.b ? 1 : 0 },
  })[0]!;
}

/** Probabilities over an axis, the last one by default. */
export function softmax(x: Value, axis = -1): Value {
  const index = axisOf("Softmax", x.shape, axis);
  return x.program.apply("Softmax", [x], [x], { axis: { int: index } })[0]!;
}

/** Natural logarithms of the probabilities over the last axis. */
export function logSoftmax(x: Value): Value {
  return x.program.apply("LogSoftmax", [x], [x], { axis: { int: -1 } })[0]!;
}

/**
 * Another view of the same elements.
 * @param shape at most one dimension may be a name that `x` does not have: it takes what is left over
 */
export function reshape(x: Value, shape: Shape): Value {
  // ONNX: 0 takes the dimension at the same place over, -1 takes what is left over.
  const sizes = shape.map((dimension, i) =>
    typeof dimension === "number" ? dimension : x.shape[i] === dimension ? 0 : -1,
  );
  if (sizes.filter((size) => size === -1).length > 1) {
    throw new RangeError(
      `Reshape: from ${printShape(x.shape)} to ${printShape(shape)} leaves more than one size open.`,
    );
  }
  const product = (dimensions: Shape) =>
    dimensions.filter((size) => typeof size === "number").reduce((a, b) => a * b, 1);
  const isFixed = [...x.shape, ...shape].every((dimension) => typeof dimension === "number");
  if (isFixed && product(x.shape) !== product(shape)) {
    throw new RangeError(`Reshape: ${printShape(x.shape)} and ${printShape(shape)} have different sizes.`);
  }
  return x.program.apply("Reshape", [x, x.program.integers(sizes)], [{ type: x.type, shape }])[0]!;
}

/** Axes in another order. */
export function transpose(x: Value, order: readonly number[]): Value {
  const isOrder = order.length === x.shape.length && new Set(order).size === order.length;
  if (!isOrder || order.some((axis) => x.shape[axis] === undefined)) {
    throw new RangeError(
      `Transpose: [${order.join(", ")}] is no order of the axes of ${printShape(x.shape)}.`,
    );
  }
  const shape = order.map((axis) => x.shape[axis]!);
  return x.program.apply("Transpose", [x], [{ type: x.type, shape }], { perm: { ints: order } })[0]!;
}

/** Tensors one after the other along an axis. */
export function concatenate(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (!first) throw new RangeError("Concat: there is nothing to put together.");
  const index = axisOf("Concat", first.shape, axis);
  for (const { shape } of values) {
    const fits =
      shape.length === first.shape.length && shape.every((size, i) => i === index || size === first.shape[i]);
    if (!fits) {
      throw new RangeError(
        `Concat: shapes ${values.map((value) => printShape(value.shape)).join(" and ")} do not fit along axis ${axis}.`,
      );
    }
  }
  const shape = first.shape.with(index, sum(...values.map((value) => value.shape[index]!)));
  return first.program.apply("Concat", values, [{ type: first.type, shape }], { axis: { int: index } })[0]!;
}

/** Pieces of the given sizes along an axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const index = axisOf("Split", x.shape, axis);
  if (fixed("Split", x.shape, axis) !== sizes.reduce((a, b) => a + b, 0)) {
    throw new RangeError(
      `Split: pieces of ${sizes.join(", ")} do not fill axis ${axis} of ${printShape(x.shape)}.`,
    );
  }
  const results = sizes.map((size) => ({ type: x.type, shape: x.shape.with(index, size) }));
  return x.program.apply("Split", [x, x.program.integers(sizes)], results, { axis: { int: index } });
}

/** From `start` up to but not with `end` along an axis; `size` says how many that are. */
export function slice(
  x: Value,
  axis: number,
  start: number | Value,
  end: number | Value,
  size: Dimension,
): Value {
  const index = axisOf("Slice", x.shape, axis);
  const { program } = x;
  const position = (at: number | Value) => (typeof at === "number" ? program.integers([at]) : at);
  const inputs = [x, position(start), position(end), program.integers([index])];
  return program.apply("Slice", inputs, [{ type: x.type, shape: x.shape.with(index, size) }])[0]!;
}

/** Entries of `x` along an axis, by their int64 indices: the axis is replaced by the indices' shape. */
export function gather(x: Value, indices: Value, axis = 0): Value {
  const index = axisOf("Gather", x.shape, axis);
  const shape = [...x.shape.slice(0, index), ...indices.shape, ...x.shape.slice(index + 1)];
  return x.program.apply("Gather", [x, indices], [{ type: x.type, shape }], { axis: { int: index } })[0]!;
}

/** Adds an axis of size 1. */
export function unsqueeze(x: Value, axis: number): Value {
  const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
  return x.program.apply("Unsqueeze", [x, x.program.integers([axis])], [{ type: x.type, shape }])[0]!;
}

/** Takes an axis of size 1 away. */
export function squeeze(x: Value, axis: number): Value {
  const index = axisOf("Squeeze", x.shape, axis);
  if (x.shape[index] !== 1) throw new RangeError(`Squeeze: axis ${axis} of ${printShape(x.shape)} is not 1.`);
  const shape = x.shape.filter((_, i) => i !== index);
  return x.program.apply("Squeeze", [x, x.program.integers([index])], [{ type: x.type, shape }])[0]!;
}

/** The elements as another type. */
export function cast(x: Value, type: ElementType): Value {
  // The writer knows ONNX's numbers of the types.
  return x.program.apply("Cast", [x], [{ type, shape: x.shape }], { to: { text: type } })[0]!;
}

/** `condition ? a : b`, element by element. */
export function select(condition: Value, a: Value, b: Value): Value {
  const shape = broadcast("Where", condition.shape, a.shape, b.shape);
  return a.program.apply("Where", [condition, a, b], [{ type: a.type, shape }])[0]!;
}

type Reduction = "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceLogSumExp";

/** Sum, mean, maximum or log-sum-exp over one axis, which stays as 1. */
export function reduce(operator: Reduction, x: Value, axis: number): Value {
  const index = axisOf(operator, x.shape, axis);
  const inputs = [x, x.program.integers([index])];
  return x.program.apply(operator, inputs, [{ type: x.type, shape: x.shape.with(index, 1) }], {
    keepdims: { int: 1 },
  })[0]!;
}

/** The sum over several axes; they stay as 1 with `keep`, or are taken away. */
export function sumOver(x: Value, axes: readonly number[], keep: boolean): Value {
  const indices = axes.map((axis) => axisOf("ReduceSum", x.shape, axis));
  const shape = keep
    ? x.shape.map((size, i) => (indices.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !indices.includes(i));
  return x.program.apply("ReduceSum", [x, x.program.integers(indices)], [{ type: x.type, shape }], {
    keepdims: { int: keep ? 1 : 0 },
  })[0]!;
}

/** Layer normalisation over the last axis (Ba et al., 2016). */
export function layerNorm(x: Value, weight: Value, bias: Value | null, epsilon = 1e-5): Value {
  expectShape("LayerNormalization", "the weight", weight.shape, [x.dimension(-1)]);
  return x.program.apply("LayerNormalization", [x, weight, ...(bias ? [bias] : [])], [x], {
    axis: { int: -1 },
    epsilon: { float: epsilon },
  })[0]!;
}

/** Normalisation by the root mean square over the last axis (Zhang and Sennrich, 2019), as in Llama. */
export function rootMeanSquareNorm(x: Value, weight: Value, epsilon = 1e-6): Value {
  expectShape("SimplifiedLayerNormalization", "the weight", weight.shape, [x.dimension(-1)]);
  return x.program.apply("SimplifiedLayerNormalization", [x, weight], [x], {
    axis: { int: -1 },
    epsilon: { float: epsilon },
  })[0]!;
}

/**
 * Convolution over time.
 *
 * @param x `[batch, channels, time]`
 * @param weight `[features, channels, kernel]`
 * @param time the dimension of time that comes out
 * @returns `[batch, features, time]`
 */
export function convolution(
  x: Value,
  weight: Value,
  bias: Value | null,
  options: { stride: number; padding: number; time: Dimension },
): Value {
  const [features, channels, kernel] = weight.shape;
  if (x.shape.length !== 3 || weight.shape.length !== 3 || x.shape[1] !== channels) {
    throw new RangeError(`Conv: shapes ${printShape(x.shape)} and ${printShape(weight.shape)} do not fit.`);
  }
  const shape = [x.shape[0]!, features!, options.time];
  return x.program.apply("Conv", [x, weight, ...(bias ? [bias] : [])], [{ type: x.type, shape }], {
    kernel_shape: { ints: [kernel as number] },
    strides: { ints: [options.stride] },
    pads: { ints: [options.padding, options.padding] },
  })[0]!;
}
