/**
 * A tensor program: a model written as TypeScript functions over named tensors whose shapes are checked while it is
 * built, and then written out as ONNX (`write-program.ts`).
 *
 * Operators are plain functions from values to values (`operators.ts`, `products.ts`, `attention.ts`). A value knows
 * the program that it belongs to, so that a layer reads like arithmetic: `add(x, linear(norm, weights))`.
 */
import { type Dimension, printShape, sameShape, type Shape } from "./shapes.ts";

export type ElementType = "float32" | "float16" | "uint8" | "int8" | "int32" | "uint32" | "int64" | "bool";

/** Bytes of one element. */
export const elementBytes: Record<ElementType, number> = {
  float32: 4,
  float16: 2,
  uint8: 1,
  int8: 1,
  int32: 4,
  uint32: 4,
  int64: 8,
  bool: 1,
};

/** A tensor of a program: an input, a weight, or what an operator gives. */
export class Value {
  constructor(
    readonly program: Program,
    readonly name: string,
    readonly type: ElementType,
    readonly shape: Shape,
  ) {}

  /** One dimension of the shape; negative numbers count from the end. */
  dimension(axis: number): Dimension {
    const dimension = this.shape.at(axis);
    if (dimension === undefined) {
      throw new RangeError(`${this.name} of shape ${printShape(this.shape)} has no dimension ${axis}.`);
    }
    return dimension;
  }
}

/** Where a weight's bytes are: in memory, or in a stretch of a file that the engine reads by itself. */
export type WeightBytes = Uint8Array | { readonly file: string; readonly offset: number };

export interface Weight {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row-major, little-endian. */
  readonly bytes: WeightBytes;
}

/** An attribute of an operator, by ONNX's kinds. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

export interface Operation {
  readonly name: string;
  readonly operator: string;
  /** Whose operator it is: ONNX's own when empty, `com.microsoft` for those of ONNX Runtime. */
  readonly domain: string;
  /** Inputs that are left out are null. */
  readonly inputs: readonly (Value | null)[];
  readonly results: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Result {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** The domain of ONNX Runtime's own operators. */
export const runtimeDomain = "com.microsoft";

export class Program {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly operations: Operation[] = [];
  readonly outputs = new Map<string, Value>();
  readonly weights = new Map<string, { value: Value; weight: Weight }>();
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();
  #scope = "";

  constructor(name: string) {
    this.name = name;
  }

  /** A tensor that is given at every run. Dimensions that are names may differ from run to run. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = this.#value(name, type, shape);
    this.inputs.push(value);
    return value;
  }

  /**
   * A tensor of fixed content. The same name with the same weight may be asked for again.
   * @throws RangeError when the bytes do not fill the shape, or the name stands for another weight
   */
  weight(name: string, weight: Weight): Value {
    const known = this.weights.get(name);
    if (known) {
      if (known.weight.bytes === weight.bytes && sameShape(known.weight.shape, weight.shape))
        return known.value;
      throw new RangeError(`${this.name} already has another weight ${name}.`);
    }
    const expected = weight.shape.reduce((a, b) => a * b, 1) * elementBytes[weight.type];
    if (weight.bytes instanceof Uint8Array && weight.bytes.byteLength !== expected) {
      throw new RangeError(
        `${name} of shape ${printShape(weight.shape)} needs ${expected} bytes; got ${weight.bytes.byteLength}.`,
      );
    }
    const value = this.#value(name, weight.type, weight.shape);
    this.weights.set(name, { value, weight });
    return value;
  }

  /** A small tensor of whole numbers, for shapes and indices. */
  integers(values: readonly number[]): Value {
    const name = `integers.${values.join(",")}`;
    const known = this.weights.get(name);
    if (known) return known.value;
    const bytes = bytesOf(BigInt64Array.from(values, BigInt));
    return this.weight(name, { type: "int64", shape: [values.length], bytes });
  }

  /** A float32 without dimensions. */
  scalar(value: number): Value {
    const name = `scalar.${value}`;
    const known = this.weights.get(name);
    if (known) return known.value;
    return this.weight(name, { type: "float32", shape: [], bytes: bytesOf(Float32Array.of(value)) });
  }

  /** Names a value as something that a run gives back. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new RangeError(`${this.name} already has an output ${name}.`);
    if (value.program !== this) throw new RangeError(`${value.name} belongs to another program.`);
    this.outputs.set(name, value);
  }

  /** What is built inside gets names that begin with `scope`, so that profiles and errors can be read. */
  within<T>(scope: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = outer === "" ? scope : `${outer}.${scope}`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** The name of something inside the present scope. */
  scoped(name: string): string {
    return this.#scope === "" ? name : `${this.#scope}.${name}`;
  }

  /**
   * Applies an operator. Shapes are the caller's affair: the functions in `operators.ts` and its neighbours check them.
   *
   * @param operator name in ONNX
   * @param results type and shape of everything it gives
   */
  apply(
    operator: string,
    inputs: readonly (Value | null)[],
    results: readonly Result[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): Value[] {
    const stray = inputs.find((input) => input !== null && input.program !== this);
    if (stray)
      throw new RangeError(`${operator}: ${stray.name} belongs to another program than ${this.name}.`);
    const base = this.scoped(operator);
    const count = this.#counts.get(base) ?? 0;
    this.#counts.set(base, count + 1);
    const name = count === 0 ? base : `${base}.${count}`;
    const values = results.map(({ type, shape }, i) =>
      this.#value(i === 0 ? `${name}:` : `${name}:${i}`, type, shape),
    );
    this.operations.push({ name, operator, domain, inputs, results: values, attributes });
    return values;
  }

  #value(name: string, type: ElementType, shape: Shape): Value {
    if (this.#names.has(name)) throw new RangeError(`${this.name} already has a tensor ${name}.`);
    this.#names.add(name);
    return new Value(this, name, type, [...shape]);
  }
}

/** The bytes under a typed array, not copied. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
