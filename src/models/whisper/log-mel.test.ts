import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LogMel, windowFrames } from "./log-mel.ts";

interface Case {
  bands: number;
  samples: number;
  frames: number[];
  pickedBands: number[];
  values: number[][];
}

// Made by tools/fixtures/log_mel.py with transformers' WhisperFeatureExtractor.
const cases = JSON.parse(readFileSync(new URL("./fixtures/log-mel.json", import.meta.url), "utf8")) as Case[];

/** The signal of tools/fixtures/log_mel.py. */
function signal(length: number): Float32Array {
  const samples = new Float32Array(length);
  let state = 12345n;
  for (let i = 0; i < length; i++) {
    state = (1103515245n * state + 12345n) % 2147483648n;
    const noise = Number(state) / 2147483648 - 0.5;
    const tones =
      0.3 * Math.sin((2 * Math.PI * 440 * i) / 16000) + 0.1 * Math.sin((2 * Math.PI * 3100 * i) / 16000);
    samples[i] = tones + 0.05 * noise + (i === Math.floor(length / 3) ? 0.8 : 0);
  }
  return samples;
}

describe("log-mel spectrogram", () => {
  for (const { bands, samples, frames, pickedBands, values } of cases) {
    it(`equals the reference to 1e-4 for ${samples} samples and ${bands} bands`, () => {
      const spectrogram = new LogMel(bands).compute(signal(samples));
      for (const [i, band] of pickedBands.entries()) {
        for (const [j, frame] of frames.entries()) {
          const difference = Math.abs(spectrogram[band * windowFrames + frame]! - values[i]![j]!);
          expect(difference, `band ${band}, frame ${frame}`).toBeLessThan(1e-4);
        }
      }
    });
  }

  it("refuses more than thirty seconds", () => {
    expect(() => new LogMel(80).compute(new Float32Array(480_001))).toThrow("480000 samples");
  });

  it("gives a flat spectrogram for digital silence", () => {
    const spectrogram = new LogMel(80).compute(new Float32Array(16_000));
    expect(new Set(spectrogram).size).toBe(1);
  });
});
