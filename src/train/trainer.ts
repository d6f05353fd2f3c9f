/**
 * One trainer for every recipe: batches through a graph, AdamW, validation, checkpoints from which a run goes on to the
 * last digit, and a folder that says how to make the run again.
 */
import { arch, availableParallelism, cpus, platform } from "node:os";
import { GlossaError } from "../errors.ts";
import { type AdamWSettings, updateNames } from "../graph/adamw.ts";
import { type Device, engineVersion } from "../runtime/session.ts";
import type { FloatTensor, NamedTensors } from "../weights/float-tensor.ts";
import { type ParameterState, type StepResult, TrainingEngine } from "./engine.ts";
import type { Batch, BatchSource, OutsideLoss, TrainableModel, Validation } from "./model.ts";
import { type Position, RunFolder } from "./run-folder.ts";
import { learningRateAt } from "./schedule.ts";

/** AdamW (Loshchilov and Hutter, 2019, arXiv 1711.05101), with gradients clipped by their norm over all parameters. */
export interface OptimiserOptions {
  /** The highest learning rate of the schedule. */
  learningRate: number;
  /** Default 0.01. */
  weightDecay?: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Largest norm of all gradients together; default 1. `Infinity` never clips. */
  clip?: number;
}

/** The learning rate's way over the steps, as a share of the highest. */
export interface Schedule {
  /** After the warm-up; `linear` and `cosine` end at `final` at the last step. */
  kind: "constant" | "linear" | "cosine";
  /** Steps in which the rate rises from zero in a line; default 0. */
  warmUpSteps?: number;
  /** Share of the highest rate at the end; default 0. */
  final?: number;
}

export interface TrainingProgress {
  /** Steps done. */
  step: number;
  /** Steps that the run has in all. */
  steps: number;
  epoch: number;
  /** Mean over the batches of the step. */
  loss: number;
  learningRate: number;
  /** Before clipping. */
  gradientNorm: number;
  elapsedSeconds: number;
  /** An estimate; null at the beginning. */
  secondsLeft: number | null;
  /** Numbers of the last validation, with `loss`; null before the first. */
  validation: Readonly<Record<string, number>> | null;
}

/** How a run was asked for, so that its folder says how to make it again. */
export interface RunDescription {
  /** The recipe with everything that was set on top of it; any JSON. */
  recipe: unknown;
  /** The command as typed, such as `glossa train recipes/ctc-head.json --set seed=2`. */
  command: string;
  /** Numbers about the data worth keeping, such as hours and samples of each set; any JSON. */
  data?: unknown;
  /** Versions of programs beside those of Node.js and ONNX Runtime. */
  versions?: Readonly<Record<string, string>>;
}

export interface TrainerOptions<Targets = unknown> {
  model: TrainableModel;
  /** Left out when the model's own loss inside the graph is all. */
  loss?: OutsideLoss<Targets>;
  training: BatchSource<Targets>;
  validation?: Validation<Targets>;
  optimiser: OptimiserOptions;
  /** Default: constant. */
  schedule?: Schedule;
  /** How long: `steps` updates, or so many passes over the data (which must know its `batchesPerEpoch`). */
  length: { steps: number } | { epochs: number };
  /** Batches that make one step, their gradients added up in proportion to their weights; default 1. */
  microBatches?: number;
  /** Steps between validations; default: an epoch's where the length is given in epochs, else a tenth of all. */
  validateEvery?: number;
  /** Validations without a better number after which the run ends early; default: never. */
  patience?: number;
  /** Steps between checkpoints; default 500. There is one with every validation and at the end too. */
  checkpointEvery?: number;
  /** For initial values and dropout. */
  seed: number;
  /** Parameters that begin with the values of a file instead, by name; others begin by the seed. */
  initial?: NamedTensors;
  /** Parameters that do not change, beside those that the model freezes: by name, or everything under `name.`. */
  frozen?: readonly string[];
  /** Where the run is recorded (`runFiles`). Holds no run yet, or with `resume` one of the same recipe. */
  folder: string;
  /** Go on from the folder's last checkpoint; with none, begin. */
  resume?: boolean;
  description: RunDescription;
  /** Default `cpu`. */
  device?: Device;
  /** Default: see `SessionOptions`. */
  threads?: number;
  signal?: AbortSignal;
  /** Warnings of the recipe, which adds to them while it prepares batches: with every step they are moved to the log. */
  warnings?: string[];
  onProgress?(progress: TrainingProgress): void;
}

