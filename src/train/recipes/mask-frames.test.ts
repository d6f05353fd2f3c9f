import { describe, expect, it } from "vitest";
import { randomGenerator } from "../../random.ts";
import { maskFrames } from "./mask-frames.ts";

const width = 3;
const stack = 2;
const mean = Float32Array.of(7, 8, 9);

/** Two utterances of 50 and 20 steps; every number is 1. */
function batch() {
  return {
    frames: { data: new Float32Array(2 * 50 * stack * width).fill(1), shape: [2, 50, stack * width] },
    stepCounts: [50, 20],
  };
}

describe("masks over frames", () => {
  it("hide about as many frames as they are asked to, whole ones, of what is spoken", () => {
    const random = randomGenerator(1);
    let [hidden, frames, hiddenBehind] = [0, 0, 0];
    for (let round = 0; round < 200; round++) {
      const made = batch();
      maskFrames(made, { perSecond: 2, mostSeconds: 0.2 }, mean, 50, random);
      for (let frame = 0; frame < 200; frame++) {
        const own = [...made.frames.data.subarray(frame * width, (frame + 1) * width)];
        const isHidden = own[0] === 7;
        expect(own).toEqual(isHidden ? [...mean] : [1, 1, 1]);
        // Behind the last step of the second utterance there is nothing to hide.
        if (frame >= 140) hiddenBehind += Number(isHidden);
        else frames++;
        hidden += Number(isHidden);
      }
    }
    expect(hiddenBehind).toBe(0);
    // 2 masks a second of 0.1 s on average, a little less where they overlap.
    expect(hidden / frames).toBeGreaterThan(0.15);
    expect(hidden / frames).toBeLessThan(0.21);
  });

  it("come again with the same seed, and are none where none are asked for", () => {
    const [first, second, without] = [batch(), batch(), batch()];
    for (const one of [first, second])
      maskFrames(one, { perSecond: 5, mostSeconds: 0.3 }, mean, 50, randomGenerator(4));
    maskFrames(without, { perSecond: 0, mostSeconds: 0.3 }, mean, 50, randomGenerator(4));
    expect(first).toEqual(second);
    expect(without).toEqual(batch());
    expect(first).not.toEqual(without);
  });
});
