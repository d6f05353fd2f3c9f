/**
 * Builds a model's graph: with parameters as inputs to train them, or as fixed weights to use them.
 */
import { dropout } from "../graph/dropout.ts";
import { bytesOf, type ElementType, Program, type Value } from "../graph/program.ts";
import { printShape, sameShape, type Shape } from "../graph/shapes.ts";
import type { NamedTensors } from "../weights/float-tensor.ts";
import { GlossaError } from "../errors.ts";
import type { Initial, ModelBuilder, ModelGraph, ParameterOptions, TrainableModel } from "./model.ts";

/** A parameter as the model asked for it. */
export interface DeclaredParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
  readonly decay: boolean;
  readonly frozen: boolean;
  readonly value: Value;
}

/** The input that dropout's seed comes in by, where the model drops anything. */
export const dropoutSeed = "dropout_seed";

/** A model's graph in a program, as yet without outputs. */
export interface BuiltModel {
  readonly program: Program;
  readonly graph: ModelGraph;
  readonly parameters: readonly DeclaredParameter[];
}

/**
 * @param options.training whether dropout drops
 * @param options.values fixed values of the parameters; left out, they are inputs
 */
export function buildModel(
  model: TrainableModel,
  options: { training: boolean; values?: NamedTensors; inBytes?: boolean },
): BuiltModel {
  const builder = new GraphBuilder(new Program(model.name), options);
  const graph = model.build(builder);
  return { program: builder.program, graph, parameters: builder.parameters };
}

/**
 * A trained model as a program for use: parameters are weights, its outputs are the program's.
 *
 * @param options.inBytes keep matrices as whole numbers from -127 to 127 with a scale for every column: a quarter of the size. They
 *   are floats again once the graph is loaded
 * @throws GlossaError `model-corrupt` when `values` lacks a parameter, or has it in another shape
 */
export function modelProgram(
  model: TrainableModel,
  values: NamedTensors,
  { inBytes = false }: { inBytes?: boolean } = {},
): Program {
  const { program, graph } = buildModel(model, { training: false, values, inBytes });
  for (const [name, value] of Object.entries(graph.outputs)) program.output(name, value);
  return program;
}

class GraphBuilder implements ModelBuilder {
  readonly parameters: DeclaredParameter[] = [];
  readonly training: boolean;
  readonly #values: NamedTensors | undefined;
  readonly #inBytes: boolean;
  #dropouts = 0;
  #seed: Value | null = null;

  constructor(
    readonly program: Program,
    { training, values, inBytes = false }: Parameters<typeof buildModel>[1],
  ) {
    this.training = training;
    this.#values = values;
    this.#inBytes = inBytes;
  }

  input(name: string, type: ElementType, shape: Shape): Value {
    return this.program.input(name, type, shape);
  }

  parameter(name: string, shape: readonly number[], initial: Initial, options: ParameterOptions = {}): Value {
    const known = this.parameters.find((parameter) => parameter.name === name);
    if (known) {
      if (sameShape(known.shape, shape)) return known.value;
      throw new RangeError(
        `${this.program.name} asks for the parameter ${name} as ${printShape(known.shape)} and as ${printShape(shape)}.`,
      );
    }
    const value = this.#values
      ? this.#fixed(name, shape, this.#values)
      : this.program.input(name, "float32", shape);
    const { decay = shape.length > 1, frozen = false } = options;
    this.parameters.push({ name, shape, initial, decay, frozen, value });
    return value;
  }

  dropout(x: Value, rate: number): Value {
    if (!this.training || rate === 0) return x;
    this.#seed ??= this.program.input(dropoutSeed, "int32", [1]);
    return dropout(x, rate, this.#seed, this.#dropouts++);
  }

  #fixed(name: string, shape: readonly number[], from: NamedTensors): Value {
    const tensor = from.floats(name);
    if (!sameShape(tensor.shape, shape)) {
      throw new GlossaError(
        "model-corrupt",
        `The parameter ${name} of ${this.program.name} must have shape ${printShape(shape)}; the file has ${printShape(tensor.shape)}.`,
      );
    }
    if (this.#inBytes && shape.length === 2) return bytesTimesScale(this.program, name, shape, tensor.values);
    return this.program.weight(name, { type: "float32", shape, bytes: bytesOf(tensor.values) });
  }
}

/** A matrix `[rows, columns]` of bytes, each column with the scale that its largest number needs. */
function bytesTimesScale(
  program: Program,
  name: string,
  shape: readonly number[],
  values: Float32Array,
): Value {
  const [, columns] = shape as [number, number];
  const scales = new Float32Array(columns);
  for (const [i, value] of values.entries()) {
    scales[i % columns] = Math.max(scales[i % columns]!, Math.abs(value) / 127);
  }
  const integers = Int8Array.from(values, (value, i) => Math.round(value / (scales[i % columns]! || 1)));
  const bytes = program.weight(name, { type: "int8", shape, bytes: bytesOf(integers) });
  const scale = program.weight(`${name}.scale`, {
    type: "float32",
    shape: [columns],
    bytes: bytesOf(scales),
  });
  return program.apply("DequantizeLinear", [bytes, scale], [{ type: "float32", shape }], {
    axis: { int: 1 },
  })[0]!;
}
