import { describe, expect, it } from "vitest";
import { calibrationReport } from "./calibration.ts";

describe("calibrationReport", () => {
  it("weighs the gap of every bin by its words", () => {
    const report = calibrationReport([
      { confidence: 0.95, correct: true },
      { confidence: 0.91, correct: false },
      { confidence: 0.2, correct: false },
      { confidence: 0.28, correct: true },
    ])!;
    // Bin 0.2: mean 0.24, half right. Bin 0.9: mean 0.93, half right.
    expect(report.ece).toBeCloseTo(100 * ((2 / 4) * 0.26 + (2 / 4) * 0.43), 10);
    expect(report.words).toBe(4);
    expect(report.bins[2]).toMatchObject({ words: 2, accuracy: 0.5 });
    expect(report.bins[9].meanConfidence).toBeCloseTo(0.93, 10);
    expect(report.bins[0]).toEqual({ low: 0, high: 0.1, words: 0, meanConfidence: null, accuracy: null });
  });

  it("puts 1 into the last bin", () => {
    const report = calibrationReport([{ confidence: 1, correct: true }])!;
    expect(report.bins[9].words).toBe(1);
    expect(report.ece).toBe(0);
  });

  it("has no value without words", () => {
    expect(calibrationReport([])).toBeNull();
  });
});
