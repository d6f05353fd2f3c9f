/**
 * Training steps by ONNX Runtime: runs the programs of `training-programs.ts` over parameters and moments
 * (`parameter-memory.ts`).
 */
import { type AdamWSettings, corrections, updateNames } from "../graph/adamw.ts";
import { printShape } from "../graph/shapes.ts";
import {
  type SessionOptions,
  type Tensor,
  type TensorFactory,
  tensorFactory,
  type Tensors,
} from "../runtime/session.ts";
import type { NamedTensors } from "../weights/float-tensor.ts";
import { buildModel, type DeclaredParameter, dropoutSeed } from "./build-model.ts";
import { HandedOver } from "./handed-over.ts";
import { mixed } from "./initial-values.ts";
import { fetches, type LoadedProgram, TrainingPrograms } from "./loaded-programs.ts";
import type { Batch, OutsideLoss, Outputs, TrainableModel } from "./model.ts";
import { ParameterMemory, type ParameterState, TensorPairs } from "./parameter-memory.ts";
import { programNames } from "./training-programs.ts";

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

/** What the part behind a loss outside needs of the one before it. */
interface Forwarded {
  /** Of the loss inside and the one outside. */
  readonly loss: number;
  /** Gradients by the outputs, and what was computed on the way to them. */
  readonly feeds: Tensors;
}

export class TrainingEngine<Targets = unknown> implements AsyncDisposable {
  /** Steps done. */
  step = 0;
  readonly #options: EngineOptions<Targets>;
  readonly #tensors: TensorFactory;
  readonly #outputs: readonly string[];
  readonly #memory: ParameterMemory;
  readonly #handedOver: HandedOver;
  readonly #programs: TrainingPrograms;
  /** Sums of gradients, made when there are several batches to a step. */
  #sums: TensorPairs | null = null;

