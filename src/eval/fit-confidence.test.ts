import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitConfidence, type LogOddsPair } from "./fit-confidence.ts";

/** Made by tools/fixtures/fit_confidence.py. */
const fixture = JSON.parse(
  readFileSync(new URL("fixtures/fit-confidence.json", import.meta.url), "utf8"),
) as { pairs: LogOddsPair[]; slope: number; offset: number };

describe("fitConfidence", () => {
  it("finds the maximum that another optimiser finds", () => {
    const curve = fitConfidence(fixture.pairs);
    expect(curve.slope).toBeCloseTo(fixture.slope, 6);
    expect(curve.offset).toBeCloseTo(fixture.offset, 6);
  });

  it("stays finite where right and wrong words are apart", () => {
    const curve = fitConfidence([-3, -2, 2, 3].map((logOdds) => ({ logOdds, correct: logOdds > 0 })));
    expect(curve.slope).toBeGreaterThan(0);
    expect(curve.slope).toBeLessThan(3);
    expect(curve.offset).toBeCloseTo(0, 6);
  });

  it("gives one probability to words that are all right", () => {
    const curve = fitConfidence([1, 2, 5].map((logOdds) => ({ logOdds, correct: true })));
    expect(curve.slope).toBeCloseTo(0, 6);
    expect(1 / (1 + Math.exp(-curve.offset))).toBeCloseTo(4 / 5, 6);
  });

  it("refuses no words", () => {
    expect(() => fitConfidence([])).toThrow("no words");
  });
});
