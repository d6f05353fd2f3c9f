import { describe, expect, it } from "vitest";
import { randomGenerator } from "../random.ts";
import { blank, ctcAlign, type CtcBatch, ctcGreedy, ctcLoss, fewestFrames } from "./ctc.ts";
import cases from "./fixtures/ctc.json" with { type: "json" };

const random = randomGenerator(3);
const randomLogits = (length: number) => Float32Array.from({ length }, () => 4 * (random() - 0.5));

/** All texts of a label sequence by brute force: the sum over every way along the frames. */
function lossByEnumeration(logits: Float32Array, frames: number, labels: number, target: number[]): number {
  const probabilities = Array.from({ length: frames }, (_, frame) => {
    const scores = [...logits.subarray(frame * labels, (frame + 1) * labels)].map(Math.exp);
    const sum = scores.reduce((a, b) => a + b, 0);
    return scores.map((score) => score / sum);
  });
  let total = 0;
  const walk = (frame: number, way: number[], probability: number) => {
    if (frame === frames) {
      const text = way.filter((label, i) => label !== blank && label !== way[i - 1]);
      if (text.join() === target.join()) total += probability;
      return;
    }
    for (let label = 0; label < labels; label++) {
      walk(frame + 1, [...way, label], probability * probabilities[frame]![label]!);
    }
  };
  walk(0, [], 1);
  return -Math.log(total);
}

describe("the CTC loss", () => {
  it.each([[[]], [[1]], [[1, 2]], [[1, 1]], [[2, 1, 2]], [[1, 1, 2]]])(
    "of %j is the sum over every way along the frames",
    (target) => {
      const logits = randomLogits(5 * 3);
      const batch = { logits, labels: 3, frames: 5, frameCounts: [5], targets: [target] };
      expect(ctcLoss(batch).losses[0]).toBeCloseTo(lossByEnumeration(logits, 5, 3, target), 10);
    },
  );

  it("and its gradient equal PyTorch's", () => {
    for (const { logits, losses, gradient, ...shapes } of cases) {
      // Rounded to six digits in the fixture.
      const result = ctcLoss({ ...shapes, logits: Float32Array.from(logits) });
      for (const [i, loss] of losses.entries()) {
        const difference = loss === null ? 0 : Math.abs(result.losses[i]! - loss);
        expect(difference).toBeLessThan(1e-4);
        expect(result.losses[i] === Infinity).toBe(loss === null);
      }
      for (const [i, value] of gradient.entries()) {
        expect(Math.abs(result.gradient[i]! - value)).toBeLessThan(2e-6);
      }
    }
  });

  it("has the gradient that finite differences give", () => {
    const logits = randomLogits(2 * 8 * 5);
    const batch: CtcBatch = {
      logits,
      labels: 5,
      frames: 8,
      frameCounts: [8, 6],
      targets: [
        [1, 2, 2],
        [4, 3],
      ],
    };
    const scales = [0.5, 2];
    const weighted = () => {
      const { losses } = ctcLoss(batch);
      return scales[0]! * losses[0]! + scales[1]! * losses[1]!;
    };
    const { gradient } = ctcLoss(batch, scales);
    const step = 2 ** -10;
    for (let i = 0; i < logits.length; i++) {
      const middle = logits[i]!;
      logits[i] = middle + step;
      const above = weighted();
      logits[i] = middle - step;
      const below = weighted();
      logits[i] = middle;
      expect(gradient[i]).toBeCloseTo((above - below) / (2 * step), 5);
    }
    // Frames behind the second utterance's own have none.
    expect(gradient.subarray((8 + 6) * 5).every((value) => value === 0)).toBe(true);
  });

  it("is infinite, without a gradient, for a text that has no room", () => {
    expect(fewestFrames([1, 1, 2])).toBe(4);
    const logits = randomLogits(3 * 4);
    const { losses, gradient } = ctcLoss({
      logits,
      labels: 4,
      frames: 3,
      frameCounts: [3],
      targets: [[1, 1, 2]],
    });
    expect(losses[0]).toBe(Infinity);
    expect(gradient.every((value) => value === 0)).toBe(true);
  });

  it.each([NaN, Infinity])("is NaN for logits that hold %d, so that nobody learns from it", (value) => {
    const logits = randomLogits(5 * 3);
    logits[7] = value;
    const batch = { logits, labels: 3, frames: 5, frameCounts: [5], targets: [[1]] };
    expect(ctcLoss(batch).losses[0]).toBeNaN();
  });

  it("stays finite for long and confident scores", () => {
    const logits = randomLogits(1500 * 30).map((score) => score * 100);
    const target = Array.from({ length: 300 }, () => 1 + Math.floor(random() * 29));
    const batch = { logits, labels: 30, frames: 1500, frameCounts: [1500], targets: [target] };
    const { losses, gradient } = ctcLoss(batch);
    expect(Number.isFinite(losses[0])).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it.each([
    [{ frames: 4 }, "are 12 logits"],
    [{ frameCounts: [6] }, "has 6 of 5 frames"],
    [{ targets: [[3]] }, "label 3 of utterance 0 is not one of 1 to 2"],
    [{ targets: [[0]] }, "label 0 of utterance 0"],
  ])("refuses %j", (wrong, message) => {
    const batch = { logits: randomLogits(15), labels: 3, frames: 5, frameCounts: [5], targets: [[1]] };
    expect(() => ctcLoss({ ...batch, ...wrong })).toThrow(message);
  });
});

/** Scores that say one label a frame. */
const saying = (labels: number, way: number[]) =>
  Float32Array.from(
    way.flatMap((said) => Array.from({ length: labels }, (_, label) => (label === said ? 5 : 0))),
  );

describe("greedy decoding", () => {
  it("takes out blanks and repeats", () => {
    expect(ctcGreedy(saying(4, [0, 1, 1, 0, 1, 2, 2, 3, 0]), 9, 4)).toEqual([1, 1, 2, 3]);
    expect(ctcGreedy(saying(4, [0, 0]), 2, 4)).toEqual([]);
  });
});

describe("forced alignment", () => {
  it("finds where every label lies", () => {
    const logits = saying(4, [0, 1, 1, 0, 1, 2, 2, 3, 0]);
    const places = ctcAlign(logits, 9, 4, [1, 1, 2, 3])!;
    expect(places.map(({ label, start, end }) => [label, start, end])).toEqual([
      [1, 1, 3],
      [1, 4, 5],
      [2, 5, 7],
      [3, 7, 8],
    ]);
    expect(places[0]!.score).toBeGreaterThan(-0.1);
  });

  it("gives a label that was not heard the likeliest place, with a bad score", () => {
    const places = ctcAlign(saying(4, [0, 1, 1, 0, 0, 3]), 6, 4, [1, 2, 3])!;
    expect(places.map(({ start, end }) => end > start)).toEqual([true, true, true]);
    expect(places[1]!.score).toBeLessThan(-3);
    expect(places[2]).toMatchObject({ start: 5, end: 6 });
  });

  it("says when a text has no room, and aligns nothing to nothing", () => {
    expect(ctcAlign(saying(3, [1, 2]), 2, 3, [1, 1])).toBeNull();
    expect(ctcAlign(saying(3, [1, 2]), 2, 3, [])).toEqual([]);
  });
});
