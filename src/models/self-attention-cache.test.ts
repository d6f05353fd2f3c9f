import { describe, expect, it } from "vitest";
import { tensorFactory } from "../runtime/session.ts";
import { placeContinuations, SelfAttentionCache } from "./self-attention-cache.ts";

const shape = { layers: 1, heads: 2, headWidth: 2 };
const names = ["past_key", "past_value"];

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
  it("is fed from the same memory at every step", async () => {
    const cache = new SelfAttentionCache(await tensorFactory(), shape, names);
    cache.reserve(1, 1);
    const { past_key: key } = cache.views(1);
    expect(key!.dims).toEqual([1, 2, 64, 2]);
    cache.reserve(1, 64);
    expect(cache.views(1).past_key).toBe(key);
  });

  it("keeps prompts of different length and what follows, when rows and tokens need more room", async () => {
    const cache = new SelfAttentionCache(await tensorFactory(), shape, names);
    cache.reserve(2, 2);
    // [layer, row, token, keys of both heads then values]; row 1 has one token and one that fills it up.
    const entries = Float32Array.from({ length: 2 * 2 * 8 }, (_, i) => i + 1);
    cache.append(entries, 2, [2, 1]);
    cache.append(
      Float32Array.from({ length: 2 * 8 }, (_, i) => 101 + i),
      1,
      [3, 2],
    );
    const key = (row: number, head: number, token: number) => {
      const tensor = cache.views(2).past_key!;
      const at = ((row * 2 + head) * tensor.dims[2]! + token) * 2;
      return Array.from((tensor.data as Float32Array).subarray(at, at + 2));
    };
    const expected = () => {
      expect([0, 1, 2].map((token) => key(0, 1, token))).toEqual([
        [3, 4],
        [11, 12],
        [103, 104],
      ]);
      expect([0, 1].map((token) => key(1, 0, token))).toEqual([
        [17, 18],
        [109, 110],
      ]);
    };
    expected();
    cache.reserve(3, 65);
    expect(cache.views(3).past_value!.dims).toEqual([3, 2, 128, 2]);
    expected();
    cache.copyRow(0, 1, 3);
    expect(key(1, 1, 2)).toEqual([103, 104]);
  });
});