/** Files of a run, in its folder. */
export const runFiles = {
  /** The recipe as it was run, with everything set on top of it. */
  recipe: "recipe.json",
  /** Versions, machine, seed, command, data, and at the end the final numbers (`RunRecord`). */
  run: "run.json",
  /** One JSON object a line: steps, validations, and what else happened. */
  log: "log.jsonl",
  /** The log as a self-contained page. */
  curves: "curves.html",
  /** Everything from which the run goes on: parameters, moments, position. */
  checkpoint: "checkpoint.safetensors",
  /** Parameters of the best validation, or of the end where there is no validation. The model to use. */
  model: "model.safetensors",
} as const;

export interface TrainingResult {
  folder: string;
  /** Steps done. */
  step: number;
  /** Why it ended. */
  ended: "finished" | "early";
  /** The step whose parameters are in `model.safetensors`, and the numbers of its validation (null without one). */
  best: { step: number; validation: Readonly<Record<string, number>> | null };
  /** Loss of the last step. */
  loss: number;
}

const defaultCheckpointEvery = 500;

/**
 * Trains a model.
 *
 * @throws GlossaError `training-failed` when a loss or a gradient is no finite number, or there is nothing to learn from,
 *   naming step and samples; `write-failed` when the folder cannot be written; `invalid-argument` when the folder and
 *   `resume` do not fit. The last checkpoint stands in every case.
 * @throws the signal's reason when aborted, with a checkpoint of the last step
 */
export async function train<Targets>(options: TrainerOptions<Targets>): Promise<TrainingResult> {
  const { model, loss, seed, frozen, initial, device, threads, description, signal } = options;
  signal?.throwIfAborted();
  const settings = optimiserSettings(options.optimiser);
  const length = lengthOf(options);
  await using engine = await TrainingEngine.create({
    model,
    loss,
    settings,
    seed,
    frozen,
    initial,
    device,
    threads,
  });
  const { folder, position } = await RunFolder.open(
    options.folder,
    {
      version: 1,
      model: model.name,
      parameters: engine.trainedSize,
      seed,
      command: description.command,
      versions: { ...description.versions, node: process.versions.node, onnxruntime: await engineVersion() },
      machine: {
        platform: `${platform()} ${arch()}`,
        cpu: cpus()[0]?.model ?? "unknown",
        cores: availableParallelism(),
        device: device ?? "cpu",
        threads: threads ?? null,
      },
      data: description.data ?? null,
      startedAt: new Date().toISOString(),
      finishedAt: null,
      result: null,
      final: null,
    },
    description.recipe,
    options.resume ?? false,
  );
  if (folder.record.result) return { folder: folder.path, ...folder.record.result };
  return await new Run(options, length, engine, folder, position).finish();
}

/** One run from where it stands to its end. */
class Run<Targets> {
  readonly #options: TrainerOptions<Targets>;
  readonly #engine: TrainingEngine<Targets>;
  readonly #folder: RunFolder;
  readonly #steps: number;
  readonly #validateEvery: number;
  readonly #checkpointEvery: number;
  readonly #firstStep: number;
  readonly #started = performance.now();
  readonly #secondsBefore: number;
  #position: Omit<Position, "version" | "logBytes">;
  #checkpointStep: number | null;

