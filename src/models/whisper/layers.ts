/**
 * The layers that Whisper's encoder and decoder are made of, as tensor programs.
 */
import { gelu } from "../../graph/operators.ts";
import { bytesOf, type Program, type Value } from "../../graph/program.ts";
import { type IntegerProduct, quantisedLinear } from "../../graph/products.ts";
import { type QuantisedMatrix, stack } from "../../graph/quantised-matrix.ts";
import type { FeedForwardWeights, Layer, Norm } from "./whisper-weights.ts";

/** What goes around the layers, and its normalisation, which goes through the next one. */
export interface Stream {
  readonly sum: Value;
  readonly norm: Value;
}

export function applyLayer(name: string, x: Value, layer: Layer, product: IntegerProduct): Value {
  return quantisedLinear(x.program.scoped(name), x, layer.matrix, layer.bias, product);
}

/** Layers over the same input as one product: their outputs one after the other. */
export function stackLayers(layers: readonly Layer[]): Layer {
  const bias = Float32Array.from(
    layers.flatMap(({ matrix, bias: own }) => Array.from(own ?? new Float32Array(matrix.outputs))),
  );
  return { matrix: stack(layers.map(({ matrix }) => matrix)), bias };
}

/** A layer whose results are multiplied by `factor`; exact when it is a power of two. */
export function scaleLayer({ matrix, bias }: Layer, factor: number): Layer {
  const scaled: QuantisedMatrix = { ...matrix, scales: matrix.scales.map((scale) => scale * factor) };
  return { matrix: scaled, bias: bias && bias.map((value) => value * factor) };
}

export function feedForward(x: Value, weights: FeedForwardWeights, product: IntegerProduct): Value {
  return applyLayer("outer", gelu(applyLayer("inner", x, weights.inner, product)), weights.outer, product);
}

/** The weights of a norm in the program. */
export function normWeights(program: Program, name: string, norm: Norm): { weight: Value; bias: Value } {
  const vector = (part: string, values: Float32Array) =>
    program.weight(program.scoped(`${name}.${part}`), {
      type: "float32",
      shape: [values.length],
      bytes: bytesOf(values),
    });
  return { weight: vector("weight", norm.weight), bias: vector("bias", norm.bias) };
}
