/**
 * One trainer for every recipe: batches through a graph, AdamW, validation, checkpoints from which a run goes on to the
 * last digit, and a folder that says how to make the run again.
 */
import { arch, availableParallelism, cpus, platform } from "node:os";
import { GlossaError } from "../errors.ts";
import type { AdamWSettings } from "../graph/adamw.ts";
import { engineVersion } from "../runtime/session.ts";
import { ahead } from "./ahead.ts";
import { type StepResult, TrainingEngine } from "./engine.ts";
import { stateTensors } from "./parameter-memory.ts";
import { measure } from "./measure.ts";
import type { Batch } from "./model.ts";
import { type Position, RunFolder } from "./run-folder.ts";
import { learningRateAt, runLength } from "./schedule.ts";
import type { OptimiserOptions, TrainerOptions, TrainingResult } from "./training-options.ts";

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
  const length = runLength(options);
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
    { steps, validateEvery }: ReturnType<typeof runLength>,
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
    const numbers = await measure(this.#engine, validation, signal, (what, names) =>
      this.#failure(what, names),
    );
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
