/**
 * Makes the product that gives a decoder's logits run on 8-bit weights.
 *
 * The published decoders keep the output embedding, the largest matrix of all, in 8 bits, but turn it into floats at
 * every step before they multiply: half of a step's time. ONNX Runtime's `MatMulNBits` multiplies the 8-bit weights as
 * they are. The weights stay the same; activations are rounded to 8 bits for the product.
 */
import {
  elementType,
  integerAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "./onnx-file.ts";

/** The weights as they stand in the graph: `transpose(weights) · scale`, with a zero point. */
interface Projection {
  readonly branch: OnnxGraph;
  readonly product: OnnxNode;
  readonly dequantise: OnnxNode;
  readonly transpose: OnnxNode;
}

const weightName = "output_projection.weights";
const scaleName = "output_projection.scales";
const zeroPointName = "output_projection.zero_points";
/** ONNX Runtime's code for "multiply in 8 bits"; the exact alternative takes ten times as long. */
const eightBitProducts = 4;

/**
 * Replaces `MatMul(x, DequantizeLinear(Transpose(weights)))` by `MatMulNBits(x, weights)` where its result is the
 * graph's output `logits`, in all branches of an `If`, in place.
 *
 * @returns false, and nothing is changed, when the logits are not computed in that way
 */
export function multiplyOutputInEightBits(model: OnnxModel): boolean {
  const branches = model.graph.node
    .flatMap((node) => node.attribute)
    .map((attribute) => attribute.g)
    .filter((branch) => branch !== null && branch !== undefined);
  const found = branches.map(findProjection);
  const first = found[0];
  if (!first || found.some((projection) => projection === null)) return false;
  const initializer = (name: string | undefined) =>
    model.graph.initializer.find((tensor) => tensor.name === name);
  const weights = initializer(first.transpose.input[0]);
  const scale = scalar(initializer(first.dequantise.input[1]), "float");
  const zeroPoint = scalar(initializer(first.dequantise.input[2]), "byte");
  const sameWeights = found.every(
    (projection) => projection!.transpose.input[0] === first.transpose.input[0],
  );
  if (
    !weights ||
    weights.dataType !== elementType.uint8 ||
    scale === null ||
    zeroPoint === null ||
    !sameWeights
  ) {
    return false;
  }
  const [rows, columns] = weights.dims.map(Number) as [number, number];
  const blockSize = [128, 64, 32, 16].find((size) => columns % size === 0);
  if (blockSize === undefined) return false;

  const blocks = columns / blockSize;
  const scales = new Float32Array(rows * blocks).fill(scale);
  model.graph.initializer.push(
    { ...weights, name: weightName, dims: [rows, blocks, blockSize] },
    {
      name: scaleName,
      dims: [rows * blocks],
      dataType: elementType.float32,
      rawData: new Uint8Array(scales.buffer),
    },
    {
      name: zeroPointName,
      dims: [rows, blocks],
      dataType: elementType.uint8,
      rawData: new Uint8Array(rows * blocks).fill(zeroPoint),
    },
  );
  for (const { branch, product, dequantise, transpose } of found as Projection[]) {
    branch.node = branch.node.filter((node) => node !== dequantise && node !== transpose);
    product.opType = "MatMulNBits";
    product.domain = "com.microsoft";
    product.input = [product.input[0]!, weightName, scaleName, zeroPointName];
    product.attribute = [
      integerAttribute("K", columns),
      integerAttribute("N", rows),
      integerAttribute("bits", 8),
      integerAttribute("block_size", blockSize),
      integerAttribute("accuracy_level", eightBitProducts),
    ];
  }
  if (!model.opsetImport.some(({ domain }) => domain === "com.microsoft")) {
    model.opsetImport.push({ domain: "com.microsoft", version: 1 });
  }
  return true;
}

function findProjection(branch: OnnxGraph): Projection | null {
  const producer = (name: string | undefined, opType: string) => {
    const node = branch.node.find((candidate) => name !== undefined && candidate.output.includes(name));
    return node?.opType === opType ? node : undefined;
  };
  const product = producer("logits", "MatMul");
  const dequantise = producer(product?.input[1], "DequantizeLinear");
  const transpose = producer(dequantise?.input[0], "Transpose");
  if (!product || !dequantise || !transpose) return null;
  const uses = (name: string) => branch.node.filter((node) => node.input.includes(name)).length;
  const isPrivate = uses(dequantise.output[0]!) === 1 && uses(transpose.output[0]!) === 1;
  return isPrivate ? { branch, product, dequantise, transpose } : null;
}

/** The value of a tensor of one element, however it is stored. */
function scalar(tensor: OnnxTensor | undefined, kind: "float" | "byte"): number | null {
  if (!tensor) return null;
  const { rawData, floatData, int32Data } = tensor;
  if (rawData?.length > 0) {
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    return kind === "float" ? view.getFloat32(0, true) : view.getUint8(0);
  }
  return (kind === "float" ? floatData?.[0] : int32Data?.[0]) ?? null;
}