  constructor(
    options: TrainerOptions<Targets>,
    { steps, validateEvery }: ReturnType<typeof lengthOf>,
    engine: TrainingEngine<Targets>,
    folder: RunFolder,
    position: Position | null,
  ) {
    this.#options = options;
    this.#engine = engine;
    this.#folder = folder;
    this.#steps = steps;
    this.#validateEvery = options.validateEvery ?? validateEvery;
    this.#checkpointEvery = options.checkpointEvery ?? defaultCheckpointEvery;
    this.#position = position ?? {
      step: 0,
      epoch: 0,
      batch: 0,
      seed: options.seed,
      best: null,
      withoutGain: 0,
      validation: null,
      loss: null,
      seconds: 0,
    };
    this.#checkpointStep = position?.step ?? null;
    this.#firstStep = this.#position.step;
    this.#secondsBefore = this.#position.seconds;
  }

  async finish(): Promise<TrainingResult> {
    if (this.#checkpointStep !== null) {
      using tensors = this.#folder.openCheckpoint();
      this.#engine.restore(this.#position.step, tensors);
      await this.#folder.log({
        type: "resumed",
        step: this.#position.step,
        at: new Date().toISOString(),
      });
    }
    const { signal } = this.#options;
    try {
      while (!this.#isAtEnd()) await this.#epoch();
    } catch (error) {
      // An interruption loses nothing.
      if (signal?.aborted) await this.#checkpoint();
      throw error;
    }
    return await this.#conclude();
  }

  #isAtEnd(): boolean {
    const { patience = Infinity } = this.#options;
    return this.#position.step >= this.#steps || this.#position.withoutGain >= patience;
  }

  /** Steps over the batches of an epoch, or what is left of it. */
  async #epoch(): Promise<void> {
    const { training, signal, microBatches = 1 } = this.#options;
    const { epoch, batch: first } = this.#position;
    let batch = first;
    let group: Batch<Targets>[] = [];
    for await (const next of ahead(training.batches(epoch, first, signal))) {
      signal?.throwIfAborted();
      batch++;
      group.push(next);
      if (group.length < microBatches) continue;
      await this.#step(group, { epoch, batch });
      if (this.#isAtEnd()) return;
      group = [];
    }
    signal?.throwIfAborted();
    if (batch === 0) {
      throw new GlossaError(
        "training-failed",
        `Epoch ${epoch} has no batches: there is nothing to learn from.`,
      );
    }
    if (group.length > 0) await this.#step(group, { epoch, batch });
    this.#position = { ...this.#position, epoch: epoch + 1, batch: 0 };
  }

  async #step(batches: readonly Batch<Targets>[], place: { epoch: number; batch: number }): Promise<void> {
    const { optimiser, schedule = { kind: "constant" } } = this.#options;
    const started = performance.now();
    const { step } = this.#position;
    for (const message of this.#options.warnings?.splice(0) ?? []) {
      await this.#folder.log({ type: "warning", message });
    }
    const learningRate = learningRateAt(step, this.#steps, optimiser.learningRate, schedule);
    const result = await this.#engine.train(batches, learningRate);
    this.#refuseNonNumbers(batches, result);
    const { loss, gradientNorm } = result;
    this.#position = { ...this.#position, ...place, step: step + 1, loss, seconds: this.#seconds() };
    await this.#folder.log({
      type: "step",
      step: step + 1,
      epoch: place.epoch,
      loss,
      learningRate,
      gradientNorm,
      seconds: (performance.now() - started) / 1000,
      samples: batches.reduce((sum, { names }) => sum + names.length, 0),
    });
    const isLast = step + 1 === this.#steps;
    const isValidated = isLast || (step + 1) % this.#validateEvery === 0;
    if (isValidated) await this.#validate();
    if (isValidated || (step + 1) % this.#checkpointEvery === 0) await this.#checkpoint();
    this.#report({ learningRate, gradientNorm });
  }

  async #validate(): Promise<void> {
    const { validation, signal } = this.#options;
    if (!validation) return;
    const gatherer = validation.metrics?.();
    let [total, weight] = [0, 0];
    for await (const batch of ahead(validation.batches(signal))) {
      signal?.throwIfAborted();
      const { loss, outputs } = await this.#engine.evaluate(batch);
      if (!Number.isFinite(loss)) {
        throw this.#failure(`the loss in validation is ${loss}`, batch.names);
      }
      const counts = batch.weight ?? batch.names.length;
      total += loss * counts;
      weight += counts;
      await gatherer?.add(outputs, batch);
    }
    signal?.throwIfAborted();
    if (weight === 0) {
      throw new GlossaError(
        "training-failed",
        "There is nothing to validate with: the data held back is empty.",
      );
    }
    const numbers: Record<string, number> = { ...gatherer?.values(), loss: total / weight };
    const { step, epoch, best, withoutGain } = this.#position;
    const { name, better } = validation.watch ?? { name: "loss", better: "lower" };
    const now = numbers[name];
    if (now === undefined) {
      throw new RangeError(`No metric is called ${name}; there are: ${Object.keys(numbers).join(", ")}.`);
    }
    const before = best?.validation?.[name];
    const isBest =
      !Number.isNaN(now) && (before === undefined || (better === "lower" ? now < before : now > before));
    await this.#folder.log({ type: "validation", step, epoch, numbers, isBest });
    this.#position = {
      ...this.#position,
      validation: numbers,
      best: isBest ? { step, validation: numbers } : best,
      withoutGain: isBest ? 0 : withoutGain + 1,
    };
    if (isBest) await this.#saveModel({ step, validation: numbers });
  }

  async #checkpoint(): Promise<void> {
    const { step } = this.#position;
    if (this.#checkpointStep === step) return;
    const { epoch, batch } = this.#position;
    await this.#folder.saveCheckpoint(stateTensors(this.#engine.state()), {
      ...this.#position,
      epoch,
      batch,
    });
    this.#checkpointStep = step;
    await this.#folder.saveCurves();
  }

  async #saveModel(best: { step: number; validation: Record<string, number> | null }): Promise<void> {
    const parameters = this.#engine
      .state()
      .map(({ name, shape, values }) => [name, { shape, values }] as const);
    await this.#folder.saveModel(new Map(parameters), best);
  }

  async #conclude(): Promise<TrainingResult> {
    const { step, seconds, loss } = this.#position;
    let { best } = this.#position;
    if (!best) {
      best = { step, validation: null };
      await this.#saveModel(best);
    }
    const ended = step >= this.#steps ? "finished" : "early";
    const result = { step, ended, best, loss: loss!, seconds } as const;
    await this.#folder.update({ result });
    await this.#folder.saveCurves();
    return { folder: this.#folder.path, ...result };
  }

  #refuseNonNumbers(batches: readonly Batch<Targets>[], { losses, gradientNorm }: StepResult): void {
    const broken = losses.findIndex((loss) => !Number.isFinite(loss));
    if (broken !== -1) throw this.#failure(`the loss is ${losses[broken]}`, batches[broken]!.names);
    if (Number.isFinite(gradientNorm)) return;
    throw this.#failure(
      `the norm of the gradients is ${gradientNorm}`,
      batches.flatMap(({ names }) => names),
    );
  }

  #failure(what: string, names: readonly string[]): GlossaError {
    const shown = names.slice(0, 10).join(", ");
    const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
    const stands =
      this.#checkpointStep === null
        ? "There is no checkpoint yet"
        : `The checkpoint of step ${this.#checkpointStep} stands`;
    return new GlossaError(
      "training-failed",
      `Step ${this.#position.step + 1}: ${what}, for the samples ${shown}${more}. ${stands}. Look at these samples, or try a lower learning rate or a longer warm-up.`,
    );
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  #report(now: { learningRate: number; gradientNorm: number }): void {
    const { step, epoch, loss, validation } = this.#position;
    const done = step - this.#firstStep;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#options.onProgress?.({
      step,
      steps: this.#steps,
      epoch,
      loss: loss!,
      ...now,
      elapsedSeconds: this.#seconds(),
      // The first step plans memory; one alone says little about the others.
      secondsLeft: done < 2 ? null : (seconds / done) * (this.#steps - step),
      validation,
    });
  }
}

