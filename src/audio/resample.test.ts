import { describe, expect, it } from "vitest";
import { Resampler } from "./resample.ts";

const OUTPUT_RATE = 16_000;

function resample(input: Float32Array, inputRate: number, chunkLengths: () => number): Float32Array {
  const resampler = new Resampler(inputRate, OUTPUT_RATE);
  const chunks: Float32Array[] = [];
  for (let start = 0; start < input.length;) {
    const length = chunkLengths();
    chunks.push(resampler.push(input.subarray(start, start + length)));
    start += length;
  }
  chunks.push(resampler.flush());
  return Float32Array.from(chunks.flatMap((chunk) => [...chunk]));
}

const whole = () => Number.POSITIVE_INFINITY;

/** Samples a function of time in seconds. */
function sampled(f: (seconds: number) => number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => f(i / rate));
}

const sine = (frequency: number) => (t: number) => Math.sin(2 * Math.PI * frequency * t);

const decibels = (ratio: number) => 20 * Math.log10(ratio);

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** Level of a sine of full scale after resampling, away from the ends. */
function gain(frequency: number, inputRate: number): number {
  const output = resample(sampled(sine(frequency), inputRate, 0.2), inputRate, whole);
  return decibels(rms(output.subarray(800, 2400)) * Math.SQRT2);
}

const rates = [8000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];

describe("Resampler", () => {
  it.each(rates)("gives the values of a known band-limited signal without delay, from %i Hz", (rate) => {
    // Tones in a Gaussian envelope: their exact values are known at every time, and nothing reaches the ends.
    const top = (0.85 * Math.min(rate, OUTPUT_RATE)) / 2;
    const signal = (t: number) =>
      [0.05, 0.3, 0.62, 1].reduce((sum, part, k) => sum + Math.sin(2 * Math.PI * top * part * t + k) / 4, 0) *
      Math.exp(-(((t - 0.1) / 0.015) ** 2));
    const output = resample(sampled(signal, rate, 0.2), rate, whole);
    const expected = sampled(signal, OUTPUT_RATE, 0.2);
    expect(output.length).toBe(expected.length);
    const error = output.map((sample, i) => sample - expected[i]);
    expect(decibels(rms(error) / rms(expected))).toBeLessThan(-75);
  });

  it.each([22_050, 44_100, 48_000, 192_000])("is flat within 0.1 dB up to 7 kHz, from %i Hz", (rate) => {
    for (const frequency of [100, 1000, 3000, 5000, 6500, 7000]) {
      expect(Math.abs(gain(frequency, rate))).toBeLessThan(0.1);
    }
  });

  it.each([32_000, 44_100, 48_000, 96_000])("keeps aliases below -80 dB, from %i Hz", (rate) => {
    for (const frequency of [8000, 8200, 9000, 12_000, 15_000, 15_900]) {
      expect(gain(frequency, rate)).toBeLessThan(-80);
    }
  });

  it("falls silent when a sweep passes 8 kHz", () => {
    // 0 to 22,050 Hz in two seconds: 8 kHz is passed at 0.7256 s.
    const sweep = (t: number) => Math.sin(2 * Math.PI * (22_050 / 4) * t * t);
    const output = resample(sampled(sweep, 44_100, 2), 44_100, whole);
    const peak = (from: number, to: number) =>
      output.subarray(from * OUTPUT_RATE, to * OUTPUT_RATE).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    expect(decibels(peak(0.1, 0.63))).toBeGreaterThan(-0.1);
    expect(decibels(peak(0.1, 0.63))).toBeLessThan(0.1);
    expect(decibels(peak(0.75, 1.98))).toBeLessThan(-80);
  });

  it.each([8000, 44_100, 48_000, 44_099])("does not depend on how the input is cut, from %i Hz", (rate) => {
    const noise = sampled((t) => Math.sin(1e6 * t * t + 3000 * Math.sin(50 * t)), rate, 0.5);
    let state = 1;
    const randomLength = () => {
      state = (state * 48_271) % 2_147_483_647;
      return (state % 10 < 3 ? 1 : state % 3000) + 1;
    };
    expect(resample(noise, rate, randomLength)).toEqual(resample(noise, rate, whole));
  });

  it("gives round(n * 16000 / rate) samples, for very short input too", () => {
    for (const rate of [8000, 11_025, 44_100, 192_000]) {
      for (const length of [0, 1, 2, 7, 100, 4801]) {
        const output = resample(new Float32Array(length), rate, () => 50);
        expect(output.length).toBe(Math.round((length * OUTPUT_RATE) / rate));
      }
    }
  });

  it("stays accurate at rates without a handy ratio", () => {
    const output = resample(sampled(sine(3000), 44_099, 0.5), 44_099, whole);
    const expected = sampled(sine(3000), OUTPUT_RATE, 0.5);
    const error = output.map((sample, i) => sample - expected[i]).subarray(800, 7200);
    expect(decibels(rms(error))).toBeLessThan(-70);
  });

  it("keeps a constant", () => {
    const output = resample(new Float32Array(4410).fill(0.5), 44_100, whole);
    for (const sample of output.subarray(200, 1400)) expect(sample).toBeCloseTo(0.5, 6);
  });
});
