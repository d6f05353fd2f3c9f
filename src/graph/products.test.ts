import { describe, expect, it } from "vitest";
import { randomGenerator } from "../random.ts";
import { linear, quantisedLinear, type IntegerProduct } from "./products.ts";
import { Program } from "./program.ts";
import {
  dequantise,
  type FloatMatrix,
  fromIntegers,
  quantise,
  type QuantisedMatrix,
  stack,
} from "./quantised-matrix.ts";
import { runProgram } from "./testing/run-program.ts";

const random = randomGenerator(7);
const numbers = (length: number, scale = 1) =>
  Float32Array.from({ length }, () => (random() - 0.5) * 2 * scale);

function floatMatrix(outputs: number, inputs: number): FloatMatrix {
  return { outputs, inputs, values: numbers(outputs * inputs) };
}

function exactProduct(
  x: Float32Array,
  { outputs, inputs, values }: FloatMatrix,
  bias: Float32Array,
): number[] {
  return Array.from({ length: (x.length / inputs) * outputs }, (_, i) => {
    const [row, output] = [Math.floor(i / outputs), i % outputs];
    let sum = bias[output]!;
    for (let k = 0; k < inputs; k++) sum += x[row * inputs + k]! * values[output * inputs + k]!;
    return sum;
  });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

async function product(
  x: Float32Array,
  matrix: QuantisedMatrix,
  bias: Float32Array,
  kind: IntegerProduct,
): Promise<Float32Array> {
  const program = new Program("product");
  const input = program.input("x", "float32", ["rows", matrix.inputs]);
  program.output("y", quantisedLinear("layer", input, matrix, bias, kind));
  const { y } = await runProgram(program, {
    x: { data: x, shape: [x.length / matrix.inputs, matrix.inputs] },
  });
  return y!.data;
}

describe("linear layers", () => {
  it("multiply floats exactly", async () => {
    const matrix = floatMatrix(24, 40);
    const [x, bias] = [numbers(3 * 40), numbers(24)];
    const program = new Program("product");
    program.output("y", linear("layer", program.input("x", "float32", ["rows", 40]), matrix, bias));
    const { y } = await runProgram(program, { x: { data: x, shape: [3, 40] } });
    expect(largestDifference(y!.data, exactProduct(x, matrix, bias))).toBeLessThan(1e-4);
  });

  for (const kind of ["blocks", "whole"] as const) {
    // 416 = 3 · 128 + 32 does not divide into the largest blocks; 40 is not even a multiple of 16.
    for (const inputs of [256, 416, 40]) {
      it(`multiply 8-bit integers with ${inputs} inputs in ${kind} but for the rounding of activations`, async () => {
        const integers = Int8Array.from({ length: 24 * inputs }, (_, i) => ((i * 7919) % 255) - 127);
        const matrix = fromIntegers(integers, { outputs: 24, inputs }, 0.01, 5, "outputs first");
        const [x, bias] = [numbers(3 * inputs), numbers(24)];
        const y = await product(x, matrix, bias, kind);
        const expected = exactProduct(x, dequantise(matrix), bias);
        // Errors of up to half a step of 2/255 (of 1/127 in blocks), like a random walk over the inputs.
        expect(largestDifference(y, expected)).toBeLessThan((4 * Math.sqrt(inputs) * 1.3 * 0.5) / 127);
      });
    }
  }

  it("multiply 4-bit integers", async () => {
    const { matrix } = quantise(floatMatrix(24, 256), 4, 32);
    const [x, bias] = [numbers(2 * 256), numbers(24)];
    const y = await product(x, matrix, bias, "blocks");
    expect(largestDifference(y, exactProduct(x, dequantise(matrix), bias))).toBeLessThan(0.2);
  });

  it("stacked give their outputs one after the other", async () => {
    const one = fromIntegers(
      Uint8Array.from({ length: 8 * 32 }, (_, i) => i % 256),
      { outputs: 8, inputs: 32 },
      0.1,
      3,
      "outputs first",
    );
    const two = fromIntegers(
      Uint8Array.from({ length: 4 * 32 }, (_, i) => 255 - i),
      { outputs: 4, inputs: 32 },
      0.2,
      9,
      "inputs first",
    );
    const both = dequantise(stack([one, two])).values;
    expect(both).toEqual(Float32Array.of(...dequantise(one).values, ...dequantise(two).values));
  });

  it("refuse what does not fit, with the shapes", () => {
    const program = new Program("wrong");
    const x = program.input("x", "float32", ["rows", 41]);
    expect(() => linear("layer", x, floatMatrix(24, 40), null)).toThrow(
      "[rows, 41] does not fit a matrix of 40 inputs",
    );
    expect(() => fromIntegers(new Uint8Array(7), { outputs: 2, inputs: 4 }, 1, 0, "inputs first")).toThrow(
      "got 7",
    );
  });
});

describe("quantisation", () => {
  it("takes over stored integers without rounding, in either layout and sign", () => {
    const signed = Int8Array.from({ length: 6 }, (_, i) => i * 40 - 100);
    const unsigned = Uint8Array.from(signed, (value) => value + 128);
    const shape = { outputs: 2, inputs: 3 };
    const expected = Float32Array.from(signed, (value) => 0.5 * (value - 3));
    expect(dequantise(fromIntegers(signed, shape, 0.5, 3, "outputs first")).values).toEqual(expected);
    expect(dequantise(fromIntegers(unsigned, shape, 0.5, 131, "outputs first")).values).toEqual(expected);
    const turned = Float32Array.of(0, 2, 4, 1, 3, 5).map((i) => expected[i]!);
    expect(dequantise(fromIntegers(signed, shape, 0.5, 3, "inputs first")).values).toEqual(turned);
  });

  it("errs by half a step at most, and says by how much", () => {
    const matrix = floatMatrix(8, 64);
    for (const [bits, blockSize] of [
      [8, 64],
      [8, 16],
      [4, 16],
    ] as const) {
      const { matrix: rounded, error } = quantise(matrix, bits, blockSize);
      const difference = largestDifference(dequantise(rounded).values, matrix.values);
      expect(error.largest).toBeCloseTo(difference, 6);
      expect(difference).toBeLessThan((1.05 * 2) / (2 ** bits - 1));
      expect(error.relative).toBeLessThan(bits === 8 ? 0.006 : 0.1);
    }
  });

  it("keeps zeros, and rows of nothing but zeros", () => {
    const { matrix, error } = quantise(
      { outputs: 2, inputs: 4, values: Float32Array.of(0, 0, 0, 0, 0, 1, 2, 3) },
      8,
    );
    expect(dequantise(matrix).values.slice(0, 5)).toEqual(new Float32Array(5));
    expect(error.relative).toBeLessThan(1e-6);
  });
});
