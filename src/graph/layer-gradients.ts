/**
 * Gradients of products of matrices, convolutions, softmax and norms.
 */
import { floatOf, type GradientRule, intOf, intsOf, rows, sumLike } from "./gradient-rule.ts";
import {
  add,
  concatenate,
  divide,
  exponential,
  matmul,
  matrixProduct,
  multiply,
  reduce,
  squareRoot,
  subtract,
  sumOver,
  transpose,
  unsqueeze,
} from "./operators.ts";
import { bytesOf, type Program, type Value } from "./program.ts";
import { padAlong, sizeOf } from "./shape-operators.ts";
import { fixed } from "./shapes.ts";

/** The last two axes exchanged. */
function turned(x: Value): Value {
  const order = x.shape.map((_, i) => i);
  const rank = order.length;
  return transpose(x, [...order.slice(0, -2), rank - 1, rank - 2]);
}

const matmulGradient: GradientRule = ({ operation, given, isWanted }) => {
  const [a, b] = operation.inputs as [Value, Value];
  const [g] = given as [Value];
  // One product over the rows of all batches, instead of one each and a sum.
  const isShared = b.shape.length === 2;
  const byB = () =>
    isShared ? matrixProduct(rows(a), rows(g), { a: true }) : sumLike(matmul(turned(a), g), b);
  return [isWanted(a) ? sumLike(matmul(g, turned(b)), a) : null, isWanted(b) ? byB() : null];
};

const gemmGradient: GradientRule = ({ operation, given, isWanted }) => {
  const [a, b, c] = operation.inputs as [Value, Value, Value | undefined];
  const [g] = given as [Value];
  if (floatOf(operation, "alpha", 1) !== 1 || floatOf(operation, "beta", 1) !== 1) {
    throw new RangeError(`${operation.name}: Gemm has a gradient without alpha and beta only.`);
  }
  const isTurned = { a: intOf(operation, "transA", 0) === 1, b: intOf(operation, "transB", 0) === 1 };
  const byA = () =>
    isTurned.a ? matrixProduct(b, g, { a: isTurned.b, b: true }) : matrixProduct(g, b, { b: !isTurned.b });
  const byB = () =>
    isTurned.b ? matrixProduct(g, a, { a: true, b: isTurned.a }) : matrixProduct(a, g, { a: !isTurned.a });
  return [isWanted(a) ? byA() : null, isWanted(b) ? byB() : null, c && isWanted(c) ? sumLike(g, c) : null];
};

/** Every `stride`-th step of `[batch, channels, time]` from `start` on, `count` (int64 `[1]`) of them. */
function everyStep(x: Value, start: number, stride: number, count: Value, steps: number | string): Value {
  const { program } = x;
  const end = add(
    multiply(subtract(count, program.integers([1])), program.integers([stride])),
    program.integers([start + 1]),
  );
  const inputs = [x, program.integers([start]), end, program.integers([2]), program.integers([stride])];
  return program.apply("Slice", inputs, [{ type: x.type, shape: x.shape.with(2, steps) }])[0]!;
}

/** Convolution over time, as `convolution` in `operators.ts` writes it: no groups, no dilation. */
const convGradient: GradientRule = ({ operation, given, isWanted }) => {
  const [x, weight, bias] = operation.inputs as [Value, Value, Value | undefined];
  const [g] = given as [Value];
  const { program } = x;
  const [stride] = intsOf(operation, "strides") as [number];
  const [padding] = intsOf(operation, "pads") as [number];
  if (x.shape.length !== 3 || intOf(operation, "group", 1) !== 1 || "dilations" in operation.attributes) {
    throw new RangeError(
      `${operation.name}: only convolutions over one axis without groups and dilation have a gradient.`,
    );
  }
  const kernel = fixed("Conv", weight.shape, 2);

  const byX = () => {
    const spread = program.apply(
      "ConvTranspose",
      [g, weight],
      [{ type: g.type, shape: [x.shape[0]!, x.shape[1]!, `${operation.name} spread`] }],
      { kernel_shape: { ints: [kernel] }, strides: { ints: [stride] } },
    )[0]!;
    // What belongs to the padding is cut off; steps at the end that no kernel reached get zeros.
    const after = subtract(add(sizeOf(x, 2), program.integers([padding])), sizeOf(spread, 2));
    return padAlong(spread, 2, program.integers([-padding]), after, x.shape);
  };
  // One product a step of the kernel, over all places that the step met.
  const byWeight = () => {
    const padded =
      padding === 0
        ? x
        : padAlong(
            x,
            2,
            program.integers([padding]),
            program.integers([padding]),
            x.shape.with(2, `${operation.name} padded`),
          );
    const gradientRows = rows(transpose(g, [0, 2, 1]));
    const count = sizeOf(g, 2);
    const steps = Array.from({ length: kernel }, (_, step) => {
      const met = everyStep(padded, step, stride, count, g.shape[2]!);
      return unsqueeze(matrixProduct(gradientRows, rows(transpose(met, [0, 2, 1])), { a: true }), 2);
    });
    return concatenate(steps, 2);
  };
  return [
    isWanted(x) ? byX() : null,
    isWanted(weight) ? byWeight() : null,
    bias && isWanted(bias) ? sumOver(g, [0, 2], false) : null,
  ];
};

