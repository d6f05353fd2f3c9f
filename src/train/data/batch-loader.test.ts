import { describe, expect, it } from "vitest";
import { randomGenerator } from "../../random.ts";
import type { Batch } from "../model.ts";
import { BatchLoader, type BatchLoaderOptions } from "./batch-loader.ts";

interface Sample {
  id: number;
  length: number;
  weight?: number;
}

const random = randomGenerator(1);
const samples: Sample[] = Array.from({ length: 1000 }, (_, id) => ({
  id,
  length: Math.ceil(random() * 500),
}));

function loader(more: Partial<BatchLoaderOptions<Sample, number>> = {}) {
  return new BatchLoader<Sample, number>({
    samples,
    lengthOf: ({ length }) => length,
    batchSize: 16,
    seed: 7,
    prepare: async (batch, { random }) => ({
      names: batch.map(({ id }) => `${id}`),
      inputs: {},
      targets: random(),
    }),
    ...more,
  });
}

async function all(source: BatchLoader<Sample, number>, epoch: number, first = 0): Promise<Batch<number>[]> {
  const batches: Batch<number>[] = [];
  for await (const batch of source.batches(epoch, first, undefined)) batches.push(batch);
  return batches;
}

describe("the batch loader", () => {
  it("gives every sample once an epoch, in another order each time", async () => {
    const source = loader();
    const [zero, one] = [await all(source, 0), await all(source, 1)];
    for (const epoch of [zero, one]) {
      expect(epoch).toHaveLength(source.batchesPerEpoch);
      const ids = epoch.flatMap(({ names }) => names);
      expect(ids).toHaveLength(1000);
      expect(new Set(ids).size).toBe(1000);
    }
    expect(one).not.toEqual(zero);
  });

  it("puts samples of like lengths together", () => {
    const source = loader();
    const padded = source.plan(0).reduce((sum, batch) => {
      return sum + batch.length * Math.max(...batch.map(({ length }) => length));
    }, 0);
    const needed = samples.reduce((sum, { length }) => sum + length, 0);
    expect(padded / needed).toBeLessThan(1.1);
  });

  it("goes on from any batch as if it had not been stopped, random numbers included", async () => {
    const whole = await all(loader(), 3);
    expect(await all(loader(), 3, 40)).toEqual(whole.slice(40));
    expect(await all(loader({ seed: 8 }), 3)).not.toEqual(whole);
  });

  it("takes samples as often as they weigh", async () => {
    const weighted = samples.map((sample) => ({ ...sample, weight: sample.id < 100 ? 2.5 : 0.5 }));
    const source = loader({ samples: weighted, weightOf: ({ weight }) => weight! });
    const counts = new Map<number, number>();
    for (const epoch of [0, 1]) {
      const ids = source.plan(epoch).flat();
      expect(ids).toHaveLength(250 + 450);
      for (const { id } of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    // Two epochs take the heavy ones five times each and every light one once.
    expect(samples.filter(({ id }) => counts.get(id) !== (id < 100 ? 5 : 1))).toEqual([]);
  });

  it("makes the next batches ready while one is used, and no more", async () => {
    const begun: number[] = [];
    const source = loader({
      prepare: async (batch, { number }) => {
        begun.push(number);
        return { names: batch.map(({ id }) => `${id}`), inputs: {}, targets: 0 };
      },
    });
    const batches = source.batches(0, 0, undefined);
    await batches.next();
    expect(begun).toEqual([0, 1, 2]);
    await batches.next();
    expect(begun).toEqual([0, 1, 2, 3]);
    await batches.return(undefined);
  });

  it("throws what a batch failed with when it is its turn, and stops when asked", async () => {
    const broken = loader({
      prepare: async (batch, { number }) => {
        if (number === 2) throw new Error("set/a cannot be read");
        return { names: batch.map(({ id }) => `${id}`), inputs: {}, targets: 0 };
      },
    }).batches(0, 0, undefined);
    await broken.next();
    await broken.next();
    await expect(broken.next()).rejects.toThrow("set/a cannot be read");
    const stop = new AbortController();
    const batches = loader().batches(0, 0, stop.signal);
    await batches.next();
    stop.abort(new Error("stopped"));
    await expect(batches.next()).rejects.toThrow("stopped");
  });

  it("refuses a weight of nothing", () => {
    expect(() => loader({ weightOf: () => 0 })).toThrow("must be above 0");
  });
});
