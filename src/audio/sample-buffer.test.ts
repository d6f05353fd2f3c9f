/** The sliding stretch of a recording. */
import { describe, expect, it } from "vitest";
import { SampleBuffer } from "./sample-buffer.ts";

const count = (start: number, end: number) => Float32Array.from({ length: end - start }, (_, i) => start + i);

describe("SampleBuffer", () => {
  it("keeps positions while it grows and lets go", () => {
    const buffer = new SampleBuffer();
    for (let start = 0; start < 200_000; start += 7_919) {
      buffer.append(count(start, start + 7_919));
      buffer.discardBefore(buffer.end - 50_000);
    }
    expect(buffer.end - buffer.start).toBe(50_000);
    expect(buffer.slice(buffer.end - 10, buffer.end)).toEqual(count(buffer.end - 10, buffer.end));
  });

  it("refuses what it no longer holds", () => {
    const buffer = new SampleBuffer();
    buffer.append(count(0, 100));
    buffer.discardBefore(60);
    buffer.discardBefore(20);
    expect(buffer.start).toBe(60);
    expect(() => buffer.slice(59, 70)).toThrow(RangeError);
    expect(() => buffer.slice(90, 101)).toThrow(RangeError);
    expect(buffer.slice(60, 62)).toEqual(count(60, 62));
  });

  it("measures loudness", () => {
    const buffer = new SampleBuffer();
    buffer.append(Float32Array.of(9, 3, -4, 9));
    buffer.discardBefore(1);
    expect(buffer.rootMeanSquare(1, 3)).toBeCloseTo(Math.sqrt(12.5));
    expect(buffer.rootMeanSquare(2, 2)).toBe(0);
  });
});
