/**
 * Reads weights out of published ONNX files: by the names that PyTorch's modules gave them, or by the product that uses
 * them. Weights that were quantised by ONNX Runtime's tools come out as the same integers.
 */
import { GlossaError } from "../errors.ts";
import type { FloatTensor } from "../weights/float-tensor.ts";
import { type OnnxGraph, type OnnxNode, type OnnxTensor, readOnnx } from "./onnx-file.ts";
import { fromIntegers, type FloatMatrix, type QuantisedMatrix } from "./quantised-matrix.ts";

/** ONNX's numbers of the element types that weights have. */
const float32 = 1;
const uint8 = 2;
const int8 = 3;

export class OnnxWeights {
  readonly #file: string;
  readonly #tensors = new Map<string, OnnxTensor>();
  readonly #nodes = new Map<string, OnnxNode>();

  /**
   * @param bytes of the file; weights stay views of them
   * @param file its name, for errors
   * @throws GlossaError `model-corrupt` when the bytes are no ONNX model
   */
  constructor(bytes: Uint8Array, file: string) {
    this.#file = file;
    this.#collect(readOnnx(bytes).graph);
  }

  /** Whether the file has a tensor of this very name; that of a quantised weight ends in `_quantized`. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * A weight as floats, by name.
   * @throws GlossaError `model-corrupt` when it is not there or has another type
   */
  floats(name: string): FloatTensor {
    const tensor = this.#tensors.get(name);
    if (tensor) return { shape: tensor.dims.map(Number), values: this.#floatsOf(tensor, name) };
    const { shape, integers, scale, zeroPoint } = this.#integers(name);
    return { shape, values: Float32Array.from(integers, (integer) => scale * (integer - zeroPoint)) };
  }

  /**
   * The integers of a weight that is stored in 8 bits, by name, without rounding. More than two dimensions count as a
   * matrix of the first by all others.
   * @param layout which dimension comes first in the file
   */
  integers(name: string, layout: "outputs first" | "inputs first"): QuantisedMatrix {
    const { shape, integers, scale, zeroPoint } = this.#integers(name);
    const [first, second] = [shape[0]!, shape.slice(1).reduce((a, b) => a * b, 1)];
    const [outputs, inputs] = layout === "outputs first" ? [first, second] : [second, first];
    return fromIntegers(integers, { outputs, inputs }, scale, zeroPoint, layout);
  }

  /**
   * The matrix that a product multiplies with.
   * @param product name of the `MatMul` in the graph before it was quantised, such as `/layers.0/fc1/MatMul`
   */
  matrix(product: string): QuantisedMatrix | FloatMatrix {
    const quantised = this.#nodes.get(`${product}_quant`);
    const node = quantised ?? this.#nodes.get(product);
    const name = node?.input[1];
    if (!node || name === undefined) {
      throw new GlossaError("model-corrupt", `${this.#file} has no product ${product}.`);
    }
    if (quantised) return this.integers(withoutEnding(name), "inputs first");
    const { shape, values } = this.floats(name);
    const [inputs, outputs] = shape as [number, number];
    const turned = new Float32Array(values.length);
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++)
        turned[output * inputs + input] = values[input * outputs + output]!;
    }
    return { outputs, inputs, values: turned };
  }

  /**
   * The weight that an operator takes as its second input, as floats.
   * @param node name of the operator, such as `/groupnorm/Mul`
   */
  operand(node: string): FloatTensor {
    const name = this.#nodes.get(node)?.input[1];
    if (name === undefined) throw new GlossaError("model-corrupt", `${this.#file} has no operator ${node}.`);
    return this.floats(name);
  }

  #collect(graph: OnnxGraph): void {
    for (const tensor of graph.initializer ?? []) {
      const name = tensor.name ?? "";
      this.#tensors.set(name, tensor);
      // The numbers tell apart what had one name in both graphs: another number is another weight.
      const plain = plainName(name);
      if (!this.#tensors.has(plain)) this.#tensors.set(plain, tensor);
    }
    for (const node of graph.node) {
      const constant = node.opType === "Constant" ? node.attribute[0]?.t : null;
      if (constant) this.#tensors.set(node.output[0]!, constant);
      if (node.name && !this.#nodes.has(node.name)) this.#nodes.set(node.name, node);
      for (const attribute of node.attribute) if (attribute.g) this.#collect(attribute.g);
    }
  }

  #integers(name: string) {
    const tensor = this.#tensors.get(`${name}_quantized`);
    const scale = this.#tensors.get(`${name}_scale`);
    const zeroPoint = this.#tensors.get(`${name}_zero_point`);
    if (!tensor || !scale || !zeroPoint) {
      throw new GlossaError("model-corrupt", `${this.#file} has no weight ${name}.`);
    }
    const shape = tensor.dims.map(Number);
    const scales = this.#floatsOf(scale, name);
    // Weights of convolutions are kept as scale · integer + shift, the shift under the name of a zero point.
    const zeroPoints =
      zeroPoint.dataType === float32
        ? this.#floatsOf(zeroPoint, name).map((shift) => Math.round(-shift / scales[0]!))
        : this.#bytesOf(zeroPoint, name);
    if (scales.length !== 1 || zeroPoints.length !== 1) {
      throw new GlossaError(
        "model-corrupt",
        `${this.#file}: ${name} must have one scale; it has ${scales.length}.`,
      );
    }
    return { shape, integers: this.#bytesOf(tensor, name), scale: scales[0]!, zeroPoint: zeroPoints[0]! };
  }

  #floatsOf(tensor: OnnxTensor, name: string): Float32Array {
    if (tensor.dataType !== float32) throw this.#wrongType(tensor, name);
    if (!tensor.rawData?.length) return Float32Array.from(tensor.floatData ?? []);
    const { rawData } = tensor;
    // Copied: the bytes of a protobuf field begin anywhere, floats must begin at a multiple of four.
    return new Float32Array(new Uint8Array(rawData).buffer);
  }

  #bytesOf(tensor: OnnxTensor, name: string): Uint8Array | Int8Array {
    const { rawData, int32Data } = tensor;
    const isSigned = tensor.dataType === int8;
    if (!isSigned && tensor.dataType !== uint8) throw this.#wrongType(tensor, name);
    if (!rawData?.length)
      return isSigned ? Int8Array.from(int32Data ?? []) : Uint8Array.from(int32Data ?? []);
    return isSigned ? new Int8Array(rawData.buffer, rawData.byteOffset, rawData.byteLength) : rawData;
  }

  #wrongType(tensor: OnnxTensor, name: string): GlossaError {
    return new GlossaError(
      "model-corrupt",
      `${this.#file}: ${name} has elements of a type (${tensor.dataType}) that weights here do not have.`,
    );
  }
}

/** Optimum adds `_merged_0` to what two graphs had in common. */
function plainName(name: string): string {
  return name.replace(/_merged_\d+/, "");
}

function withoutEnding(name: string): string {
  return name.replace(/_quantized$/, "");
}
