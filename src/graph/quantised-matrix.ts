/**
 * Matrices of whole numbers: `weight = scale · (integer − zero point)`, with a scale and a zero point for every block of
 * inputs of every output.
 *
 * Published weights come in 8 bits already; taken over as they are (`fromIntegers`) nothing is rounded a second time.
 * Float weights are rounded here (`quantise`), and the error is reported.
 */

/** The matrix of a linear layer, as in PyTorch: one row of `inputs` weights for each output. */
export interface FloatMatrix {
  readonly outputs: number;
  readonly inputs: number;
  /** `[outputs, inputs]` */
  readonly values: Float32Array;
}

export interface QuantisedMatrix {
  readonly outputs: number;
  readonly inputs: number;
  /** Bits of an integer; those of 4 bits are kept in one byte each until they are written. */
  readonly bits: 4 | 8;
  /** `[outputs, inputs]`, from 0 up to 2^bits − 1 */
  readonly integers: Uint8Array;
  /** Inputs that share a scale; the last block of a row may be shorter. */
  readonly blockSize: number;
  /** `[outputs, blocks]` */
  readonly scales: Float32Array;
  /** `[outputs, blocks]` */
  readonly zeroPoints: Uint8Array;
}

/** How many blocks a row has. */
export function blocksOf({ inputs, blockSize }: QuantisedMatrix): number {
  return Math.ceil(inputs / blockSize);
}

/**
 * Takes over a matrix that is stored in 8 bits with one scale.
 *
 * @param integers row-major; signed ones are moved up by 128 together with the zero point, which changes no weight
 * @param layout whether a row of `integers` belongs to one output (PyTorch) or to one input (as ONNX multiplies)
 */
export function fromIntegers(
  integers: Uint8Array | Int8Array,
  shape: { outputs: number; inputs: number },
  scale: number,
  zeroPoint: number,
  layout: "outputs first" | "inputs first",
): QuantisedMatrix {
  const { outputs, inputs } = shape;
  if (integers.length !== outputs * inputs) {
    throw new RangeError(
      `A matrix [${outputs}, ${inputs}] needs ${outputs * inputs} integers; got ${integers.length}.`,
    );
  }
  const offset = integers instanceof Int8Array ? 128 : 0;
  const moved = new Uint8Array(integers.length);
  if (layout === "outputs first") {
    for (let i = 0; i < moved.length; i++) moved[i] = integers[i]! + offset;
  } else {
    transposeInto(moved, integers, inputs, outputs, offset);
  }
  return {
    outputs,
    inputs,
    bits: 8,
    integers: moved,
    blockSize: inputs,
    scales: new Float32Array(outputs).fill(scale),
    zeroPoints: new Uint8Array(outputs).fill(zeroPoint + offset),
  };
}

/** Writes `source` `[rows, columns]` as `[columns, rows]`, in squares that stay in the processor's cache. */
export function transposeInto(
  target: Uint8Array | Int8Array | Float32Array,
  source: ArrayLike<number>,
  rows: number,
  columns: number,
  offset = 0,
): void {
  const square = 64;
  for (let row0 = 0; row0 < rows; row0 += square) {
    const rowEnd = Math.min(rows, row0 + square);
    for (let column0 = 0; column0 < columns; column0 += square) {
      const columnEnd = Math.min(columns, column0 + square);
      for (let column = column0; column < columnEnd; column++) {
        for (let row = row0; row < rowEnd; row++) {
          target[column * rows + row] = source[row * columns + column]! + offset;
        }
      }
    }
  }
}

/** What rounding did to a matrix. */
export interface QuantisationError {
  /** Root mean square of the weights' errors over that of the weights. */
  readonly relative: number;
  /** The largest error of one weight. */
  readonly largest: number;
}

/**
 * Rounds a matrix to whole numbers. Every block gets the finest steps that reach from its lowest to its highest weight,
 * zero included, so that zero stays zero.
 *
 * @param blockSize inputs that share a scale; the whole row when left out
 */
