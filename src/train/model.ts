/**
 * What a recipe gives the trainer: a model as a function that builds its graph, batches of samples, and the losses
 * that no operator expresses.
 *
 * A model is written once, over parameters that it asks for by name. The trainer builds it several times: to train, to
 * validate, and with the trained numbers as fixed weights for use.
 */
import type { ElementType, Program, Value } from "../graph/program.ts";
import type { Shape } from "../graph/shapes.ts";

/** A tensor that goes into a graph or comes out of one. */
export interface BatchTensor {
  /** Row-major; the kind of array follows from the input's type (int64 is `BigInt64Array`, bool is `Uint8Array`). */
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** A tensor of floats that a graph gave. */
export interface OutputTensor {
  /** Row-major. Only valid during the call that it is given to: memory is used again. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export type Outputs = Readonly<Record<string, OutputTensor>>;

/** Some samples that go through the graph together. */
export interface Batch<Targets = unknown> {
  /** Names of the samples, as errors about this batch give them. */
  readonly names: readonly string[];
  /** Tensors by the names of the model's inputs, those of a loss inside the graph included. */
  readonly inputs: Readonly<Record<string, BatchTensor>>;
  /** What a loss outside the graph or a metric compares with, such as labels and lengths. */
  readonly targets: Targets;
  /** How much this batch counts beside others in one step and in validation; default: its number of samples. */
  readonly weight?: number;
}

/** Batches that can be had again from any place on: order and content follow from seed, epoch and number alone. */
export interface BatchSource<Targets = unknown> {
  /** How many batches an epoch has; null when nobody knows. */
  readonly batchesPerEpoch: number | null;
  /**
   * The batches of an epoch. What is random in them (order, perturbations, sampling) depends on the source's own seed,
   * `epoch` and the batch's number, so that a run that goes on sees what an undisturbed one would have seen.
   *
   * @param epoch from 0
   * @param first number of the first batch that is wanted; those before it are not prepared
   */
  batches(epoch: number, first: number, signal: AbortSignal | undefined): AsyncIterable<Batch<Targets>>;
}

/** How a parameter begins. */
export type Initial =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  /** Uniform in ± √(6 / (fan in + fan out)) of a `[inputs, outputs]` matrix or `[outputs, inputs, kernel]` kernel. */
  | { readonly kind: "xavier" }
  /** Uniform in ± 1 / √(fan in), as PyTorch begins linear layers and convolutions. */
  | { readonly kind: "uniform-fan-in" }
  | { readonly kind: "values"; readonly values: Float32Array };

export interface ParameterOptions {
  /** Whether weight decay applies; default: for tensors of two and more dimensions, so not for biases and norms. */
  readonly decay?: boolean;
  /** A frozen parameter is part of the graph and of the saved model, but never changes. */
  readonly frozen?: boolean;
}

/** What a model is built with. */
export interface ModelBuilder {
  readonly program: Program;
  /** Whether the graph is for training: `dropout` does nothing otherwise. */
  readonly training: boolean;
  /** A tensor of the batch. Dimensions that are names may differ from batch to batch. */
  input(name: string, type: ElementType, shape: Shape): Value;
  /**
   * A tensor that training changes. Names are those of the saved file (`encoder.0.attention.query.weight`); what stands
   * in a name and order of calls never changes how another parameter begins.
   */
  parameter(name: string, shape: readonly number[], initial: Initial, options?: ParameterOptions): Value;
  /** Sets elements to zero at random and scales the others up (Srivastava et al., 2014), by the run's seed and the step. */
  dropout(x: Value, rate: number): Value;
}

/** A model's graph. */
export interface ModelGraph {
  /** float32 values by name: what losses outside, metrics and users of the model read. */
  readonly outputs: Readonly<Record<string, Value>>;
  /**
   * Builds the loss inside the graph: a float32 without dimensions, the mean over the batch's samples. It may declare
   * inputs of its own. Only called for graphs that need the loss; left out when the whole loss is computed outside.
   */
  readonly loss?: () => Value;
}

/** A model that can be trained. */
export interface TrainableModel {
  readonly name: string;
  build(builder: ModelBuilder): ModelGraph;
}

/** What a loss outside the graph says about a batch. */
export interface OutsideLossResult {
  /** Mean over the batch's samples. */
  readonly loss: number;
  /**
   * The loss's gradient by outputs, each of the same length as the output's data. Outputs left out have none.
   */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/**
 * A loss that no operator expresses, computed from the graph's outputs (CTC, sequence-level risks). Where the model has a
 * loss inside the graph too, the two are added.
 */
export type OutsideLoss<Targets = unknown> = (
  outputs: Outputs,
  batch: Batch<Targets>,
) => OutsideLossResult | Promise<OutsideLossResult>;

/** Gathers a metric over the batches of one validation. */
export interface MetricGatherer<Targets = unknown> {
  add(outputs: Outputs, batch: Batch<Targets>): void | Promise<void>;
  /** Numbers by name, such as `characterErrorRate`; a name must not be `loss`, which is always there. */
  values(): Readonly<Record<string, number>>;
}

/** What is held back from training, and how it is judged. */
export interface Validation<Targets = unknown> {
  /** The same batches, without anything random, every time. */
  batches(signal: AbortSignal | undefined): AsyncIterable<Batch<Targets>>;
  /** Begins a metric; left out, only the loss is computed. */
  metrics?(): MetricGatherer<Targets>;
  /** The number that decides which state is best and when to stop; default: `loss`, lower is better. */
  readonly watch?: { readonly name: string; readonly better: "lower" | "higher" };
}
