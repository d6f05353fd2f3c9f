/**
 * Batches for the trainer: samples of like lengths together, in an order that follows from seed and epoch alone, the next ones
 * made ready while a step runs.
 */
import { seedOf } from "../../eval/term-lists.ts";
import { randomGenerator } from "../../random.ts";
import type { Batch, BatchSource } from "../model.ts";

/** Where a batch stands, with numbers that are random but come again. */
export interface BatchPlace {
  readonly epoch: number;
  readonly number: number;
  readonly random: () => number;
}

export interface BatchLoaderOptions<Sample, Targets> {
  readonly samples: readonly Sample[];
  /** What samples are put together by, such as their frames. */
  lengthOf(sample: Sample): number;
  /** How often a sample comes in an epoch, any number above 0; of the samples of one weight, all come before any comes again. Default 1. */
  weightOf?(sample: Sample): number;
  readonly batchSize: number;
  readonly seed: number;
  /** Makes a batch; runs while the steps before it are computed. */
  prepare(
    samples: readonly Sample[],
    place: BatchPlace,
    signal: AbortSignal | undefined,
  ): Promise<Batch<Targets>>;
  /** Batches made ready ahead; default 3. */
  readonly ahead?: number;
}

/** Batches that are sorted by length together: more would take the chance out of the order, fewer would pad more. */
const batchesInPool = 32;

export class BatchLoader<Sample, Targets> implements BatchSource<Targets> {
  readonly batchesPerEpoch: number;
  readonly #options: BatchLoaderOptions<Sample, Targets>;
  readonly #groups: ReadonlyMap<number, readonly Sample[]>;

  /** @throws RangeError for weights and batch sizes that are not above 0 */
  constructor(options: BatchLoaderOptions<Sample, Targets>) {
    const { samples, weightOf = () => 1, batchSize } = options;
    if (!(batchSize >= 1)) throw new RangeError(`A batch holds at least one sample; got ${batchSize}.`);
    const groups = new Map<number, Sample[]>();
    for (const sample of samples) {
      const weight = weightOf(sample);
      if (!(weight > 0)) throw new RangeError(`A sample's weight must be above 0; got ${weight}.`);
      const group = groups.get(weight);
      if (group) group.push(sample);
      else groups.set(weight, [sample]);
    }
    this.#groups = groups;
    this.#options = options;
    let total = 0;
    for (const [weight, group] of groups) total += countOf(weight, group.length);
    this.batchesPerEpoch = Math.ceil(total / batchSize);
  }

  /** The samples of every batch of an epoch. */
  plan(epoch: number): Sample[][] {
    const { seed, batchSize, lengthOf } = this.#options;
    const random = randomGenerator(seedOf(seed, `epoch ${epoch}`));
    const drawn: Sample[] = [];
    for (const [weight, group] of this.#groups) {
      const count = countOf(weight, group.length);
      // Where an epoch takes a part, epochs after each other take different parts.
      const whole = shuffled(group, randomGenerator(seedOf(seed, `weight ${weight}`)));
      const start = (epoch * count) % whole.length;
      for (let i = 0; i < count; i++) drawn.push(whole[(start + i) % whole.length]!);
    }
    const order = shuffled(drawn, random);
    const batches: Sample[][] = [];
    const poolSize = batchSize * batchesInPool;
    for (let start = 0; start < order.length; start += poolSize) {
      const pool = order.slice(start, start + poolSize).sort((a, b) => lengthOf(a) - lengthOf(b));
      for (let at = 0; at < pool.length; at += batchSize) batches.push(pool.slice(at, at + batchSize));
    }
    return shuffled(batches, random);
  }

  async *batches(
    epoch: number,
    first: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch<Targets>> {
    const { ahead = 3, prepare, seed } = this.#options;
    const plan = this.plan(epoch);
    const waiting: Promise<Batch<Targets>>[] = [];
    const leaving = new AbortController();
    const linked = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
    try {
      for (let i = first; i < plan.length; i++) {
        for (let next = i + waiting.length; next < Math.min(plan.length, i + ahead); next++) {
          const random = randomGenerator(seedOf(seed, `batch ${epoch} ${next}`));
          const batch = prepare(plan[next]!, { epoch, number: next, random }, linked);
          // Its error is thrown when its turn comes.
          batch.catch(() => {});
          waiting.push(batch);
        }
        signal?.throwIfAborted();
        yield await waiting.shift()!;
      }
    } finally {
      leaving.abort(new Error("No more batches are wanted."));
      await Promise.allSettled(waiting);
    }
  }
}

/** At least one, so that no set vanishes. */
function countOf(weight: number, samples: number): number {
  return Math.max(1, Math.round(weight * samples));
}

/** A copy in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
