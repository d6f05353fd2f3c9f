/** What a run is asked for, and what it tells of itself. */
import type { Device } from "../runtime/session.ts";
import type { NamedTensors } from "../weights/float-tensor.ts";
import type { BatchSource, OutsideLoss, TrainableModel, Validation } from "./model.ts";

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
  /** Where the run is recorded (`runFiles` in `run-folder.ts`). Holds no run yet, or with `resume` one of the same recipe. */
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
