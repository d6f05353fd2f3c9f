/**
 * Training steps by ONNX Runtime: holds parameters and moments, and runs the programs of `training-programs.ts`.
 *
 * Parameters and moments lie in two sets of memory. A step reads one and the engine writes its results straight into the
 * other, so that nothing is copied and a step that went wrong leaves the state before it whole.
 */
import { type AdamWSettings, corrections, updateNames } from "../graph/adamw.ts";
import type { Program, Value } from "../graph/program.ts";
import { GlossaError } from "../errors.ts";
import { printShape, sameShape } from "../graph/shapes.ts";
import { writeProgram } from "../graph/write-program.ts";
import {
  createSession,
  type OnnxSession,
  type SessionOptions,
  type Tensor,
  type TensorFactory,
  tensorFactory,
  type Tensors,
} from "../runtime/session.ts";
import type { FloatTensor, NamedTensors } from "../weights/float-tensor.ts";
import { buildModel, type DeclaredParameter, dropoutSeed } from "./build-model.ts";
import { initialValues, mixed } from "./initial-values.ts";
import type { Batch, OutsideLoss, Outputs, TrainableModel } from "./model.ts";
import {
  accumulateProgram,
  evaluateProgram,
  forwardProgram,
  type ProgramOptions,
  programNames,
  stepProgram,
  updateProgram,
} from "./training-programs.ts";

export interface EngineOptions<Targets> extends SessionOptions {
  model: TrainableModel;
  loss?: OutsideLoss<Targets>;
  settings: AdamWSettings;
  seed: number;
  /** Names of parameters that do not change, or of everything under `name.`. */
  frozen?: readonly string[];
  /** Values that parameters begin with instead of those by the seed. */
  initial?: NamedTensors;
}

export interface StepResult {
  /** Mean over the batches by their weights. */
  readonly loss: number;
  /** Of each batch. */
  readonly losses: readonly number[];
  /** Before clipping. */
  readonly gradientNorm: number;
}

/** What a step changes of one parameter: its values and both moments. */
export interface ParameterState {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Null for a parameter that is frozen. */
  readonly moments: { readonly first: Float32Array; readonly second: Float32Array } | null;
}

/** A tensor as it is, and the memory that it will be in after the next step; the same for what never changes. */
interface Slot {
  now: Tensor;
  next: Tensor;
}

interface LoadedProgram {
  readonly session: OnnxSession;
  readonly inputs: readonly Value[];
}

type ProgramName = "step" | "accumulate" | "update" | "forward" | "evaluate";

const writers: Record<ProgramName, (options: ProgramOptions) => Program> = {
  step: stepProgram,
  accumulate: accumulateProgram,
  update: updateProgram,
  forward: forwardProgram,
  evaluate: evaluateProgram,
};

export class TrainingEngine<Targets = unknown> implements AsyncDisposable {
  /** Steps done. */
  step = 0;
  readonly #options: EngineOptions<Targets>;
  readonly #tensors: TensorFactory;
  readonly #parameters: readonly DeclaredParameter[];
  /** By the names of the programs' inputs: parameters and moments. */
  readonly #slots = new Map<string, Slot>();
  readonly #programs = new Map<ProgramName, LoadedProgram>();
  /** Sums of gradients, made when there are several batches to a step. */
  #sums: Map<string, Slot> | null = null;

  private constructor(options: EngineOptions<Targets>, tensors: TensorFactory) {
    this.#options = options;
    this.#tensors = tensors;
    const { parameters } = buildModel(options.model, { training: true });
    this.#parameters = parameters;
    refuseUnknown(options.frozen ?? [], parameters);
    const known = new Set(options.initial?.names);
    for (const parameter of parameters) {
      const { name, shape } = parameter;
      const values = known.has(name)
        ? // Steps write into it.
          fitting(options.initial!.floats(name), parameter).slice()
        : initialValues(parameter, options.seed);
      if (this.#isFrozen(parameter)) {
        const tensor = tensors.float32(values, shape);
        this.#slots.set(name, { now: tensor, next: tensor });
        continue;
      }
      this.#slots.set(name, this.#slot(values, shape));
      for (const moment of [updateNames.firstMoment(name), updateNames.secondMoment(name)]) {
        this.#slots.set(moment, this.#slot(new Float32Array(values.length), shape));
      }
    }
  }