export function quantise(
  matrix: FloatMatrix,
  bits: 4 | 8,
  blockSize: number = matrix.inputs,
): { matrix: QuantisedMatrix; error: QuantisationError } {
  const { outputs, inputs, values } = matrix;
  const blocks = Math.ceil(inputs / blockSize);
  const top = 2 ** bits - 1;
  const integers = new Uint8Array(outputs * inputs);
  const scales = new Float32Array(outputs * blocks);
  const zeroPoints = new Uint8Array(outputs * blocks);
  let [squares, errorSquares, largest] = [0, 0, 0];
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const start = output * inputs + block * blockSize;
      const end = Math.min(start + blockSize, (output + 1) * inputs);
      let [low, high] = [0, 0];
      for (let i = start; i < end; i++) {
        if (values[i]! < low) low = values[i]!;
        if (values[i]! > high) high = values[i]!;
      }
      const scale = Math.fround((high - low) / top) || 1;
      const zeroPoint = Math.round(-low / scale);
      scales[output * blocks + block] = scale;
      zeroPoints[output * blocks + block] = zeroPoint;
      for (let i = start; i < end; i++) {
        const value = values[i]!;
        const integer = Math.max(0, Math.min(top, Math.round(value / scale) + zeroPoint));
        integers[i] = integer;
        const error = Math.abs((integer - zeroPoint) * scale - value);
        squares += value * value;
        errorSquares += error * error;
        if (error > largest) largest = error;
      }
    }
  }
  const relative = squares === 0 ? 0 : Math.sqrt(errorSquares / squares);
  return {
    matrix: { outputs, inputs, bits, integers, blockSize, scales, zeroPoints },
    error: { relative, largest },
  };
}

/**
 * The same matrix with the zero point in the middle everywhere (128 of 8 bits), which multiplies twice as fast. Rows
 * whose integers reach past the edge when they are moved, which is seldom, are rounded again to coarser steps.
 *
 * @returns the matrix itself when it is centred already
 */
export function centred(matrix: QuantisedMatrix): QuantisedMatrix {
  const middle = 2 ** (matrix.bits - 1);
  if (matrix.zeroPoints.every((zeroPoint) => zeroPoint === middle)) return matrix;
  const { outputs, inputs, blockSize } = matrix;
  const blocks = blocksOf(matrix);
  const integers = new Uint8Array(matrix.integers.length);
  const scales = matrix.scales.slice();
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const zeroPoint = matrix.zeroPoints[output * blocks + block]!;
      const start = output * inputs + block * blockSize;
      const end = Math.min(start + blockSize, (output + 1) * inputs);
      let [low, high] = [0, 0];
      for (let i = start; i < end; i++) {
        const value = matrix.integers[i]! - zeroPoint;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      const factor = Math.max(1, -low / middle, high / (middle - 1));
      scales[output * blocks + block]! *= factor;
      for (let i = start; i < end; i++) {
        integers[i] = Math.round((matrix.integers[i]! - zeroPoint) / factor) + middle;
      }
    }
  }
  return { ...matrix, integers, scales, zeroPoints: new Uint8Array(outputs * blocks).fill(middle) };
}

/** The weights that the integers stand for. */
export function dequantise(matrix: QuantisedMatrix): FloatMatrix {
  const { outputs, inputs, integers, scales, zeroPoints, blockSize } = matrix;
  const blocks = blocksOf(matrix);
  const values = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const scale = scales[output * blocks + block]!;
      const zeroPoint = zeroPoints[output * blocks + block]!;
      const end = Math.min(inputs, (block + 1) * blockSize);
      for (let input = block * blockSize; input < end; input++) {
        const i = output * inputs + input;
        values[i] = scale * (integers[i]! - zeroPoint);
      }
    }
  }
  return { outputs, inputs, values };
}

/**
 * Several layers over the same input as one: their outputs one after the other.
 * @throws RangeError when their inputs, bits or blocks differ
 */
export function stack(matrices: readonly QuantisedMatrix[]): QuantisedMatrix {
  const [first] = matrices;
  const fits = ({ inputs, bits, blockSize }: QuantisedMatrix) =>
    inputs === first!.inputs && bits === first!.bits && blockSize === first!.blockSize;
  if (!first || !matrices.every(fits)) {
    throw new RangeError("Only matrices of the same inputs, bits and blocks can be stacked.");
  }
  const outputs = matrices.reduce((total, matrix) => total + matrix.outputs, 0);
  const stacked = {
    ...first,
    outputs,
    integers: new Uint8Array(outputs * first.inputs),
    scales: new Float32Array(outputs * blocksOf(first)),
    zeroPoints: new Uint8Array(outputs * blocksOf(first)),
  };
  let row = 0;
  for (const { integers, scales, zeroPoints, outputs: count } of matrices) {
    stacked.integers.set(integers, row * first.inputs);
    stacked.scales.set(scales, row * blocksOf(first));
    stacked.zeroPoints.set(zeroPoints, row * blocksOf(first));
    row += count;
  }
  return stacked;
}
