import { describe, expect, it } from "vitest";
import { convolve } from "./convolve.ts";
import {
  addNoise,
  changeGain,
  changeSpeed,
  limitBand,
  power,
  reverberate,
  throughTelephone,
} from "./perturb.ts";
import { randomGenerator } from "../random.ts";

function sine(hertz: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: 16_000 * seconds },
    (_, index) => amplitude * Math.sin((2 * Math.PI * hertz * index) / 16_000),
  );
}

function random(length: number, seed: number): Float32Array {
  const next = randomGenerator(seed);
  return Float32Array.from({ length }, () => next() - 0.5);
}

/** Without the ends, where filters start and stop. */
const middle = (samples: Float32Array) => samples.subarray(2000, samples.length - 2000);
const decibels = (ratio: number) => 10 * Math.log10(ratio);

describe("convolve", () => {
  it.each([
    [1000, 7, 0],
    [1000, 300, 120],
    [10, 300, 5],
    [4096, 1, 0],
  ])("equals the sum of products for %i samples and %i taps", (length, taps, delay) => {
    const signal = random(length, 1);
    const kernel = random(taps, 2);
    const direct = signal.map((_, index) => {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += kernel[tap] * (signal[index + delay - tap] ?? 0);
      return sum;
    });
    const result = convolve(signal, kernel, delay);
    for (const [index, value] of direct.entries()) expect(result[index]).toBeCloseTo(value, 5);
  });
});

describe("addNoise", () => {
  it.each([20, 5, 0, -5])("adds noise at %i dB", (snr) => {
    const clean = sine(440, 1, 0.1);
    const noisy = addNoise(clean, random(5000, 3), snr, randomGenerator(0))!;
    const added = noisy.map((sample, index) => sample - clean[index]);
    expect(decibels(power(clean) / power(added))).toBeCloseTo(snr, 2);
  });

  it("turns the whole down where it would be cut off, and keeps the ratio", () => {
    const clean = sine(440, 1, 0.9);
    const noisy = addNoise(clean, random(5000, 3), 0, randomGenerator(0))!;
    expect(Math.max(...noisy.map(Math.abs))).toBeCloseTo(1, 5);
  });

  it("looks for a stretch with sound, and finds none in silence", () => {
    const mostlySilent = new Float32Array(40_000).fill(0.1, 0, 8000);
    expect(addNoise(sine(440, 0.1), mostlySilent, 10, randomGenerator(1))).not.toBeNull();
    expect(addNoise(sine(440, 0.1), new Float32Array(100), 10, randomGenerator(1))).toBeNull();
    expect(addNoise(sine(440, 0.1), new Float32Array(0), 10, randomGenerator(1))).toBeNull();
  });
});

describe("reverberate", () => {
  it("leaves a recording as it is in a room without echoes, wherever the direct sound stands", () => {
    const clean = random(20_000, 4);
    const impulse = new Float32Array(500);
    impulse[37] = -0.3;
    const wet = reverberate(clean, impulse);
    for (let i = 0; i < clean.length; i += 100) expect(wet[i]).toBeCloseTo(-clean[i], 5);
  });

  it("adds echoes after the direct sound and keeps the loudness", () => {
    const click = new Float32Array(8000);
    click[1000] = 0.5;
    const impulse = new Float32Array(3000);
    impulse[10] = 1;
    impulse[2010] = 0.5;
    const wet = reverberate(click, impulse);
    expect(wet[3000] / wet[1000]).toBeCloseTo(0.5, 4);
    expect(power(wet)).toBeCloseTo(power(click), 6);
    expect(power(wet.subarray(0, 999))).toBeLessThan(1e-12);
  });
});

describe("changeSpeed", () => {
  it.each([0.9, 1.1, 1.5])("makes it %f times as fast and high", (factor) => {
    const fast = changeSpeed(sine(400, 2), factor);
    expect(fast.length).toBe(Math.round(32_000 / factor));
    const crossings = fast.filter((sample, index) => index > 0 && sample >= 0 && fast[index - 1] < 0).length;
    expect(crossings / (fast.length / 16_000)).toBeCloseTo(400 * factor, -1);
  });
});

describe("throughTelephone", () => {
  const gain = (hertz: number) => {
    const tone = sine(hertz, 1);
    return decibels(power(middle(throughTelephone(tone))) / power(middle(tone)));
  };

  it("passes 400 to 3300 Hz", () => {
    for (const hertz of [400, 1000, 2000, 3300]) expect(Math.abs(gain(hertz))).toBeLessThan(0.5);
  });

  it("stops what is below 200 and above 3600 Hz", () => {
    for (const hertz of [50, 200, 3600, 5000, 7500]) expect(gain(hertz)).toBeLessThan(-40);
  });

  it("keeps length and times", () => {
    const click = new Float32Array(9999);
    click[5000] = 1;
    const through = throughTelephone(click);
    expect(through).toHaveLength(9999);
    const peak = through.reduce(
      (best, sample, index) => (Math.abs(sample) > Math.abs(through[best]) ? index : best),
      0,
    );
    expect(peak).toBe(5000);
  });
});

describe("limitBand", () => {
  it("lets through what lies between its edges, at its place", () => {
    const passed = limitBand(sine(1000, 1), 300, 3000);
    const expected = middle(sine(1000, 1));
    const differences = middle(passed).map((sample, i) => Math.abs(sample - expected[i]!));
    expect(Math.max(...differences)).toBeLessThan(0.01);
    for (const hertz of [60, 5000]) {
      expect(decibels(power(limitBand(sine(hertz, 1), 300, 3000)) / power(sine(hertz, 1)))).toBeLessThan(-20);
    }
  });
});

describe("changeGain", () => {
  it("makes louder and softer, but never cuts off", () => {
    expect(decibels(power(changeGain(sine(440, 1, 0.1), -6)) / power(sine(440, 1, 0.1)))).toBeCloseTo(-6, 3);
    expect(Math.max(...changeGain(sine(440, 1, 0.5), 20))).toBeCloseTo(1, 3);
  });
});
