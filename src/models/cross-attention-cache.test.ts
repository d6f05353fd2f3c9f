import { describe, expect, it } from "vitest";
import { tensorFactory } from "../runtime/session.ts";
import { batchWindows, frameBias, seat } from "./cross-attention-cache.ts";

describe("windows in one batch", () => {
  it("are filled up with zeros that the bias rules out", async () => {
    const tensors = await tensorFactory();
    const window = (frames: number, first: number) => {
      const numbers = Float32Array.from({ length: 2 * frames }, (_, i) => first + i);
      // One head of width 2.
      return {
        frames,
        tensors: {
          key: tensors.float32(numbers, [1, 1, 2, frames]),
          value: tensors.float32(numbers, [1, 1, frames, 2]),
        },
      };
    };
    const batch = batchWindows([window(3, 1), window(2, 11)], new Set(["key"]), tensors);
    expect(batch.key!.dims).toEqual([2, 1, 2, 3]);
    expect(Array.from(batch.key!.data as Float32Array)).toEqual([1, 2, 3, 4, 5, 6, 11, 12, 0, 13, 14, 0]);
    expect(batch.value!.dims).toEqual([2, 1, 3, 2]);
    expect(Array.from(batch.value!.data as Float32Array)).toEqual([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 0, 0]);
    const bias = frameBias([3, 2], tensors);
    expect(bias.dims).toEqual([2, 1, 1, 3]);
    expect(Array.from(bias.data as Float32Array)).toEqual([0, 0, 0, 0, 0, -Infinity]);
  });

  it("are passed on as they are when there is only one", async () => {
    const tensors = await tensorFactory();
    const key = tensors.float32(new Float32Array(6), [1, 1, 2, 3]);
    const batch = batchWindows([{ frames: 3, tensors: { key } }], new Set(["key"]), tensors);
    expect(batch.key).toBe(key);
  });
});

describe("seats of queries over windows", () => {
  it("give every query a place over its own window", () => {
    const { slots, places, slotCount } = seat([0, 1, 0, 0], 2);
    expect(slotCount).toBe(3);
    expect(Array.from(slots)).toEqual([0, 2, 3, 1, 0, 0]);
    expect(Array.from(places)).toEqual([0, 3, 1, 2]);
  });
});
