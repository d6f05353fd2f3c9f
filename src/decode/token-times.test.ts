import { describe, expect, it } from "vitest";
import { tokenTimes } from "./token-times.ts";

/** Attention of one head that looks at `centre` when it predicts a token. */
function looksAt(centres: number[], frames: number): Float32Array[] {
  return centres.map((centre) =>
    Float32Array.from({ length: frames }, (_, frame) => Math.exp(-((frame - centre) ** 2) / 18)),
  );
}

describe("tokenTimes", () => {
  it("finds when tokens were spoken", () => {
    const times = tokenTimes(looksAt([10, 30, 55, 90], 100), 1, 100, 50);
    // Boundaries lie between the centres.
    expect(times[0]).toBe(0);
    expect(times[1]! * 50).toBeGreaterThan(12);
    expect(times[1]! * 50).toBeLessThan(28);
    expect(times[2]! * 50).toBeGreaterThan(32);
    expect(times[2]! * 50).toBeLessThan(53);
    expect(times[3]! * 50).toBeGreaterThan(57);
    expect(times[3]! * 50).toBeLessThan(88);
  });

  it("never goes back, even when attention does", () => {
    const times = tokenTimes(looksAt([50, 10, 70, 20, 90], 100), 1, 100, 50);
    for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThanOrEqual(times[i - 1]!);
  });

  it("copes with fewer frames than the filter is wide", () => {
    expect(tokenTimes(looksAt([0, 1], 2), 1, 2, 50)).toHaveLength(2);
    expect([...tokenTimes(looksAt([0], 1), 1, 1, 50)]).toEqual([0]);
  });
});