function optimiserSettings(options: OptimiserOptions): AdamWSettings {
  const { weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clip = 1 } = options;
  return { weightDecay, beta1, beta2, epsilon, clip: clip === Infinity ? null : clip };
}

function lengthOf({
  length,
  training,
  microBatches = 1,
}: Pick<TrainerOptions, "length" | "training" | "microBatches">): { steps: number; validateEvery: number } {
  if ("steps" in length) return { steps: length.steps, validateEvery: Math.ceil(length.steps / 10) };
  if (training.batchesPerEpoch === null) {
    throw new GlossaError(
      "invalid-argument",
      "the length is given in epochs, but nobody knows how many batches an epoch has; give it in steps",
    );
  }
  const perEpoch = Math.ceil(training.batchesPerEpoch / microBatches);
  if (perEpoch === 0)
    throw new GlossaError("training-failed", "There are no batches: nothing to learn from.");
  return { steps: length.epochs * perEpoch, validateEvery: perEpoch };
}

/** A checkpoint's tensors: parameters, and moments beside them. */
function stateTensors(state: readonly ParameterState[]): Map<string, FloatTensor> {
  return new Map(
    state.flatMap(({ name, shape, values, moments }) => [
      [name, { shape, values }] as const,
      ...(moments
        ? ([
            [updateNames.firstMoment(name), { shape, values: moments.first }],
            [updateNames.secondMoment(name), { shape, values: moments.second }],
          ] as const)
        : []),
    ]),
  );
}

/** The same, with the next one being prepared while this one is used. */
async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const request = () => {
    const next = iterator.next();
    // An error counts when its turn comes.
    next.catch(() => {});
    return next;
  };
  let next = request();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = request();
      yield value;
    }
  } finally {
    // One that waits for something that never comes is not waited for.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
