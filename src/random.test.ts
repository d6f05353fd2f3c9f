import { describe, expect, it } from "vitest";
import { randomGenerator } from "./random.ts";

describe("randomGenerator", () => {
  it.each([
    // Computed with Python's integers.
    [42, [2581720956, 1925393290, 3661312704, 2876485805]],
    [0, [1144304738, 1416247]],
    [2 ** 32, [1144304738, 1416247]],
  ])("gives the numbers of mulberry32 for seed %i", (seed, expected) => {
    const random = randomGenerator(seed);
    expect(expected.map(() => random() * 2 ** 32)).toEqual(expected);
  });
});
