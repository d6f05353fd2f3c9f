import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { plainAttention } from "./attention.ts";
import { gradientRules } from "./gradient-rules.ts";
import { gradients } from "./gradients.ts";
import { crossEntropy, infoNce } from "./losses.ts";
import * as operators from "./operators.ts";
import { affine } from "./products.ts";
import { Program, type Value } from "./program.ts";
import { expandLike, gatherElements } from "./shape-operators.ts";
import type { Shape } from "./shapes.ts";
import { loadProgram, runProgram, type TestTensor } from "./testing/run-program.ts";

interface Numbers {
  shape: number[];
  values: number[];
}

interface Fixture {
  inputs: Record<string, Numbers>;
  fixed: Record<string, Numbers>;
  result: Numbers;
  weights: Numbers;
  gradients: Record<string, Numbers>;
}

// Made by tools/fixtures/gradients.py with PyTorch.
const fixtures = JSON.parse(
  readFileSync(new URL("./fixtures/gradients.json", import.meta.url), "utf8"),
) as Record<string, Fixture>;

type Inputs = Record<string, Value>;

interface Case {
  build: (inputs: Inputs) => Value;
  /** Shapes of inputs some of whose sizes are known only at run time. */
  shapes?: Record<string, Shape>;
}

const { convolution, layerNorm, matrixProduct, reduce, rootMeanSquareNorm, slice, softmax } = operators;

const unaries = {
  negate: operators.negate,
  exponential: operators.exponential,
  tanh: operators.tanh,
  sigmoid: operators.sigmoid,
  errorFunction: operators.errorFunction,
  cosine: operators.cosine,
  sine: operators.sine,
  gelu: operators.gelu,
  silu: operators.silu,
  relu: operators.relu,
  absolute: operators.absolute,
  logarithm: operators.logarithm,
  squareRoot: operators.squareRoot,
  power: (x: Value) => operators.power(x, 2.5),
};
const binaries = {
  add: operators.add,
  subtract: operators.subtract,
  multiply: operators.multiply,
  divide: operators.divide,
  maximum: operators.maximum,
  minimum: operators.minimum,
};

