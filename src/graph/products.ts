/**
 * Linear layers: products with a matrix that is kept in floats or in whole numbers, by ONNX Runtime's fused operators.
 */
import { type Attribute, bytesOf, type Program, runtimeDomain, type Value } from "./program.ts";
import {
  blocksOf,
  centred,
  type FloatMatrix,
  type QuantisedMatrix,
  transposeInto,
} from "./quantised-matrix.ts";
import { printShape, product, type Shape } from "./shapes.ts";
import { add, concatenate, matmul, matrixProduct, reshape } from "./operators.ts";
import { sizeOf } from "./shape-operators.ts";

/** How a product with a quantised matrix is computed. */
export type IntegerProduct =
  /**
   * `MatMulNBits`: activations are rounded to 8 bits in blocks of each row, so that no row depends on the others. The
   * choice for few rows, where reading the weights takes the time.
   */
  | "blocks"
  /**
   * `DynamicQuantizeMatMul`: activations are rounded to 8 bits by the range of all rows together. The choice for many
   * rows.
   */
  | "whole";

/** ONNX Runtime's code for "multiply in 8 bits"; the exact alternative takes ten times as long. */
const eightBitProducts = 4;

function checkLinear(operator: string, x: Value, matrix: { inputs: number; outputs: number }): Shape {
  if (x.dimension(-1) !== matrix.inputs) {
    throw new RangeError(
      `${operator}: x of shape ${printShape(x.shape)} does not fit a matrix of ${matrix.inputs} inputs.`,
    );
  }
  return [...x.shape.slice(0, -1), matrix.outputs];
}

/**
 * `x · transpose(matrix) + bias`
 *
 * @param name of the weights in the program, unique
 * @param x `[…, inputs]`
 * @param bias `[outputs]`
 * @returns `[…, outputs]`
 */
export function linear(name: string, x: Value, matrix: FloatMatrix, bias: Float32Array | null): Value {
  checkLinear("MatMul", x, matrix);
  const turned = new Float32Array(matrix.values.length);
  transposeInto(turned, matrix.values, matrix.outputs, matrix.inputs);
  const weight = x.program.weight(`${name}.weight`, {
    type: "float32",
    shape: [matrix.inputs, matrix.outputs],
    bytes: bytesOf(turned),
  });
  const product = matmul(x, weight);
  return bias ? add(product, vector(x, `${name}.bias`, bias)) : product;
}

/**
 * `x · weight + bias` with values for both, such as parameters that are trained.
 *
 * @param x `[…, inputs]`
 * @param weight `[inputs, outputs]`
 * @param bias `[outputs]`
 * @returns `[…, outputs]`
 */
export function affine(x: Value, weight: Value, bias: Value | null): Value {
  if (x.shape.length === 2) return matrixProduct(x, weight, {}, bias);
  const { program } = x;
  const leading = x.shape.slice(0, -1);
  // As one product of two matrices, which adds the bias on the way.
  const flat = matrixProduct(reshape(x, [product(...leading), x.dimension(-1)]), weight, {}, bias);
  const sizes = leading.map((_, axis) => sizeOf(x, axis));
  const shape = concatenate([...sizes, sizeOf(weight, 1)], 0);
  return program.apply(
    "Reshape",
    [flat, shape],
    [{ type: x.type, shape: [...leading, weight.shape[1]!] }],
  )[0]!;
}

/** `linear` with a quantised matrix. */
export function quantisedLinear(
  name: string,
  x: Value,
  matrix: QuantisedMatrix,
  bias: Float32Array | null,
  kind: IntegerProduct,
): Value {
  return kind === "blocks" ? blockProduct(name, x, matrix, bias) : wholeProduct(name, x, matrix, bias);
}

function blockProduct(name: string, x: Value, given: QuantisedMatrix, bias: Float32Array | null): Value {
  const shape = checkLinear("MatMulNBits", x, given);
  // Zero points halve the speed. Of 8 bits nearly nothing is lost without them, of 4 bits too much would be.
  const matrix = given.bits === 8 ? centred(given) : given;
  const { outputs, inputs, bits } = matrix;
  const { blockSize, weight, scales } = blockWeights(name, x.program, matrix);
  const attributes: Record<string, Attribute> = {
    K: { int: inputs },
    N: { int: outputs },
    bits: { int: bits },
    block_size: { int: blockSize },
    accuracy_level: { int: eightBitProducts },
  };
  const zeroPoints = bits === 8 ? null : nibbleZeroPoints(name, x.program, matrix);
  const optional = bias ? [null, vector(x, `${name}.bias`, bias)] : [];
  return x.program.apply(
    "MatMulNBits",
    [x, weight, scales, zeroPoints, ...optional],
    [{ type: "float32", shape }],
    attributes,
    runtimeDomain,
  )[0]!;
}

