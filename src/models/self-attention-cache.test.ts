import { describe, expect, it } from "vitest";
import { tensorFactory } from "../runtime/session.ts";
import { placeContinuations, SelfAttentionCache } from "./self-attention-cache.ts";

const shape = { layers: 1, heads: 2, headWidth: 2 };
const names = { past: ["past_key", "past_value"], present: ["present_key", "present_value"] };

describe("places of continued hypotheses", () => {
  it("stay where they are when nothing changes", () => {
    expect(placeContinuations([0, 1, 2])).toEqual({ rows: [0, 1, 2], copies: [] });
    expect(placeContinuations([2, 0, 1])).toEqual({ rows: [2, 0, 1], copies: [] });
  });

  it("are copied only for second children, into rows that nobody needs", () => {
    expect(placeContinuations([0, 0, 0])).toEqual({
      rows: [0, 1, 2],
      copies: [
        { from: 0, to: 1 },
        { from: 0, to: 2 },
      ],
    });
    expect(placeContinuations([2, 2, 1])).toEqual({ rows: [2, 0, 1], copies: [{ from: 2, to: 0 }] });
  });

  it("close up when hypotheses end", () => {
    expect(placeContinuations([4, 1])).toEqual({ rows: [0, 1], copies: [{ from: 4, to: 0 }] });
    expect(placeContinuations([3])).toEqual({ rows: [0], copies: [{ from: 3, to: 0 }] });
  });

  it("are each row once, and never read a row that was written over, whatever the parents", () => {
    for (let seed = 1; seed < 500; seed++) {
      const count = 1 + (seed % 7);
      const parents = Array.from({ length: count }, (_, i) => (seed * (i + 3) * 7919) % 8);
      const { rows, copies } = placeContinuations(parents);
      expect(rows.toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
      const memory = Array.from({ length: 8 }, (_, row) => row);
      for (const { from, to } of copies) memory[to] = memory[from]!;
      expect(rows.map((row) => memory[row])).toEqual(parents);
    }
  });
});

describe("a self-attention cache", () => {
  it("gives the same memory as input and as output", async () => {
    const cache = new SelfAttentionCache(await tensorFactory(), shape, names, 1, 4);
    const { past, present } = cache.views(1, 1, 0);
    expect(past.past_key!.dims).toEqual([1, 2, 4, 2]);
    expect(present.present_value).toBe(past.past_value);
    expect(cache.views(1, 4, 3).past.past_key).toBe(past.past_key);
  });

  it("keeps what was written when rows and tokens need more room, and copies rows", async () => {
    const cache = new SelfAttentionCache(await tensorFactory(), shape, names, 1, 2);
    const before = cache.views(1, 2, 0).past.past_key!.data as Float32Array;
    before.set([1, 2, 3, 4, 5, 6, 7, 8]);
    const grown = cache.views(2, 3, 2).past.past_key!;
    expect(grown.dims).toEqual([2, 2, 4, 2]);
    const row = [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0];
    const data = grown.data as Float32Array;
    expect(Array.from(data.subarray(0, 16))).toEqual(row);
    cache.copyRow(0, 1, 2);
    expect(Array.from(data.subarray(16))).toEqual(row);
  });
});
