/**
 * Changes the sampling rate of a stream of mono samples: a band-limited polyphase filter (windowed sinc, Kaiser
 * window) without delay, whose output does not depend on how the stream was cut into chunks.
 */

/** Attenuation of everything above the stop edge, in decibels; a little above the 80 dB that are promised. */
const STOP_BAND_DECIBELS = 84;
/** Pass band edge as a share of the lower of the two Nyquist frequencies: 7 kHz of 8 kHz. */
const PASS_BAND = 0.875;
/**
 * Rates without a handy ratio (44,099 → 16,000 needs 16,000 phases) use the nearest of this many phases:
 * the position is then off by at most 1/8192 of an input sample, noise below -74 dB.
 */
const MAX_PHASES = 4096;

/** Zeroth-order modified Bessel function of the first kind, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-16; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

interface PolyphaseFilter {
  /** `[phases, taps]`: the filter for an output that lies `phase / phases` of an input sample after an input sample. */
  coefficients: Float32Array;
  phases: number;
  /** Taps per phase, a multiple of 4. */
  taps: number;
}

/**
 * Kaiser's design (Kaiser 1974; Oppenheim & Schafer, Discrete-Time Signal Processing, 7.5.3): length and shape
 * from the attenuation and the width of the transition band.
 */
function designFilter(inputRate: number, outputRate: number, phases: number): PolyphaseFilter {
  const nyquist = Math.min(inputRate, outputRate) / 2;
  const transition = (2 * Math.PI * (1 - PASS_BAND) * nyquist) / inputRate;
  const taps = Math.ceil((STOP_BAND_DECIBELS - 7.95) / (2.285 * transition) / 4) * 4;
  const beta = 0.1102 * (STOP_BAND_DECIBELS - 8.7);
  const cutoff = (((1 + PASS_BAND) / 2) * 2 * nyquist) / inputRate;
  const coefficients = new Float32Array(phases * taps);
  const phaseTaps = new Float64Array(taps);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (taps / 2 - 1) - phase / phases;
      const window = besselI0(beta * Math.sqrt(Math.max(0, 1 - (distance / (taps / 2)) ** 2)));
      const angle = Math.PI * cutoff * distance;
      phaseTaps[tap] = window * (angle === 0 ? 1 : Math.sin(angle) / angle);
      sum += phaseTaps[tap];
    }
    // The same gain at every phase, so that a constant stays constant.
    for (let tap = 0; tap < taps; tap++) coefficients[phase * taps + tap] = phaseTaps[tap] / sum;
  }
  return { coefficients, phases, taps };
}

/** Sum over `length` products, a multiple of 4. */
function dotProduct(
  x: Float32Array,
  xStart: number,
  y: Float32Array,
  yStart: number,
  length: number,
): number {
  // Four sums at a time: additions that wait for one another would cost most of the time.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < length; i += 4) {
    a += x[xStart + i] * y[yStart + i];
    b += x[xStart + i + 1] * y[yStart + i + 1];
    c += x[xStart + i + 2] * y[yStart + i + 2];
    d += x[xStart + i + 3] * y[yStart + i + 3];
  }
  return a + b + (c + d);
}

/**
 * A streaming resampler for mono audio.
 *
 * Output sample `i` is the band-limited input at the time `i / outputRate`; the input is taken as silent before its
 * start and after its end. Flat within 0.1 dB up to 7/8 of the lower Nyquist frequency; aliases below -80 dB.
 */
export class Resampler {
  /** Output position advances by `#step / #ratio` input samples: 441/160 for 44,100 → 16,000. */
  readonly #step: number;
  readonly #ratio: number;
  readonly #filter: PolyphaseFilter;
  /** Input that is still needed; its first sample is the first tap of the next output. */
  #pending: Float32Array;
  /** Samples of `#pending` to drop before the next output, when the step is longer than what was there. */
  #skip = 0;
  /** Position of the next output between two input samples, in `1 / #ratio`. */
  #fraction = 0;
  #inputSamples = 0;
  #outputSamples = 0;

  /** @param inputRate, outputRate whole numbers of samples per second */
  constructor(inputRate: number, outputRate: number) {
    const divisor = greatestCommonDivisor(inputRate, outputRate);
    this.#step = inputRate / divisor;
    this.#ratio = outputRate / divisor;
    this.#filter = designFilter(inputRate, outputRate, Math.min(this.#ratio, MAX_PHASES));
    this.#pending = new Float32Array(this.#filter.taps / 2 - 1);
  }

  /** Takes the next input samples; returns the output that is complete with them, often none for short input. */
  push(samples: Float32Array): Float32Array {
    this.#inputSamples += samples.length;
    return this.#run(samples, Number.POSITIVE_INFINITY);
  }

  /** Ends the stream: returns what is left. In all, `round(inputSamples * outputRate / inputRate)` samples come out. */
  flush(): Float32Array {
    const total = Math.round((this.#inputSamples * this.#ratio) / this.#step);
    return this.#run(new Float32Array(this.#filter.taps + this.#step), total - this.#outputSamples);
  }

  #run(samples: Float32Array, limit: number): Float32Array {
    const { taps, phases, coefficients } = this.#filter;
    const input = new Float32Array(this.#pending.length + samples.length);
    input.set(this.#pending);
    input.set(samples, this.#pending.length);

    const available = ((input.length - this.#skip - taps + 1) * this.#ratio - this.#fraction) / this.#step;
    const output = new Float32Array(Math.min(limit, Math.max(0, Math.ceil(available))));
    const phaseScale = phases / this.#ratio;
    let start = this.#skip;
    let fraction = this.#fraction;
    for (let i = 0; i < output.length; i++) {
      const row = Math.min(phases - 1, Math.round(fraction * phaseScale)) * taps;
      output[i] = dotProduct(coefficients, row, input, start, taps);
      fraction += this.#step;
      const whole = Math.floor(fraction / this.#ratio);
      start += whole;
      fraction -= whole * this.#ratio;
    }
    this.#outputSamples += output.length;
    this.#fraction = fraction;
    const used = Math.min(start, input.length);
    this.#skip = start - used;
    this.#pending = input.slice(used);
    return output;
  }
}
