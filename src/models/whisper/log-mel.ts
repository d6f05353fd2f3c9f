/**
 * Whisper's front end: 16 kHz samples → log-mel spectrogram, as in `openai/whisper` `audio.py` (Hann window of 400
 * samples, hop of 160, reflected edges, Slaney mel filters, log10, 80 dB floor, scaled to about [−1, 1]).
 */
import { PowerSpectrum } from "./fourier.ts";

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

/** Makes log-mel spectrograms; holds the tables and scratch space for one number of mel bands. */
export class LogMel {
  readonly #bands: number;
  readonly #filters: { first: number; weights: Float64Array }[];
  readonly #window: Float64Array;
  readonly #spectrum = new PowerSpectrum(windowLength);
  readonly #frame = new Float64Array(windowLength);
  readonly #power = new Float64Array(bins);

  /** @param bands mel bands: 80, or 128 for large-v3 */
  constructor(bands: number) {
    this.#bands = bands;
    this.#filters = melFilters(bands);
    this.#window = Float64Array.from(
      { length: windowLength },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength),
    );
  }

  /**
   * @param samples mono 16 kHz, at most 30 s; what is missing to the last frame is silence
   * @param frames how many are wanted
   * @returns `[bands, frames]`, row-major
   * @throws RangeError when there are more than 480,000 samples
   */
  compute(samples: Float32Array, frames: number = windowFrames): Float32Array {
    if (samples.length > windowSamples) {
      throw new RangeError(`A Whisper window holds ${windowSamples} samples; got ${samples.length}.`);
    }
    const bands = this.#bands;
    const output = new Float32Array(bands * frames).fill(-10);
    // Frames that see nothing but padding keep log10(1e-10).
    const framesWithSound = Math.min(frames, Math.ceil((samples.length + windowLength / 2) / hopLength));
    let maximum = -10;
    for (let frame = 0; frame < framesWithSound; frame++) {
      this.#load(samples, frame * hopLength - windowLength / 2);
      this.#spectrum.compute(this.#frame, this.#power);
      for (let band = 0; band < bands; band++) {
        const { first, weights } = this.#filters[band]!;
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * this.#power[first + i]!;
        const value = Math.log10(Math.max(sum, 1e-10));
        if (value > maximum) maximum = value;
        output[band * frames + frame] = value;
      }
    }
    const floor = maximum - 8;
    for (let i = 0; i < output.length; i++) output[i] = (Math.max(output[i]!, floor) + 4) / 4;
    return output;
  }

  /** Windowed samples from `start`, reflected at both ends of the 30 seconds. */
  #load(samples: Float32Array, start: number): void {
    for (let i = 0; i < windowLength; i++) {
      let at = start + i;
      if (at < 0) at = -at;
      else if (at >= windowSamples) at = 2 * (windowSamples - 1) - at;
      this.#frame[i] = at < samples.length ? samples[at]! * this.#window[i]! : 0;
    }
  }
}

/** Slaney's mel scale: linear below 1 kHz, logarithmic above. */
function hertzOfMel(mel: number): number {
  return mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15));
}

function melOfHertz(hertz: number): number {
  return hertz < 1000 ? (hertz * 3) / 200 : 15 + Math.log(hertz / 1000) * (27 / Math.log(6.4));
}

/** Triangular filters of equal area (librosa's `norm="slaney"`), each as the run of bins that it covers. */
function melFilters(bands: number): { first: number; weights: Float64Array }[] {
  const top = melOfHertz(sampleRate / 2);
  const edges = Array.from({ length: bands + 2 }, (_, i) => hertzOfMel((top * i) / (bands + 1)));
  return Array.from({ length: bands }, (_, band) => {
    const [low, centre, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    const weightAt = (bin: number) => {
      const hertz = (bin * sampleRate) / windowLength;
      const triangle = Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre));
      return Math.max(0, triangle) * (2 / (high - low));
    };
    const covered = Array.from({ length: bins }, (_, bin) => bin).filter((bin) => weightAt(bin) > 0);
    const first = covered[0] ?? 0;
    return { first, weights: Float64Array.from(covered, weightAt) };
  });
}
