/**
 * The parts that Moonshine's encoder and decoder are made of, as tensor programs.
 */
import { bytesOf, type Program, type Value } from "../../graph/program.ts";
import { type IntegerProduct, quantisedLinear } from "../../graph/products.ts";
import type { QuantisedMatrix } from "../../graph/quantised-matrix.ts";
import type { Layer } from "./moonshine-weights.ts";

/** How many of a head's components are turned by its position; the rest know no place. The same in all sizes. */
export const turnedWidth = 32;
const rotaryBase = 10_000;

export function project(name: string, x: Value, matrix: QuantisedMatrix, product: IntegerProduct): Value {
  return quantisedLinear(x.program.scoped(name), x, matrix, null, product);
}

export function applyLayer(name: string, x: Value, layer: Layer, product: IntegerProduct): Value {
  return quantisedLinear(x.program.scoped(name), x, layer.matrix, layer.bias, product);
}

export function vector(program: Program, name: string, values: Float32Array): Value {
  return program.weight(program.scoped(name), {
    type: "float32",
    shape: [values.length],
    bytes: bytesOf(values),
  });
}

/** Cosines and sines `[positions, turnedWidth / 2]` for rotary positions from 0 (Su et al., 2021, arXiv 2104.09864). */
export function rotaryTables(program: Program, positions: number): { cosine: Value; sine: Value } {
  const half = turnedWidth / 2;
  const table = (name: string, turn: (angle: number) => number) => {
    const values = Float32Array.from({ length: positions * half }, (_, i) =>
      turn(Math.floor(i / half) / rotaryBase ** ((i % half) / half)),
    );
    return program.weight(`rotary.${name}`, {
      type: "float32",
      shape: [positions, half],
      bytes: bytesOf(values),
    });
  };
  return { cosine: table("cosine", Math.cos), sine: table("sine", Math.sin) };
}

/** A matrix whose results are multiplied by `factor`. */
export function scaled(matrix: QuantisedMatrix, factor: number): QuantisedMatrix {
  return { ...matrix, scales: matrix.scales.map((scale) => scale * factor) };
}
