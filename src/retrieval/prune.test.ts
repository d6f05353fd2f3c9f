import { describe, expect, it } from "vitest";
import { countKept, prune } from "./prune.ts";

const scores = [0.95, 0.9, 0.6, 0.3, 0.05, 0.01];

describe("countKept", () => {
  it("keeps what is at least as probable as the threshold", () => {
    expect(countKept(scores, { threshold: 0.3 })).toBe(4);
    expect(countKept(scores, {})).toBe(4);
    expect(countKept(scores, { threshold: 1 })).toBe(0);
  });

  it("keeps as many as can be with the wanted precision", () => {
    // Means of the first 1 to 6: 0.95, 0.925, 0.817, 0.688, 0.56, 0.468.
    expect(countKept(scores, { precision: 0.9 })).toBe(2);
    expect(countKept(scores, { precision: 0.8 })).toBe(3);
    expect(countKept(scores, { precision: 0.99 })).toBe(0);
    expect(countKept(scores, { precision: 0 })).toBe(6);
  });

  it("keeps as few as can be with the wanted recall", () => {
    // Sums over 2.81: 0.338, 0.658, 0.872, 0.979, 0.996, 1.
    expect(countKept(scores, { recall: 0.6 })).toBe(2);
    expect(countKept(scores, { recall: 0.97 })).toBe(4);
    expect(countKept(scores, { recall: 1 })).toBe(6);
    expect(countKept([], { recall: 0.5 })).toBe(0);
  });

  it("never keeps more than the most", () => {
    expect(countKept(scores, { recall: 1, most: 2 })).toBe(2);
  });
});

describe("prune", () => {
  const term = (text: string, weight = 1) => ({ text, weight, spokenForms: [] });

  it("ranks terms by their best place, and drops those that nobody wants", () => {
    const [lora, rope, unwanted] = [term("LoRA"), term("RoPE"), term("Laura", 0)];
    const { kept, dropped } = prune(
      [
        { term: rope, score: 0.5 },
        { term: lora, score: 0.2 },
        { term: lora, score: 0.8 },
        { term: unwanted, score: 0.9 },
      ],
      { threshold: 0.4 },
    );
    expect(kept.map(({ term: { text }, score }) => [text, score])).toEqual([
      ["LoRA", 0.8],
      ["RoPE", 0.5],
    ]);
    expect(dropped.map(({ term: { text } }) => text)).toEqual(["Laura"]);
  });
});
