import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Program } from "../../graph/program.ts";
import { runProgram } from "../../graph/testing/run-program.ts";
import { framedSamples, logMel, windowFrames } from "./log-mel.ts";

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

async function spectrogram(samples: Float32Array, bands: number, frames: number): Promise<Float32Array> {
  const program = new Program("log-mel");
  program.output("mel", logMel(program.input("samples", "float32", [1, 1, "samples"]), bands, "frames"));
  const framed = framedSamples(samples, frames);
  const { mel } = await runProgram(program, { samples: { data: framed, shape: [1, 1, framed.length] } });
  expect(mel!.shape).toEqual([1, bands, frames]);
  return mel!.data;
}

describe("log-mel spectrogram", () => {
  for (const { bands, samples, frames, pickedBands, values } of cases) {
    it(`equals the reference for ${samples} samples and ${bands} bands`, async () => {
      const mel = await spectrogram(signal(samples), bands, windowFrames);
      for (const [i, band] of pickedBands.entries()) {
        for (const [j, frame] of frames.entries()) {
          const difference = Math.abs(mel[band * windowFrames + frame]! - values[i]![j]!);
          expect(difference, `band ${band}, frame ${frame}`).toBeLessThan(1e-4);
        }
      }
    });
  }

  it("is the same when only the frames with sound are asked for", async () => {
    const samples = signal(20_000);
    const whole = await spectrogram(samples, 80, windowFrames);
    const part = await spectrogram(samples, 80, 140);
    for (let band = 0; band < 80; band++) {
      const expected = whole.subarray(band * windowFrames, band * windowFrames + 140);
      expect(part.subarray(band * 140, (band + 1) * 140)).toEqual(expected);
    }
  });

  it("refuses more than thirty seconds", () => {
    expect(() => framedSamples(new Float32Array(480_001), 3000)).toThrow("480000 samples");
  });

  it("is flat for digital silence", async () => {
    expect(new Set(await spectrogram(new Float32Array(16_000), 80, 200)).size).toBe(1);
  });
});
