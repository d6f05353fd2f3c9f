/**
 * The programs that training runs, made of a model's graph:
 *
 * - `step`: batch and parameters in; loss, norm, and parameters and moments of the next step out. One graph for all of it.
 * - `accumulate` and `update`: the same in two, so that the gradients of several batches can be added up before.
 * - `evaluate`: outputs and loss, without dropout.
 *
 * Where a loss is computed outside, `forward` gives the model's outputs first. `step` and `accumulate` then begin behind it: they
 * take the gradients by these outputs, and what `forward` has computed.
 */
import { addUpdate, type AdamWSettings } from "../graph/adamw.ts";
import { gradients } from "../graph/gradients.ts";
import { add, multiply, reshape } from "../graph/operators.ts";
import { Program, type Value } from "../graph/program.ts";
import { splitProgram } from "../graph/split-program.ts";
import { buildModel, type BuiltModel, type DeclaredParameter } from "./build-model.ts";
import type { TrainableModel } from "./model.ts";

export const programNames = {
  /** Output, float32 without dimensions: the loss inside the graph. */
  loss: "loss",
  /** Input, float32 `[1]`: how much a batch's gradients count in the sum. */
  share: "share",
  /** Input in the shape of an output: the outside loss's gradient by it. */
  outputGradient: (name: string) => `output_gradient.${name}`,
  /** Input and output of `accumulate`, input of `update`: the sum of gradients so far. */
  gradient: (name: string) => `gradient.${name}`,
  /** Output of `accumulate`. */
  summed: (name: string) => `summed.gradient.${name}`,
} as const;

export interface ProgramOptions {
  readonly model: TrainableModel;
  readonly settings: AdamWSettings;
  /** Whether a loss outside gives gradients by the model's outputs. */
  readonly isOutside: boolean;
  readonly isFrozen: (parameter: DeclaredParameter) => boolean;
}

/** Forward, backward, clipping and AdamW. */
export function stepProgram(options: ProgramOptions): Program {
  return training(options, "backward", ({ program, parameters, found }) => {
    addUpdate(
      program,
      parameters.map((parameter) => ({ ...parameter, gradient: found.get(parameter.value)! })),
      options.settings,
    );
  });
}

/** Forward and backward; gradients are added to those that come in. */
export function accumulateProgram(options: ProgramOptions): Program {
  return training(options, "backward", addSums);
}

/** What comes before a loss outside: outputs, the loss inside, and all that the way back reads. */
export function forwardProgram(options: ProgramOptions): Program {
  return training(options, "forward", addSums);
}

/** Clipping and AdamW with gradients that come in. */
export function updateProgram(options: ProgramOptions): Program {
  const program = new Program(`${options.model.name}-update`);
  const declared = buildModel(options.model, { training: true }).parameters;
  addUpdate(
    program,
    declared
      .filter((parameter) => !options.isFrozen(parameter))
      .map(({ name, shape, decay }) => ({
        name,
        decay,
        value: program.input(name, "float32", shape),
        gradient: program.input(programNames.gradient(name), "float32", shape),
      })),
    options.settings,
  );
  return program;
}

/** Outputs and, where the graph has one, the loss, without dropout. */
export function evaluateProgram({ model }: ProgramOptions): Program {
  const { program, graph } = buildModel(model, { training: false });
  for (const [name, value] of Object.entries(graph.outputs)) program.output(name, value);
  if (graph.loss) program.output(programNames.loss, scalarLoss(graph.loss()));
  return program;
}

/** The model with the gradients by its parameters that are not frozen. */
interface DifferentiatedModel extends BuiltModel {
  readonly found: ReadonlyMap<Value, Value>;
  /** Operations of the model itself; those of the gradients come after them. */
  readonly forwardCount: number;
}

/**
 * A program with gradients in it.
 *
 * @param wanted where a loss is computed outside: the part before it or the one behind it
 * @param finish adds what is done with the gradients
 */
function training(
  options: ProgramOptions,
  wanted: "forward" | "backward",
  finish: (model: DifferentiatedModel) => void,
): Program {
  const model = differentiated(options);
  finish(model);
  if (!options.isOutside) return model.program;
  const { program, graph, forwardCount } = model;
  for (const [name, value] of Object.entries(graph.outputs)) program.output(name, value);
  const given = new Set([...Object.keys(graph.outputs), programNames.loss]);
  const { first, second } = splitProgram(program, forwardCount, given);
  return wanted === "forward" ? first : second;
}

function addSums({ program, parameters, found }: DifferentiatedModel): void {
  const share = program.input(programNames.share, "float32", [1]);
  for (const { name, value } of parameters) {
    const before = program.input(programNames.gradient(name), "float32", value.shape);
    program.output(programNames.summed(name), add(before, multiply(found.get(value)!, share)));
  }
}

function differentiated({ model, isOutside, isFrozen }: ProgramOptions): DifferentiatedModel {
  const built = buildModel(model, { training: true });
  const { program, graph } = built;
  const seeds = new Map<Value, Value>();
  if (graph.loss) {
    const loss = scalarLoss(graph.loss());
    program.output(programNames.loss, loss);
    seeds.set(loss, program.scalar(1));
  }
  const forwardCount = program.operations.length;
  if (isOutside) {
    for (const [name, value] of Object.entries(graph.outputs)) {
      const gradient = program.input(programNames.outputGradient(name), "float32", value.shape);
      const known = seeds.get(value);
      seeds.set(value, known ? add(known, gradient) : gradient);
    }
  }
  if (seeds.size === 0) {
    throw new RangeError(`${model.name} has no loss: neither inside the graph nor outside.`);
  }
  const parameters = built.parameters.filter((parameter) => !isFrozen(parameter));
  const found = gradients(
    seeds,
    parameters.map(({ value }) => value),
  );
  return { ...built, parameters, found, forwardCount };
}

function scalarLoss(loss: Value): Value {
  return loss.shape.length === 0 ? loss : reshape(loss, []);
}
