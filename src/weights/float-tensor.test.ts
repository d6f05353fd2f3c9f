import { describe, expect, it } from "vitest";
import { fromFloat16, toFloat16 } from "./float-tensor.ts";

describe("half precision", () => {
  it("brings every bit pattern back, but for the kinds of NaN", () => {
    const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const values = fromFloat16(patterns);
    const back = toFloat16(values);
    const changed = patterns.filter((bits, i) => bits !== back[i] && !Number.isNaN(values[i]));
    expect([...changed]).toEqual([]);
  });

  it.each([
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [2 ** -25, 0],
    [2 ** -25 * 1.01, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [65_519, 65_504],
    [65_520, Infinity],
    [-0.1, -0.0999755859375],
  ])("rounds %f to %f", (value, rounded) => {
    expect(fromFloat16(toFloat16(Float32Array.of(value)))[0]).toBe(rounded);
  });
});