  private constructor(options: EngineOptions<Targets>, tensors: TensorFactory) {
    this.#options = options;
    this.#tensors = tensors;
    const { parameters, graph } = buildModel(options.model, { training: true });
    refuseUnknown(options.frozen ?? [], parameters);
    this.#outputs = Object.keys(graph.outputs);
    this.#handedOver = new HandedOver(tensors);
    const { model, settings, loss, device, threads } = options;
    const isFrozen = (parameter: DeclaredParameter) =>
      parameter.frozen || (options.frozen ?? []).some((pattern) => isUnder(parameter.name, pattern));
    this.#memory = new ParameterMemory(tensors, parameters, isFrozen, options);
    this.#programs = new TrainingPrograms(
      { model, settings, isOutside: loss !== undefined, isFrozen },
      { device, threads },
    );
  }

  /** @throws GlossaError `runtime-failed`; RangeError when `frozen` or `initial` do not fit the model */
  static async create<Targets>(options: EngineOptions<Targets>): Promise<TrainingEngine<Targets>> {
    return new TrainingEngine(options, await tensorFactory());
  }

  /** How many numbers are trained. */
  get trainedSize(): number {
    return this.#memory.trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Everything that steps change. The arrays are the engine's own: valid until the next step. */
  state(): ParameterState[] {
    return this.#memory.state();
  }

  /**
   * Puts back what `state` gave.
   * @param values by name: parameters, and moments as `updateNames` calls them
   */
  restore(step: number, values: NamedTensors): void {
    this.#memory.restore(values);
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
      this.#memory.exchange();
      this.step++;
    }
    return result;
  }

  /** Outputs and loss without dropout. The loss is NaN where there is neither one inside nor one outside. */
  async evaluate(batch: Batch<Targets>): Promise<{ loss: number; outputs: Outputs }> {
    const loaded = await this.#programs.load("evaluate");
    const results = await loaded.session.run(this.#feeds(loaded, batch));
    // A model may give more of them to validate than to train.
    const names = Object.keys(results).filter((name) => name !== programNames.loss);
    const outputs = outputsOf(results, names);
    const { loss: outside } = this.#options;
    let loss = programNames.loss in results ? lossOf(results) : outside ? 0 : NaN;
    if (outside) loss += (await outside(outputs, batch)).loss;
    return { loss, outputs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#programs[Symbol.asyncDispose]();
  }

  async #trainOnOne(batch: Batch<Targets>, learningRate: number): Promise<StepResult> {
    const forwarded = await this.#forward(batch, 0);
    const loaded = await this.#programs.load("step");
    const feeds = this.#feeds(loaded, batch, 0, { ...forwarded?.feeds, ...this.#rates(learningRate) });
    const results = await loaded.session.run(
      feeds,
      fetches(loaded, this.#memory.writes(updateNames.updated)),
    );
    const loss = forwarded?.loss ?? lossOf(results);
    return { loss, losses: [loss], gradientNorm: scalarOf(results[updateNames.gradientNorm]!) };
  }

  async #trainOnSeveral(batches: readonly Batch<Targets>[], learningRate: number): Promise<StepResult> {
    const sums = this.#zeroSums();
    const total = batches.reduce((sum, batch) => sum + weightOf(batch), 0);
    const losses: number[] = [];
    let loss = 0;
    for (const [place, batch] of batches.entries()) {
      const share = weightOf(batch) / total;
      const forwarded = await this.#forward(batch, place);
      const loaded = await this.#programs.load("accumulate");
      const feeds = this.#feeds(loaded, batch, place, {
        ...forwarded?.feeds,
        ...sums.reads(programNames.gradient),
        [programNames.share]: this.#tensors.float32(Float32Array.of(share), [1]),
      });
      const results = await loaded.session.run(feeds, fetches(loaded, sums.writes(programNames.summed)));
      sums.exchange();
      losses.push(forwarded?.loss ?? lossOf(results));
      loss += share * losses.at(-1)!;
    }
    const loaded = await this.#programs.load("update");
    const feeds = this.#feeds(loaded, null, 0, {
      ...sums.reads(programNames.gradient),
      ...this.#rates(learningRate),
    });
    const results = await loaded.session.run(
      feeds,
      fetches(loaded, this.#memory.writes(updateNames.updated)),
    );
    return { loss, losses, gradientNorm: scalarOf(results[updateNames.gradientNorm]!) };
  }

  /** Where there is a loss outside: runs the part before it, and asks it. */
  async #forward(batch: Batch<Targets>, place: number): Promise<Forwarded | null> {
    const { loss: outside } = this.#options;
    if (!outside) return null;
    const loaded = await this.#programs.load("forward");
    const feeds = this.#feeds(loaded, batch, place);
    const handed = [...loaded.program.outputs.keys()].filter((name) => !this.#isOfModel(name));
    const results = await loaded.session.run(
      feeds,
      fetches(loaded, this.#handedOver.writes(loaded.program, handed, feeds)),
    );
    const outputs = outputsOf(results, this.#outputs);
    const { loss, gradients } = await outside(outputs, batch);
    return {
      loss: lossOf(results) + loss,
      feeds: {
        ...Object.fromEntries(handed.map((name) => [name, results[name]!])),
        ...this.#outputGradients(outputs, gradients),
      },
    };
  }

  /** A loss's gradients as tensors for the graph; zeros for outputs that it leaves out. */
  #outputGradients(outputs: Outputs, gradients: Readonly<Record<string, Float32Array>>): Tensors {
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
    return Object.fromEntries(tensors);
  }

  /**
   * All that a program takes: parameters and moments, the batch's tensors, dropout's seed, and of `more` what it asks for.
   *
   * @param place of the batch among those of the step
   */
  #feeds({ program }: LoadedProgram, batch: Batch<Targets> | null, place = 0, more: Tensors = {}): Tensors {
    const known = { ...this.#memory.reads(), ...more };
    const feeds: Tensors = {};
    for (const { name, type, shape } of program.inputs) {
      const tensor = known[name];
      if (tensor) {
        feeds[name] = tensor;
        continue;
      }
      if (name === dropoutSeed) {
        const seed = mixed(this.#options.seed, `dropout ${this.step} ${place}`);
        feeds[name] = this.#tensors.int32([seed | 0], [1]);
        continue;
      }
      const given = batch?.inputs[name];
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

  #rates(learningRate: number): Tensors {
    const { first, second } = corrections(this.step + 1, this.#options.settings);
    const scalar = (value: number) => this.#tensors.float32(Float32Array.of(value), [1]);
    return {
      [updateNames.learningRate]: scalar(learningRate),
      [updateNames.firstCorrection]: scalar(first),
      [updateNames.secondCorrection]: scalar(second),
    };
  }

  #zeroSums(): TensorPairs {
    if (this.#sums) {
      this.#sums.clear();
      return this.#sums;
    }
    this.#sums = new TensorPairs(this.#tensors);
    for (const { name, shape } of this.#memory.trained) {
      const size = shape.reduce((a, b) => a * b, 1);
      this.#sums.add(name, new Float32Array(size), shape);
    }
    return this.#sums;
  }

  #isOfModel(name: string): boolean {
    return name === programNames.loss || this.#outputs.includes(name);
  }
}

function outputsOf(results: Tensors, names: readonly string[]): Outputs {
  return Object.fromEntries(
    names.map((name) => {
      const { data, dims } = results[name]!;
      return [name, { data: data as Float32Array, shape: dims }];
    }),
  );
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

function weightOf({ weight, names }: Batch): number {
  return weight ?? names.length;
}

function scalarOf(tensor: Tensor): number {
  return (tensor.data as Float32Array)[0]!;
}

/** The loss inside the graph; 0 where there is none. */
function lossOf(results: Tensors): number {
  const loss = results[programNames.loss];
  return loss ? scalarOf(loss) : 0;
}
