/**
 * The gradient of each operator: from the gradient by its results to those by its inputs. Rules for operators that work
 * element by element and for reductions are here, those that move elements in `layout-gradients.ts`, products,
 * convolutions, softmax and norms in `layer-gradients.ts`.
 */
import { layerGradients } from "./layer-gradients.ts";
import { layoutGradients } from "./layout-gradients.ts";
import {
  add,
  cast,
  compare,
  cosine,
  divide,
  errorFunction,
  exponential,
  logarithm,
  multiply,
  negate,
  sine,
  subtract,
  sumOver,
} from "./operators.ts";
import type { Program, Value } from "./program.ts";
import { constantIntegers, type GradientRule, sumLike } from "./gradient-rule.ts";
import { expandLike, floatSizeOf } from "./shape-operators.ts";

type Binary = (parts: {
  a: Value;
  b: Value;
  y: Value;
  g: Value;
  program: Program;
}) => readonly [() => Value, () => Value];

/** An operator of two inputs that are broadcast: gradients are summed over what was repeated. */
function binary(parts: Binary): GradientRule {
  return ({ operation, given, isWanted }) => {
    const [a, b] = operation.inputs as [Value, Value];
    const y = operation.results[0]!;
    const gradients = parts({ a, b, y, g: given[0]!, program: a.program });
    return [a, b].map((input, i) => (isWanted(input) ? sumLike(gradients[i]!(), input) : null));
  };
}

type Unary = (parts: { x: Value; y: Value; g: Value; constant: (value: number) => Value }) => Value;

function unary(gradient: Unary): GradientRule {
  return ({ operation, given }) => {
    const x = operation.inputs[0]!;
    return [
      gradient({ x, y: operation.results[0]!, g: given[0]!, constant: (value) => x.program.scalar(value) }),
    ];
  };
}

/** Of two inputs the one that was chosen takes the gradient; where they are equal each takes half, as in PyTorch. */
function chosen(operator: "Greater" | "Less"): GradientRule {
  return binary(({ a, b, g, program }) => {
    const share = (first: Value, second: Value) => () => {
      const wins = cast(compare(operator, first, second), "float32");
      const ties = cast(compare("Equal", first, second), "float32");
      return multiply(g, add(wins, multiply(ties, program.scalar(0.5))));
    };
    return [share(a, b), share(b, a)];
  });
}

const squareRootOfHalf = Math.SQRT1_2;
const inverseSquareRootOfPi = 1 / Math.sqrt(Math.PI);
const inverseSquareRootOfTwoPi = 1 / Math.sqrt(2 * Math.PI);

/** The reduced axis: the operators here take exactly one away or keep it as 1. */
type Reduced = (parts: { x: Value; y: Value; g: Value; axes: readonly number[] }) => Value;

/** `y` and `g` come with the reduced axes kept as 1. */
function reduction(gradient: Reduced): GradientRule {
  return ({ operation, given }) => {
    const x = operation.inputs[0]!;
    const axes = constantIntegers(operation, 1).map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
    const restore = (value: Value) =>
      value.shape.length === kept.length
        ? value
        : value.program.apply(
            "Unsqueeze",
            [value, value.program.integers(axes)],
            [{ type: value.type, shape: kept }],
          )[0]!;
    return [gradient({ x, y: restore(operation.results[0]!), g: restore(given[0]!), axes })];
  };
}

const elementGradients: Readonly<Record<string, GradientRule>> = {
  Add: binary(({ g }) => [() => g, () => g]),
  Sub: binary(({ g }) => [() => g, () => negate(g)]),
  Mul: binary(({ a, b, g }) => [() => multiply(g, b), () => multiply(g, a)]),
  Div: binary(({ b, y, g }) => [() => divide(g, b), () => negate(multiply(divide(g, b), y))]),
  Max: chosen("Greater"),
  Min: chosen("Less"),
  Pow: binary(({ a, b, y, g, program }) => [
    () => {
      const less = subtract(b, program.scalar(1));
      const shape = y.shape;
      return multiply(g, multiply(b, a.program.apply("Pow", [a, less], [{ type: a.type, shape }])[0]!));
    },
    () => multiply(g, multiply(y, logarithm(a))),
  ]),
  Neg: unary(({ g }) => negate(g)),
  Abs: unary(({ x, g }) => multiply(g, x.program.apply("Sign", [x], [x])[0]!)),
  Exp: unary(({ y, g }) => multiply(g, y)),
  Log: unary(({ x, g }) => divide(g, x)),
  Sqrt: unary(({ y, g, constant }) => divide(multiply(g, constant(0.5)), y)),
  Cos: unary(({ x, g }) => negate(multiply(g, sine(x)))),
  Sin: unary(({ x, g }) => multiply(g, cosine(x))),
  Tanh: unary(({ y, g, constant }) => multiply(g, subtract(constant(1), multiply(y, y)))),
  Sigmoid: unary(({ y, g, constant }) => multiply(g, multiply(y, subtract(constant(1), y)))),
  Erf: unary(({ x, g, constant }) =>
    multiply(g, multiply(constant(2 * inverseSquareRootOfPi), exponential(negate(multiply(x, x))))),
  ),
  Relu: unary(({ x, g, constant }) => multiply(g, cast(compare("Greater", x, constant(0)), "float32"))),
  // d/dx x · Φ(x) = Φ(x) + x · φ(x); with u = x / √2 that is ½ (1 + erf u) + x / (√2π · exp u²). Each operator is a pass
  // over all elements: HardSigmoid is here only as αx + β in a single one.
  Gelu: unary(({ x, g, constant }) => {
    const u = multiply(x, constant(squareRootOfHalf));
    const half = { alpha: { float: 0.5 }, beta: { float: 0.5 } };
    const below = x.program.apply("HardSigmoid", [errorFunction(u)], [x], half)[0]!;
    const density = divide(multiply(x, constant(inverseSquareRootOfTwoPi)), exponential(multiply(u, u)));
    return multiply(g, add(below, density));
  }),

  ReduceSum: reduction(({ x, g }) => expandLike(g, x)),
  ReduceMean: reduction(({ x, g, axes }) => {
    const count = axes.map((axis) => floatSizeOf(x, axis)).reduce((a, b) => multiply(a, b));
    return expandLike(divide(g, count), x);
  }),
  // Those that share the maximum share its gradient, as in PyTorch.
  ReduceMax: reduction(({ x, y, g, axes }) => {
    const winners = cast(compare("Equal", x, y), "float32");
    return multiply(winners, divide(g, sumOver(winners, axes, true)));
  }),
  ReduceLogSumExp: reduction(({ x, y, g }) => multiply(g, exponential(subtract(x, y)))),
  ReduceSumSquare: reduction(({ x, g }) => multiply(g, multiply(x, x.program.scalar(2)))),
};

/** Rules by operator. */
export const gradientRules: Readonly<Record<string, GradientRule>> = {
  ...elementGradients,
  ...layoutGradients,
  ...layerGradients,
};