const steps = (time: Shape[number]) => ({ x: ["batch", 3, time] });
const cases: Record<string, Case> = {
  ...Object.fromEntries(
    Object.entries(unaries).map(([name, apply]) => [
      name,
      { build: ({ x }: Inputs) => apply(x!), shapes: { x: ["rows", 5] } },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(binaries).map(([name, apply]) => [
      name,
      { build: ({ a, b }: Inputs) => apply(a!, b!), shapes: { a: ["batch", 3, "width"] } },
    ]),
  ),
  powerOfTwo: {
    build: ({ x, y }) => x!.program.apply("Pow", [x!, y!], [x!])[0]!,
  },
  sum: { build: ({ x }) => reduce("ReduceSum", x!, 1) },
  sumOver: { build: ({ x }) => operators.sumOver(x!, [0, 2], false), shapes: { x: ["batch", 3, 4] } },
  mean: { build: ({ x }) => reduce("ReduceMean", x!, 1) },
  meanOfSymbolic: { build: ({ x }) => reduce("ReduceMean", x!, 0), shapes: { x: ["batch", 3, 4] } },
  max: { build: ({ x }) => reduce("ReduceMax", x!, 2) },
  logSumExp: { build: ({ x }) => reduce("ReduceLogSumExp", x!, 2) },
  sumOfSquares: {
    build: ({ x }) =>
      x!.program.apply(
        "ReduceSumSquare",
        [x!, x!.program.integers([0, 1])],
        [{ type: "float32", shape: [] }],
        {
          keepdims: { int: 0 },
        },
      )[0]!,
  },
  transpose: { build: ({ x }) => operators.transpose(x!, [1, 2, 0]), shapes: { x: ["batch", 3, 4] } },
  reshape: { build: ({ x }) => operators.reshape(x!, ["rows", 4]), shapes: { x: ["batch", "time", 4] } },
  unsqueeze: { build: ({ x }) => operators.unsqueeze(x!, 1), shapes: { x: ["batch", 3] } },
  squeeze: { build: ({ x }) => operators.squeeze(x!, 1) },
  slice: { build: ({ x }) => slice(x!, 1, 1, 3, 2), shapes: { x: [2, "time", 3] } },
  sliceFromEnd: {
    build: ({ x }) => slice(x!, 1, -2, Number.MAX_SAFE_INTEGER, 2),
    shapes: { x: [2, "time", 3] },
  },
  sliceToEnd: {
    build: ({ x }) => slice(x!, 0, x!.program.integers([2]), Number.MAX_SAFE_INTEGER, "rest"),
    shapes: { x: ["time", 3] },
  },
  concatenate: { build: ({ a, b }) => operators.concatenate([a!, b!], 1) },
  concatenateSymbolic: {
    build: ({ a, b }) => operators.concatenate([a!, b!, a!], 0),
    shapes: { a: ["some", 3], b: ["more", 3] },
  },
  // The piece in the middle is not used.
  split: {
    build: ({ x }) => {
      const [first, , last] = operators.split(x!, [1, 2, 2], 1);
      return operators.concatenate([last!, operators.add(first!, first!)], 1);
    },
  },
  gather: {
    build: ({ x, indices }) => operators.gather(x!, indices!),
    shapes: { indices: ["batch", "time"] },
  },
  gatherSecond: {
    build: ({ x, indices }) => operators.gather(x!, indices!, 1),
    shapes: { x: ["batch", 2, 4] },
  },
  gatherElements: { build: ({ x, indices }) => gatherElements(x!, indices!, 1) },
  select: {
    build: ({ a, b, condition }) => operators.select(operators.cast(condition!, "bool"), a!, b!),
  },
  expand: { build: ({ x }) => expandLike(x!, x!.program.input("like", "float32", [2, 3, "width"])) },
  matmul: { build: ({ a, b }) => operators.matmul(a!, b!) },
  matmulShared: { build: ({ a, b }) => operators.matmul(a!, b!), shapes: { a: ["batch", "time", 4] } },
  matmulBatches: {
    build: ({ a, b }) => operators.matmul(a!, b!),
    shapes: { a: ["batch", 2, "time", 4], b: ["batch", 1, 4, 5] },
  },
  matmulLeftShared: { build: ({ a, b }) => operators.matmul(a!, b!), shapes: { b: ["batch", 4, 5] } },
  ...Object.fromEntries(
    [0, 1].flatMap((left) =>
      [0, 1].map((right) => [
        `matrixProduct${left}${right}`,
        { build: ({ a, b }: Inputs) => matrixProduct(a!, b!, { a: left === 1, b: right === 1 }) },
      ]),
    ),
  ),
  affine: { build: ({ x, weight, bias }) => affine(x!, weight!, bias!), shapes: { x: ["rows", 4] } },
  affineOfBatches: {
    build: ({ x, weight, bias }) => affine(x!, weight!, bias!),
    shapes: { x: ["batch", "time", 4] },
  },
  convolution9: {
    build: ({ x, weight, bias }) => convolution(x!, weight!, bias!, { stride: 2, padding: 1, time: "half" }),
    shapes: steps("time"),
  },
  convolution10: {
    build: ({ x, weight, bias }) => convolution(x!, weight!, bias!, { stride: 2, padding: 1, time: 5 }),
    shapes: steps(10),
  },
  convolutionByThree: {
    build: ({ x, weight, bias }) => convolution(x!, weight!, bias!, { stride: 3, padding: 0, time: "third" }),
    shapes: { x: [1, 2, "time"] },
  },
  softmax: { build: ({ x }) => softmax(x!), shapes: { x: ["batch", 3, "keys"] } },
  softmaxSecond: { build: ({ x }) => softmax(x!, 1) },
  logSoftmax: { build: ({ x }) => operators.logSoftmax(x!), shapes: { x: ["batch", 3, 4] } },
  layerNorm: {
    build: ({ x, weight, bias }) => layerNorm(x!, weight!, bias!),
    shapes: { x: ["batch", "time", 6] },
  },
  rootMeanSquareNorm: {
    build: ({ x, weight }) => rootMeanSquareNorm(x!, weight!),
    shapes: { x: ["batch", "time", 6] },
  },
  attention: {
    build: ({ query, key, value, bias }) => plainAttention(query!, key!, value!, 2, { bias }),
    shapes: {
      query: ["batch", "queries", 8],
      key: ["batch", "keys", 8],
      value: ["batch", "keys", 8],
      bias: ["batch", 1, "queries", "keys"],
    },
  },
  crossEntropy: {
    build: ({ logits, labels }) => crossEntropy(logits!, labels!),
    shapes: { logits: ["rows", 4], labels: ["rows"] },
  },
  crossEntropySmoothed: { build: ({ logits, labels }) => crossEntropy(logits!, labels!, { smoothing: 0.1 }) },
  crossEntropyIgnoring: { build: ({ logits, labels }) => crossEntropy(logits!, labels!) },
  infoNce: {
    build: ({ queries, keys }) => infoNce(queries!, keys!, { temperature: 0.2 }),
    shapes: { queries: ["pairs", 6], keys: ["pairs", 6] },
  },
};

/** The case as a program with result and gradients as outputs, and what to feed it with. */
function prepared(name: string) {
  const { build, shapes = {} } = cases[name]!;
  const fixture = fixtures[name]!;
  const program = new Program(name);
  const declare = (type: "float32" | "int64", given: Record<string, Numbers>) =>
    Object.entries(given).map(([input, { shape }]) => [
      input,
      program.input(input, type, shapes[input] ?? shape),
    ]);
  const inputs = Object.fromEntries([
    ...declare("float32", fixture.inputs),
    ...declare("int64", fixture.fixed),
  ]) as Inputs;
  const result = build(inputs);
  program.output("result", result);
  const forward = program.operations.map(({ operator }) => operator);
  const weights = program.input("weights", "float32", result.shape);
  const names = Object.keys(fixture.inputs);
  const found = gradients(
    new Map([[result, weights]]),
    names.map((input) => inputs[input]!),
  );
  for (const input of names) program.output(`gradient.${input}`, found.get(inputs[input]!)!);
  const floats = ({ shape, values }: Numbers): TestTensor => ({ data: Float32Array.from(values), shape });
  const feeds: Record<string, TestTensor> = { weights: floats(fixture.weights) };
  for (const [input, numbers] of Object.entries(fixture.inputs)) feeds[input] = floats(numbers);
  for (const [input, { shape, values }] of Object.entries(fixture.fixed)) {
    feeds[input] = { data: BigInt64Array.from(values, BigInt), shape };
  }
  if (name === "expand") feeds.like = { data: new Float32Array(24), shape: [2, 3, 4] };
  return { program, fixture, feeds, forward };
}

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
}

describe("gradients", () => {
  it("are tested for every operator that has one", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(fixtures).sort());
    const tested = new Set(Object.keys(cases).flatMap((name) => prepared(name).forward));
    // Identity is never built; it is what other writers of ONNX put between two names.
    expect(Object.keys(gradientRules).filter((operator) => !tested.has(operator))).toEqual(["Identity"]);
  });

  describe.each(Object.keys(cases))("of %s", (name) => {
    it("are PyTorch's, and those of finite differences", async () => {
      const { program, fixture, feeds } = prepared(name);
      await using loaded = await loadProgram(program);
      const outputs = await loaded.run(feeds);
      expect(outputs.result!.shape).toEqual(fixture.result.shape);
      expect(largestDifference(outputs.result!.data, fixture.result.values)).toBeLessThan(2e-5);

      const summed = async () => {
        const { data } = (await loaded.run(feeds)).result!;
        return data.reduce((sum, value, i) => sum + value * fixture.weights.values[i]!, 0);
      };
      const change = 1 / 128;
      for (const [input, expected] of Object.entries(fixture.gradients)) {
        const actual = outputs[`gradient.${input}`]!;
        expect(actual.shape).toEqual(expected.shape);
        expect(largestDifference(actual.data, expected.values)).toBeLessThan(3e-5);
        const data = feeds[input]!.data as Float32Array;
        const slopes: number[] = [];
        for (let i = 0; i < data.length; i++) {
          const before = data[i]!;
          data[i] = before + change;
          const above = await summed();
          data[i] = before - change;
          slopes.push((above - (await summed())) / (2 * change));
          data[i] = before;
        }
        expect(largestDifference(actual.data, slopes)).toBeLessThan(4e-3);
      }
    });
  });

  it("add up where a value is used several times", async () => {
    const program = new Program("several");
    const x = program.input("x", "float32", [2]);
    const y = operators.add(operators.multiply(x, x), operators.multiply(x, program.scalar(3)));
    const found = gradients(new Map([[y, program.input("g", "float32", [2])]]), [x]);
    program.output("gradient", found.get(x)!);
    const { gradient } = await runProgram(program, {
      x: { data: Float32Array.of(1, -2), shape: [2] },
      g: { data: Float32Array.of(1, 10), shape: [2] },
    });
    expect([...gradient!.data]).toEqual([5, -10]);
  });

  it("are computed only where they are wanted", () => {
    const program = new Program("half");
    const [a, b] = [program.input("a", "float32", [2, 3]), program.input("b", "float32", [3, 2])];
    const y = operators.matmul(a, b);
    const before = program.operations.length;
    gradients(new Map([[y, y]]), [a]);
    expect(program.operations.slice(before).map(({ operator }) => operator)).toEqual(["Transpose", "MatMul"]);
  });

  it("say which operator has none, and which value has no part", () => {
    const program = new Program("wrong");
    const x = program.input("x", "float32", [2, 3]);
    const other = program.input("other", "float32", [1]);
    const y = program.apply("Celu", [x], [x])[0]!;
    expect(() => gradients(new Map([[y, y]]), [x])).toThrow(
      /Celu has no gradient\. Those with one: Abs, Add/,
    );
    expect(() => gradients(new Map([[x, x]]), [other])).toThrow("other has no part");
  });
});
