/**
 * Linear layers: products with a matrix that is kept in floats or in whole numbers, by ONNX Runtime's fused operators.
 */
import { type Attribute, bytesOf, runtimeDomain, type Value } from "./program.ts";
import { blocksOf, type FloatMatrix, type QuantisedMatrix, transposeInto } from "./quantised-matrix.ts";
import { printShape, type Shape } from "./shapes.ts";
import { add, matmul } from "./operators.ts";

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

/** The same with a quantised matrix. */
export function quantisedLinear(
  name: string,
  x: Value,
  matrix: QuantisedMatrix,
  bias: Float32Array | null,
  product: IntegerProduct,
): Value {
  return product === "blocks" ? blockProduct(name, x, matrix, bias) : wholeProduct(name, x, matrix, bias);
}

function blockProduct(name: string, x: Value, matrix: QuantisedMatrix, bias: Float32Array | null): Value {
  const shape = checkLinear("MatMulNBits", x, matrix);
  const { blockSize, integers, scales, zeroPoints } = inBlocks(matrix);
  const { outputs, inputs, bits } = matrix;
  const blocks = Math.ceil(inputs / blockSize);
  const { program } = x;
  const packed = bits === 4 ? packNibbles(integers, outputs * blocks, blockSize) : integers;
  const bytesPerBlock = (blockSize * bits) / 8;
  const packedZeroPoints = bits === 4 ? packNibbles(zeroPoints, outputs, blocks) : zeroPoints;
  const weights = [
    program.weight(`${name}.weight`, {
      type: "uint8",
      shape: [outputs, blocks, bytesPerBlock],
      bytes: packed,
    }),
    program.weight(`${name}.scales`, { type: "float32", shape: [outputs * blocks], bytes: bytesOf(scales) }),
    program.weight(`${name}.zero_points`, {
      type: "uint8",
      shape: [packedZeroPoints.length],
      bytes: packedZeroPoints,
    }),
  ];
  const attributes: Record<string, Attribute> = {
    K: { int: inputs },
    N: { int: outputs },
    bits: { int: bits },
    block_size: { int: blockSize },
    accuracy_level: { int: eightBitProducts },
  };
  const optional = bias ? [null, vector(x, `${name}.bias`, bias)] : [];
  return program.apply(
    "MatMulNBits",
    [x, ...weights, ...optional],
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

/** Block sizes that `MatMulNBits` takes, largest first: fewer scales to read. */
const blockSizes = [128, 64, 32, 16];

/** The matrix with blocks of a size that `MatMulNBits` takes, filled up to whole blocks. */
function inBlocks(matrix: QuantisedMatrix): {
  blockSize: number;
  integers: Uint8Array;
  scales: Float32Array;
  zeroPoints: Uint8Array;
} {
  const { outputs, inputs } = matrix;
  const blockSize = blockSizes.find((size) => inputs % size === 0 && matrix.blockSize % size === 0) ?? 16;
  if (blockSize === matrix.blockSize && inputs % blockSize === 0) return matrix;
  const isWhole = matrix.blockSize >= inputs;
  if (!isWhole && matrix.blockSize % blockSize !== 0) {
    throw new RangeError(`MatMulNBits: blocks of ${matrix.blockSize} inputs cannot be written.`);
  }
  const oldBlocks = blocksOf(matrix);
  const blocks = Math.ceil(inputs / blockSize);
  const padded = blocks * blockSize;
  const scales = new Float32Array(outputs * blocks);
  const zeroPoints = new Uint8Array(outputs * blocks);
  let { integers } = matrix;
  if (padded !== inputs) integers = new Uint8Array(outputs * padded);
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const old = output * oldBlocks + Math.floor((block * blockSize) / matrix.blockSize);
      scales[output * blocks + block] = matrix.scales[old]!;
      zeroPoints[output * blocks + block] = matrix.zeroPoints[old]!;
    }
    if (padded !== inputs) {
      const row = integers.subarray(output * padded, (output + 1) * padded);
      row.set(matrix.integers.subarray(output * inputs, (output + 1) * inputs));
      // What is filled up must count for nothing.
      row.fill(zeroPoints[(output + 1) * blocks - 1]!, inputs);
    }
  }
  return { blockSize, integers, scales, zeroPoints };
}

/** Two integers of 4 bits to a byte, the first in the lower half; every row begins with a new byte. */
function packNibbles(values: Uint8Array, rows: number, columns: number): Uint8Array {
  const width = Math.ceil(columns / 2);
  const packed = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      packed[row * width + (column >> 1)]! |= values[row * columns + column]! << (4 * (column & 1));
    }
  }
  return packed;
}