  /** @throws GlossaError `runtime-failed`; RangeError when `frozen` or `initial` do not fit the model */
  static async create<Targets>(options: EngineOptions<Targets>): Promise<TrainingEngine<Targets>> {
    return new TrainingEngine(options, await tensorFactory());
  }

  /** How many numbers are trained. */
  get trainedSize(): number {
    const trained = this.#parameters.filter((parameter) => !this.#isFrozen(parameter));
    return trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Everything that steps change. The arrays are the engine's own: valid until the next step. */
  state(): ParameterState[] {
    const data = (name: string) => this.#slots.get(name)!.now.data as Float32Array;
    return this.#parameters.map((parameter) => {
      const { name, shape } = parameter;
      const moments = this.#isFrozen(parameter)
        ? null
        : { first: data(updateNames.firstMoment(name)), second: data(updateNames.secondMoment(name)) };
      return { name, shape, values: data(name), moments };
    });
  }

  /**
   * Puts back what `state` gave.
   * @param values by name: parameters, and moments as `updateNames` calls them
   */
  restore(step: number, values: NamedTensors): void {
    for (const [name, { now }] of this.#slots) {
      (now.data as Float32Array).set(fitting(values.floats(name), { name, shape: now.dims }));
    }
    this.step = step;
  }

  /**
   * One update from one batch or several. Where the loss or the norm is not finite, nothing is updated: parameters,
   * moments and `step` are as before.
   */
  async train(batches: readonly Batch<Targets>[], learningRate: number): Promise<StepResult> {
    const result =
      batches.length === 1
        ? await this.#trainOnOne(batches[0]!, learningRate)
        : await this.#trainOnSeveral(batches, learningRate);
    if (Number.isFinite(result.loss) && Number.isFinite(result.gradientNorm)) {
      for (const slot of this.#slots.values()) {
        [slot.now, slot.next] = [slot.next, slot.now];
      }
      this.step++;
    }
    return result;
  }

  /** Outputs and loss without dropout. The loss is NaN where there is neither one inside nor one outside. */
  async evaluate(batch: Batch<Targets>): Promise<{ loss: number; outputs: Outputs }> {
    const program = await this.#program("evaluate");
    const results = await program.session.run(this.#feeds(program, batch));
    const inside = results[programNames.loss];
    const outputs = asOutputs(results);
    const { loss: outside } = this.#options;
    let loss = inside ? scalarOf(inside) : outside ? 0 : NaN;
    if (outside) loss += (await outside(outputs, batch)).loss;
    return { loss, outputs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#programs.values()) await session[Symbol.asyncDispose]();
    this.#programs.clear();
  }

  async #trainOnOne(batch: Batch<Targets>, learningRate: number): Promise<StepResult> {
    const outside = await this.#outside(batch, 0);
    const program = await this.#program("step");
    const results = await program.session.run(
      { ...this.#feeds(program, batch, 0, outside?.gradients), ...this.#rates(program, learningRate) },
      this.#updates(program, [updateNames.gradientNorm]),
    );
    const loss = insideLoss(results) + (outside?.loss ?? 0);
    return { loss, losses: [loss], gradientNorm: scalarOf(results[updateNames.gradientNorm]!) };
  }

  async #trainOnSeveral(batches: readonly Batch<Targets>[], learningRate: number): Promise<StepResult> {
    const sums = this.#zeroSums();
    const total = batches.reduce((sum, batch) => sum + weightOf(batch), 0);
    const losses: number[] = [];
    let loss = 0;
    for (const [place, batch] of batches.entries()) {
      const share = weightOf(batch) / total;
      const outside = await this.#outside(batch, place);
      const program = await this.#program("accumulate");
      const feeds = this.#feeds(program, batch, place, outside?.gradients);
      feeds[programNames.share] = this.#tensors.float32(Float32Array.of(share), [1]);
      const fetches: Record<string, Tensor | null> = {};
      for (const [name, { now, next }] of sums) {
        feeds[programNames.gradient(name)] = now;
        fetches[programNames.summed(name)] = next;
      }
      if (program.session.outputNames.includes(programNames.loss)) fetches[programNames.loss] = null;
      const results = await program.session.run(feeds, fetches);
      for (const slot of sums.values()) [slot.now, slot.next] = [slot.next, slot.now];
      losses.push(insideLoss(results) + (outside?.loss ?? 0));
      loss += share * losses.at(-1)!;
    }
    const program = await this.#program("update");
    const feeds = { ...this.#stateFeeds(program), ...this.#rates(program, learningRate) };
    for (const [name, { now }] of sums) feeds[programNames.gradient(name)] = now;
    const results = await program.session.run(feeds, this.#updates(program, [updateNames.gradientNorm]));
    return { loss, losses, gradientNorm: scalarOf(results[updateNames.gradientNorm]!) };
  }

  /** What the loss outside says about the model's outputs, with the gradients as tensors for the graph. */
  async #outside(batch: Batch<Targets>, place: number): Promise<{ loss: number; gradients: Tensors } | null> {
    const { loss: outside } = this.#options;
    if (!outside) return null;
    const program = await this.#program("forward");
    const outputs = asOutputs(await program.session.run(this.#feeds(program, batch, place)));
    const { loss, gradients } = await outside(outputs, batch);
    const stray = Object.keys(gradients).find((name) => !(name in outputs));
    if (stray !== undefined)
      throw new RangeError(`The loss gives a gradient by ${stray}, which is no output.`);
    const tensors = Object.entries(outputs).map(([name, { data, shape }]) => {
      const gradient = gradients[name] ?? new Float32Array(data.length);
      if (gradient.length !== data.length) {
        throw new RangeError(
          `The loss's gradient by ${name} has ${gradient.length} numbers; the output ${printShape(shape)} has ${data.length}.`,
        );
      }
      return [programNames.outputGradient(name), this.#tensors.float32(gradient, shape)] as const;
    });
    return { loss, gradients: Object.fromEntries(tensors) };
  }

  /** The batch's tensors, parameters and moments, and what else the program takes but rates and sums. */
  #feeds(program: LoadedProgram, batch: Batch<Targets>, place = 0, more: Tensors = {}): Tensors {
    const feeds: Tensors = { ...this.#stateFeeds(program), ...more };
    for (const { name, type, shape } of program.inputs) {
      if (name in feeds || isEngineInput(name)) continue;
      if (name === dropoutSeed) {
        const seed = mixed(this.#options.seed, `dropout ${this.step} ${place}`);
        feeds[name] = this.#tensors.int32([seed | 0], [1]);
        continue;
      }
      const given = batch.inputs[name];
      if (!given) throw new RangeError(`The batch has no tensor for the model's input ${name}.`);
      const fits =
        given.shape.length === shape.length &&
        shape.every((size, i) => typeof size === "string" || size === given.shape[i]);
      if (!fits) {
        throw new RangeError(
          `The batch's ${name} has shape ${printShape(given.shape)}; the model takes ${printShape(shape)}.`,
        );
      }
      feeds[name] = this.#tensors.typed(type as Tensor.Type, given.data, given.shape);
    }
    return feeds;
  }

  #stateFeeds(program: LoadedProgram): Tensors {
    const feeds: Tensors = {};
    for (const { name } of program.inputs) {
      const slot = this.#slots.get(name);
      if (slot) feeds[name] = slot.now;
    }
    return feeds;
  }

  #rates(program: LoadedProgram, learningRate: number): Tensors {
    const { first, second } = corrections(this.step + 1, this.#options.settings);
    const given = {
      [updateNames.learningRate]: learningRate,
      [updateNames.firstCorrection]: first,
      [updateNames.secondCorrection]: second,
    };
    const wanted = Object.entries(given).filter(([name]) =>
      program.inputs.some((input) => input.name === name),
    );
    return Object.fromEntries(
      wanted.map(([name, value]) => [name, this.#tensors.float32(Float32Array.of(value), [1])]),
    );
  }

  /** Where the results of an update are written. */
  #updates(program: LoadedProgram, more: readonly string[]): Record<string, Tensor | null> {
    const fetches: Record<string, Tensor | null> = Object.fromEntries(more.map((name) => [name, null]));
    if (program.session.outputNames.includes(programNames.loss)) fetches[programNames.loss] = null;
    for (const [name, { next }] of this.#slots) {
      const output = updateNames.updated(name);
      if (program.session.outputNames.includes(output)) fetches[output] = next;
    }
    return fetches;
  }

  #zeroSums(): Map<string, Slot> {
    if (this.#sums) {
      for (const { now } of this.#sums.values()) (now.data as Float32Array).fill(0);
      return this.#sums;
    }
    const trained = this.#parameters.filter((parameter) => !this.#isFrozen(parameter));
    this.#sums = new Map(
      trained.map(({ name, shape }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return [name, this.#slot(new Float32Array(size), shape)];
      }),
    );
    return this.#sums;
  }

  async #program(name: ProgramName): Promise<LoadedProgram> {
    const known = this.#programs.get(name);
    if (known) return known;
    const { model, settings, loss, device, threads } = this.#options;
    const program = writers[name]({
      model,
      settings,
      isOutside: loss !== undefined,
      isFrozen: (parameter) => this.#isFrozen(parameter),
    });
    const session = await createSession(writeProgram(program), { device, threads });
    const loaded = { session, inputs: program.inputs };
    this.#programs.set(name, loaded);
    return loaded;
  }

  #isFrozen({ name, frozen }: DeclaredParameter): boolean {
    return frozen || (this.#options.frozen ?? []).some((pattern) => isUnder(name, pattern));
  }

  #slot(values: Float32Array, shape: readonly number[]): Slot {
    return {
      now: this.#tensors.float32(values, shape),
      next: this.#tensors.float32(new Float32Array(values.length), shape),
    };
  }
}

function isUnder(name: string, pattern: string): boolean {
  return name === pattern || name.startsWith(`${pattern}.`);
}

function refuseUnknown(frozen: readonly string[], parameters: readonly DeclaredParameter[]): void {
  const unknown = frozen.find((pattern) => !parameters.some(({ name }) => isUnder(name, pattern)));
  if (unknown === undefined) return;
  throw new RangeError(
    `No parameter is called ${unknown}, nor does any name begin with "${unknown}."; there are: ${parameters.map(({ name }) => name).join(", ")}.`,
  );
}

function fitting(
  tensor: FloatTensor,
  { name, shape }: { name: string; shape: readonly number[] },
): Float32Array {
  if (sameShape(tensor.shape, shape)) return tensor.values;
  throw new GlossaError(
    "model-corrupt",
    `The file has ${name} in shape ${printShape(tensor.shape)}; the model has it in ${printShape(shape)}.`,
  );
}

/** Inputs that every program of a kind has, whatever the model. */
const engineInputs: ReadonlySet<string> = new Set([
  programNames.share,
  updateNames.learningRate,
  updateNames.firstCorrection,
  updateNames.secondCorrection,
]);

function isEngineInput(name: string): boolean {
  return engineInputs.has(name) || name.startsWith(programNames.gradient(""));
}

function weightOf({ weight, names }: Batch): number {
  return weight ?? names.length;
}

function scalarOf(tensor: Tensor): number {
  return (tensor.data as Float32Array)[0]!;
}

function insideLoss(results: Tensors): number {
  const loss = results[programNames.loss];
  return loss ? scalarOf(loss) : 0;
}

function asOutputs(results: Tensors): Outputs {
  const outputs = Object.entries(results).filter(([name]) => name !== programNames.loss);
  return Object.fromEntries(
    outputs.map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims }]),
  );
}
