/**
 * The keys and values of the windows that a batch of hypotheses listens to, each window once, and which query stands
 * over which window.
 */
import type { Tensor, TensorFactory, Tensors } from "../runtime/session.ts";

/** One window's keys and values, by the names of the graph's inputs, and how many frames they have. */
export interface WindowCache {
  readonly tensors: Tensors;
  readonly frames: number;
}

/**
 * Puts the caches of several windows into one batch. Windows with fewer frames than the longest are filled up with
 * zeros. A single window is passed on as it is.
 *
 * @param framesLast names of the inputs whose last axis is frames (keys); in all others it is the one before
 */
export function batchWindows(
  windows: readonly WindowCache[],
  framesLast: ReadonlySet<string>,
  factory: TensorFactory,
): Tensors {
  const [first] = windows;
  if (windows.length === 1) return first!.tensors;
  const frames = Math.max(...windows.map((window) => window.frames));
  const batched: Record<string, Tensor> = {};
  for (const name of Object.keys(first!.tensors)) {
    const [, heads, a, b] = first!.tensors[name]!.dims as [number, number, number, number];
    const isLast = framesLast.has(name);
    const width = isLast ? a : b;
    const data = new Float32Array(windows.length * heads * frames * width);
    for (const [i, window] of windows.entries()) {
      const source = window.tensors[name]!.data as Float32Array;
      // Runs of numbers that stay together: one row of keys over the frames, or all values of a head.
      const runs = isLast ? heads * width : heads;
      const [from, to] = isLast ? [window.frames, frames] : [window.frames * width, frames * width];
      for (let run = 0; run < runs; run++) {
        data.set(source.subarray(run * from, (run + 1) * from), (i * runs + run) * to);
      }
    }
    batched[name] = factory.float32(
      data,
      isLast ? [windows.length, heads, width, frames] : [windows.length, heads, frames, width],
    );
  }
  return batched;
}

/**
 * What is added to the scores of frames: −∞ where a window has ended, which takes the frames that fill it up out of every
 * softmax.
 *
 * @param counts frames of each window
 * @returns `[windows, 1, 1, frames of the longest]`
 */
export function frameBias(counts: readonly number[], factory: TensorFactory): Tensor {
  const frames = Math.max(...counts);
  const bias = new Float32Array(counts.length * frames);
  for (const [i, count] of counts.entries()) bias.fill(-Infinity, i * frames + count, (i + 1) * frames);
  return factory.float32(bias, [counts.length, 1, 1, frames]);
}

/** Where the queries of a run stand over their windows. */
export interface Seating {
  /** `[windows, slots]`: which query stands where. */
  readonly slots: Int32Array;
  /** `[queries]`: where each query stands. */
  readonly places: Int32Array;
  /** Queries over the window that has the most. */
  readonly slotCount: number;
}

/** @param windowOf for every query the window that it stands over */
export function seat(windowOf: ArrayLike<number>, windows: number): Seating {
  const counts = new Int32Array(windows);
  for (let query = 0; query < windowOf.length; query++) counts[windowOf[query]!]!++;
  const slotCount = counts.reduce((a, b) => Math.max(a, b), 0);
  // Slots that are left over repeat query 0, whose result there nobody reads.
  const slots = new Int32Array(windows * slotCount);
  const places = new Int32Array(windowOf.length);
  counts.fill(0);
  for (let query = 0; query < windowOf.length; query++) {
    const window = windowOf[query]!;
    const place = window * slotCount + counts[window]!++;
    places[query] = place;
    slots[place] = query;
  }
  return { slots, places, slotCount };
}
