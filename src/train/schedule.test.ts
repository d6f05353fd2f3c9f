import { describe, expect, it } from "vitest";
import { learningRateAt } from "./schedule.ts";
import type { Schedule } from "./training-options.ts";

const rates = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => Number(learningRateAt(step, steps, 1, schedule).toFixed(4)));

describe("the learning rate", () => {
  it("stays after the warm-up", () => {
    expect(rates({ kind: "constant", warmUpSteps: 4 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  });

  it("falls in a line", () => {
    expect(rates({ kind: "linear" }, 5)).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(rates({ kind: "linear", warmUpSteps: 2, final: 0.5 }, 5)).toEqual([0.5, 1, 1, 0.75, 0.5]);
  });

  it("falls along a cosine", () => {
    expect(rates({ kind: "cosine" }, 5)).toEqual([1, 0.8536, 0.5, 0.1464, 0]);
    expect(rates({ kind: "cosine", final: 0.1 }, 3)).toEqual([1, 0.55, 0.1]);
  });

  it("is there in runs that end with the warm-up", () => {
    expect(rates({ kind: "cosine", warmUpSteps: 3 }, 3)).toEqual([0.3333, 0.6667, 1]);
    expect(rates({ kind: "linear" }, 1)).toEqual([1]);
  });
});