function wholeProduct(name: string, x: Value, matrix: QuantisedMatrix, bias: Float32Array | null): Value {
  const shape = checkLinear("DynamicQuantizeMatMul", x, matrix);
  const { outputs, inputs, integers, scales, zeroPoints } = matrix;
  if (matrix.bits !== 8 || blocksOf(matrix) !== 1) {
    throw new RangeError(`DynamicQuantizeMatMul: ${name} must have 8 bits and one scale for each output.`);
  }
  // Signed integers are multiplied twice as fast as unsigned ones; moved together with the zero point, none changes.
  const turned = new Int8Array(integers.length);
  transposeInto(turned, integers, outputs, inputs, -128);
  const { program } = x;
  const weights = [
    program.weight(`${name}.weight`, { type: "int8", shape: [inputs, outputs], bytes: bytesOf(turned) }),
    program.weight(`${name}.scales`, { type: "float32", shape: [outputs], bytes: bytesOf(scales) }),
    program.weight(`${name}.zero_points`, {
      type: "int8",
      shape: [outputs],
      bytes: bytesOf(Int8Array.from(zeroPoints, (zeroPoint) => zeroPoint - 128)),
    }),
  ];
  const optional = bias ? [vector(x, `${name}.bias`, bias)] : [];
  return program.apply(
    "DynamicQuantizeMatMul",
    [x, ...weights, ...optional],
    [{ type: "float32", shape }],
    {},
    runtimeDomain,
  )[0]!;
}

function vector(x: Value, name: string, values: Float32Array): Value {
  return x.program.weight(name, { type: "float32", shape: [values.length], bytes: bytesOf(values) });
}

/** Sizes of blocks that `MatMulNBits` takes, largest first: fewer scales to read. */
const blockSizes = [256, 128, 64, 32, 16];

/** Weights and scales as `MatMulNBits` wants them: rows of whole blocks, the last one filled up with zeros. */
function blockWeights(
  name: string,
  program: Program,
  matrix: QuantisedMatrix,
): { blockSize: number; weight: Value; scales: Value } {
  const { outputs, inputs, bits } = matrix;
  const isWhole = matrix.blockSize >= inputs;
  const blockSize = isWhole ? blockSizes[0]! : matrix.blockSize;
  if (!blockSizes.includes(blockSize)) {
    throw new RangeError(
      `MatMulNBits: ${name} has blocks of ${blockSize}; it takes ${blockSizes.join(", ")}.`,
    );
  }
  const blocks = Math.ceil(inputs / blockSize);
  const padded = blocks * blockSize;
  let { integers, scales } = matrix;
  if (padded !== inputs) {
    integers = new Uint8Array(outputs * padded).fill(2 ** (bits - 1));
    for (let output = 0; output < outputs; output++) {
      integers.set(matrix.integers.subarray(output * inputs, (output + 1) * inputs), output * padded);
    }
  }
  if (isWhole) {
    scales = new Float32Array(outputs * blocks);
    for (let i = 0; i < scales.length; i++) scales[i] = matrix.scales[Math.floor(i / blocks)]!;
  }
  const bytes = bits === 4 ? packNibbles(integers) : integers;
  return {
    blockSize,
    weight: program.weight(`${name}.weight`, {
      type: "uint8",
      shape: [outputs, blocks, (blockSize * bits) / 8],
      bytes,
    }),
    scales: program.weight(`${name}.scales`, {
      type: "float32",
      shape: [outputs * blocks],
      bytes: bytesOf(scales),
    }),
  };
}

function nibbleZeroPoints(name: string, program: Program, matrix: QuantisedMatrix): Value | null {
  if (matrix.zeroPoints.every((zeroPoint) => zeroPoint === 2 ** (matrix.bits - 1))) return null;
  const blocks = blocksOf(matrix);
  // Rows of an odd number of blocks are filled up to whole bytes.
  const width = Math.ceil(blocks / 2);
  const even = new Uint8Array(matrix.outputs * width * 2);
  for (let i = 0; i < matrix.zeroPoints.length; i++) {
    even[Math.floor(i / blocks) * width * 2 + (i % blocks)] = matrix.zeroPoints[i]!;
  }
  const bytes = packNibbles(even);
  return program.weight(`${name}.zero_points`, { type: "uint8", shape: [bytes.length], bytes });
}

/** Two integers of 4 bits to a byte, the first in the lower half. */
function packNibbles(values: Uint8Array): Uint8Array {
  const packed = new Uint8Array(values.length / 2);
  for (let i = 0; i < packed.length; i++) packed[i] = values[2 * i]! | (values[2 * i + 1]! << 4);
  return packed;
}