const softmaxGradient: GradientRule = ({ operation, given }) => {
  const y = operation.results[0]!;
  const [g] = given as [Value];
  const weighted = multiply(g, y);
  const total = reduce("ReduceSum", weighted, intOf(operation, "axis", -1));
  return [subtract(weighted, multiply(y, total))];
};

const logSoftmaxGradient: GradientRule = ({ operation, given }) => {
  const y = operation.results[0]!;
  const [g] = given as [Value];
  const total = reduce("ReduceSum", g, intOf(operation, "axis", -1));
  return [subtract(g, multiply(exponential(y), total))];
};

function ones(program: Program, size: number): Value {
  const bytes = bytesOf(new Float32Array(size).fill(1));
  const name = `ones.${size}`;
  return program.weights.get(name)?.value ?? program.weight(name, { type: "float32", shape: [size], bytes });
}

/**
 * With x̂ = (x − mean) / deviation and h = g · weight: (h − mean(h) − x̂ · mean(h · x̂)) / deviation. x̂ is computed again,
 * by the fused operator, which gives the deviation too.
 */
const layerNormGradient: GradientRule = ({ operation, given, isWanted }) => {
  const [x, weight, bias] = operation.inputs as [Value, Value, Value | undefined];
  const [g] = given as [Value];
  const { program } = x;
  const width = fixed("LayerNormalization", weight.shape, 0);
  const perRow = { type: x.type, shape: [...x.shape.slice(0, -1), 1] };
  const [normal, , inverse] = program.apply(
    "LayerNormalization",
    [x, ones(program, width)],
    [x, perRow, perRow],
    operation.attributes,
  ) as [Value, Value, Value];
  const byX = () => {
    const h = multiply(g, weight);
    const along = reduce("ReduceMean", multiply(h, normal), -1);
    const centred = subtract(h, reduce("ReduceMean", h, -1));
    return multiply(subtract(centred, multiply(normal, along)), inverse);
  };
  return [
    isWanted(x) ? byX() : null,
    isWanted(weight) ? sumLike(multiply(g, normal), weight) : null,
    bias && isWanted(bias) ? sumLike(g, bias) : null,
  ];
};

/** With r = 1 / √(mean(x²) + ε) and h = g · weight: r · (h − x · r² · mean(h · x)). */
const rootMeanSquareNormGradient: GradientRule = ({ operation, given, isWanted }) => {
  const [x, weight] = operation.inputs as [Value, Value];
  const [g] = given as [Value];
  const { program } = x;
  const epsilon = program.scalar(floatOf(operation, "epsilon", 1e-5));
  const meanSquare = add(reduce("ReduceMean", multiply(x, x), -1), epsilon);
  const root = squareRoot(meanSquare);
  const byX = () => {
    const h = multiply(g, weight);
    const along = divide(reduce("ReduceMean", multiply(h, x), -1), meanSquare);
    return divide(subtract(h, multiply(x, along)), root);
  };
  return [
    isWanted(x) ? byX() : null,
    isWanted(weight) ? sumLike(multiply(g, divide(x, root)), weight) : null,
  ];
};

export const layerGradients: Readonly<Record<string, GradientRule>> = {
  MatMul: matmulGradient,
  Gemm: gemmGradient,
  Conv: convGradient,
  Softmax: softmaxGradient,
  LogSoftmax: logSoftmaxGradient,
  LayerNormalization: layerNormGradient,
  SimplifiedLayerNormalization: rootMeanSquareNormGradient,
};
