/**
 * What recordings go through in the world: noise, rooms, telephones, fast talkers. Pure functions on mono samples at
 * 16 kHz; what is random comes from the generator that is passed in.
 */
import { Resampler } from "../audio/resample.ts";
import { convolve } from "./convolve.ts";

const sampleRate = 16_000;
const telephoneRate = 8_000;
/** Of the public telephone network (ITU-T G.712). */
const telephoneBandHertz = [300, 3400] as const;
/** Odd, so that the delay is a whole number of samples; edges about 100 Hz wide at 8 kHz. */
const bandTaps = 255;
/** Draws of a stretch of noise before it is taken for silent. */
const noiseDraws = 32;

/** Plays the recording faster (above 1) or slower; the pitch changes with it, as in Kaldi's speed perturbation. */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  return resample(samples, Math.round(sampleRate * factor), sampleRate);
}

/** Only what a telephone lets through: 300 to 3400 Hz at 8 kHz, brought back to 16 kHz. */
export function throughTelephone(samples: Float32Array): Float32Array {
  const narrow = resample(samples, sampleRate, telephoneRate);
  const passed = passBand(narrow, telephoneRate, telephoneBandHertz);
  const wide = new Float32Array(samples.length);
  wide.set(resample(passed, telephoneRate, sampleRate).subarray(0, samples.length));
  return wide;
}

/** Only what lies between two frequencies, as small loudspeakers and microphones let through. */
export function limitBand(samples: Float32Array, lowestHertz: number, highestHertz: number): Float32Array {
  return passBand(samples, sampleRate, [lowestHertz, highestHertz]);
}

/** Louder or softer; what would be cut off is turned down as far as needed. */
export function changeGain(samples: Float32Array, decibels: number): Float32Array {
  return withoutClipping(scaled(samples, 10 ** (decibels / 20)));
}

/**
 * Plays the recording in a room, by the room's impulse response. The loudness stays, and so do the times: the direct
 * sound, the response's largest sample, is where it was. What rings on after the end is cut.
 */
export function reverberate(samples: Float32Array, impulseResponse: Float32Array): Float32Array {
  let peak = 0;
  for (let i = 1; i < impulseResponse.length; i++) {
    if (Math.abs(impulseResponse[i]) > Math.abs(impulseResponse[peak])) peak = i;
  }
  const wet = convolve(samples, impulseResponse, peak);
  const wetPower = power(wet);
  return withoutClipping(scaled(wet, wetPower === 0 ? 1 : Math.sqrt(power(samples) / wetPower)));
}

/**
 * Adds noise from a random place on, repeated where it is too short. The ratio holds between the mean power of the
 * whole recording and that of the noise that is added.
 *
 * @returns null when the noise is silent
 */
export function addNoise(
  samples: Float32Array,
  noise: Float32Array,
  snrDecibels: number,
  random: () => number,
): Float32Array | null {
  const stretch = new Float32Array(samples.length);
  let noisePower = 0;
  // A noise may have silent stretches; another place is found for a recording that would fall into one.
  for (let draw = 0; draw < noiseDraws && noisePower === 0 && noise.length > 0; draw++) {
    const offset = Math.floor(random() * noise.length);
    for (let i = 0; i < stretch.length; i++) stretch[i] = noise[(offset + i) % noise.length];
    noisePower = power(stretch);
  }
  if (noisePower === 0) return null;
  const gain = Math.sqrt(power(samples) / (noisePower * 10 ** (snrDecibels / 10)));
  return withoutClipping(samples.map((sample, index) => sample + gain * stretch[index]));
}

/** Mean square; 0 for no samples. */
export function power(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : sum / samples.length;
}

function scaled(samples: Float32Array, gain: number): Float32Array {
  return samples.map((sample) => sample * gain);
}

/** Turns a signal down whose peaks would be cut off. */
function withoutClipping(samples: Float32Array): Float32Array {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak > 1 ? scaled(samples, 1 / peak) : samples;
}

function passBand(samples: Float32Array, rate: number, edgesHertz: readonly [number, number]): Float32Array {
  const [below, above] = edgesHertz.map((edge) => lowPass(edge / rate, bandTaps));
  const band = above.map((tap, index) => tap - below[index]);
  return convolve(samples, band, (bandTaps - 1) / 2);
}

function resample(samples: Float32Array, inputRate: number, outputRate: number): Float32Array {
  const resampler = new Resampler(inputRate, outputRate);
  const parts = [resampler.push(samples), resampler.flush()];
  const result = new Float32Array(parts[0].length + parts[1].length);
  result.set(parts[0]);
  result.set(parts[1], parts[0].length);
  return result;
}

/** Windowed-sinc low-pass filter (Hamming window). @param cutoff as a share of the sampling rate */
function lowPass(cutoff: number, taps: number): Float32Array {
  const middle = (taps - 1) / 2;
  const kernel = Float32Array.from({ length: taps }, (_, index) => {
    const distance = index - middle;
    const sinc =
      distance === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * distance) / (Math.PI * distance);
    return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * index) / (taps - 1)));
  });
  const sum = kernel.reduce((total, tap) => total + tap, 0);
  return kernel.map((tap) => tap / sum);
}
