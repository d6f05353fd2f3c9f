import { describe, expect, it } from "vitest";
import { bootstrapInterval, pairedBootstrap, percentageOfSums, type UtteranceSums } from "./bootstrap.ts";
import { randomGenerator } from "../random.ts";

/** Utterances of ten words in which every word is wrong with the same probability. */
function utterances(count: number, probability: number, seed: number): UtteranceSums[] {
  const random = randomGenerator(seed);
  return Array.from({ length: count }, () => [
    Array.from({ length: 10 }, random).filter((value) => value < probability).length,
    10,
  ]);
}

describe("bootstrapInterval", () => {
  it("is as wide as the normal approximation says", () => {
    const interval = bootstrapInterval(utterances(500, 0.2, 1), percentageOfSums)!;
    const expectedHalfWidth = 1.96 * 100 * Math.sqrt((0.2 * 0.8) / 5000);
    expect((interval.high - interval.low) / 2).toBeGreaterThan(0.85 * expectedHalfWidth);
    expect((interval.high - interval.low) / 2).toBeLessThan(1.15 * expectedHalfWidth);
    expect(interval.low).toBeLessThan(interval.value);
    expect(interval.high).toBeGreaterThan(interval.value);
  });

  it("is the same for the same seed, and nearly for another", () => {
    const sums = utterances(100, 0.3, 2);
    const first = bootstrapInterval(sums, percentageOfSums, { seed: 5 });
    expect(bootstrapInterval(sums, percentageOfSums, { seed: 5 })).toEqual(first);
    const other = bootstrapInterval(sums, percentageOfSums, { seed: 6 })!;
    expect(other).not.toEqual(first);
    expect(Math.abs(other.low - first!.low)).toBeLessThan(1);
  });

  it("is a point when all utterances are alike, and null when there is nothing to measure", () => {
    expect(
      bootstrapInterval(
        [
          [1, 4],
          [1, 4],
        ],
        percentageOfSums,
      ),
    ).toEqual({ value: 25, low: 25, high: 25 });
    expect(bootstrapInterval([], percentageOfSums)).toBeNull();
    expect(bootstrapInterval([[0, 0]], percentageOfSums)).toBeNull();
  });

  it("leaves out draws in which the metric has no value", () => {
    const interval = bootstrapInterval(
      [
        [1, 2],
        [0, 0],
        [0, 0],
      ],
      percentageOfSums,
      { resamples: 50 },
    );
    expect(interval).toEqual({ value: 50, low: 50, high: 50 });

    let calls = 0;
    const valueOnlyAtFirst = () => (calls++ === 0 ? 50 : null);
    expect(bootstrapInterval([[1, 2]], valueOnlyAtFirst)).toEqual({ value: 50, low: 50, high: 50 });
    expect(calls).toBe(1001);
  });

  it("refuses options out of range and uneven sums", () => {
    expect(() => bootstrapInterval([[1, 2]], percentageOfSums, { resamples: 0 })).toThrow(/resamples/);
    expect(() => bootstrapInterval([[1, 2]], percentageOfSums, { confidence: 95 })).toThrow(/confidence/);
    expect(() => bootstrapInterval([[1, 2], [1]], percentageOfSums)).toThrow(/same number of sums/);
  });
});

describe("pairedBootstrap", () => {
  it("finds a small steady difference that separate intervals would hide", () => {
    const random = randomGenerator(3);
    const first = Array.from({ length: 200 }, (): UtteranceSums => [Math.floor(random() * 10), 10]);
    const second = first.map(([errors, length], index): UtteranceSums => [
      index % 5 === 0 ? Math.max(0, errors - 1) : errors,
      length,
    ]);
    const separate = [first, second].map((run) => bootstrapInterval(run, percentageOfSums)!);
    expect(separate[0].low).toBeLessThan(separate[1].high);

    const paired = pairedBootstrap(first, second, percentageOfSums)!;
    expect(paired.value).toBeCloseTo(separate[1].value - separate[0].value, 9);
    expect(paired.high).toBeLessThan(0);
    expect(pairedBootstrap(first, first, percentageOfSums)).toEqual({ value: 0, low: 0, high: 0 });
  });

  it("refuses runs over different utterances", () => {
    expect(() => pairedBootstrap([[1, 2]], [], percentageOfSums)).toThrow(/1 and 0/);
  });
});
