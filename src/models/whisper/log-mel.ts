/**
 * Whisper's front end as a part of a tensor program: 16 kHz samples → log-mel spectrogram, as in `openai/whisper`
 * `audio.py` (Hann window of 400 samples, hop of 160, reflected edges, Slaney mel filters, log10, 80 dB floor, scaled to
 * about [−1, 1]).
 *
 * The Fourier transform is a convolution with windowed cosines and sines: more arithmetic than a fast transform, but the
 * engine's products are fast enough to win by far.
 */
import {
  add,
  convolution,
  logarithm,
  matmul,
  maximum,
  multiply,
  reduce,
  subtract,
} from "../../graph/operators.ts";
import { bytesOf, type Value } from "../../graph/program.ts";
import type { Dimension } from "../../graph/shapes.ts";

export const sampleRate = 16_000;
/** Samples from one spectrogram frame to the next: 10 ms. */
export const hopLength = 160;
/** Samples in an analysis window: 25 ms. */
export const windowLength = 400;
/** Samples in the 30-second window that Whisper was trained on. */
export const windowSamples = 480_000;
/** Spectrogram frames in it. */
export const windowFrames = windowSamples / hopLength;

const bins = windowLength / 2 + 1;

/**
 * The samples that `logMel` wants for so many frames: every analysis window whole, edges reflected.
 *
 * @param samples mono 16 kHz, at most 30 s; what is missing to the last frame is silence
 * @throws RangeError when there are more than 480,000 samples
 */
export function framedSamples(samples: Float32Array, frames: number): Float32Array {
  if (samples.length > windowSamples) {
    throw new RangeError(`A Whisper window holds ${windowSamples} samples; got ${samples.length}.`);
  }
  const edge = windowLength / 2;
  const framed = new Float32Array((frames - 1) * hopLength + windowLength);
  framed.set(samples.subarray(0, framed.length - edge), edge);
  for (let i = 1; i <= edge; i++) {
    framed[edge - i] = samples[i] ?? 0;
    const after = windowSamples - 1 + i;
    if (edge + after < framed.length) framed[edge + after] = samples[windowSamples - 1 - i] ?? 0;
  }
  return framed;
}

/**
 * @param samples float32 `[1, 1, …]`, made by `framedSamples`
 * @param bands mel bands: 80, or 128 for large-v3
 * @param frames the dimension of frames that comes out
 * @returns `[1, bands, frames]`
 */
export function logMel(samples: Value, bands: number, frames: Dimension): Value {
  const { program } = samples;
  const weight = (name: string, shape: number[], values: Float32Array) =>
    program.weight(name, { type: "float32", shape, bytes: bytesOf(values) });
  const waves = weight("fourier", [2 * bins, 1, windowLength], windowedWaves());
  const filters = weight("mel_filters", [bands, 2 * bins], melFilters(bands));
  const transform = convolution(samples, waves, null, { stride: hopLength, padding: 0, time: frames });
  // The squares of cosines and of sines go through the same filters: their sum is the power.
  const power = matmul(filters, multiply(transform, transform));
  const audible = maximum(power, program.scalar(1e-10));
  const decades = multiply(logarithm(audible), program.scalar(1 / Math.log(10)));
  const loudest = reduce("ReduceMax", reduce("ReduceMax", decades, 1), 2);
  const floored = maximum(decades, subtract(loudest, program.scalar(8)));
  return multiply(add(floored, program.scalar(4)), program.scalar(1 / 4));
}

/** `[2 · bins, window]`: cosines, then sines, under a Hann window. */
function windowedWaves(): Float32Array {
  const waves = new Float32Array(2 * bins * windowLength);
  for (let i = 0; i < windowLength; i++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength);
    for (let bin = 0; bin < bins; bin++) {
      const angle = (2 * Math.PI * ((bin * i) % windowLength)) / windowLength;
      waves[bin * windowLength + i] = hann * Math.cos(angle);
      waves[(bins + bin) * windowLength + i] = hann * Math.sin(angle);
    }
  }
  return waves;
}

/** Slaney's mel scale: linear below 1 kHz, logarithmic above. */
function hertzOfMel(mel: number): number {
  return mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15));
}

function melOfHertz(hertz: number): number {
  return hertz < 1000 ? (hertz * 3) / 200 : 15 + Math.log(hertz / 1000) * (27 / Math.log(6.4));
}

/** Triangular filters of equal area (librosa's `norm="slaney"`), `[bands, 2 · bins]`: the same twice. */
function melFilters(bands: number): Float32Array {
  const top = melOfHertz(sampleRate / 2);
  const edges = Array.from({ length: bands + 2 }, (_, i) => hertzOfMel((top * i) / (bands + 1)));
  const filters = new Float32Array(bands * 2 * bins);
  for (let band = 0; band < bands; band++) {
    const [low, centre, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    for (let bin = 0; bin < bins; bin++) {
      const hertz = (bin * sampleRate) / windowLength;
      const triangle = Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre));
      const value = Math.max(0, triangle) * (2 / (high - low));
      filters[band * 2 * bins + bin] = value;
      filters[band * 2 * bins + bins + bin] = value;
    }
  }
  return filters;
}
