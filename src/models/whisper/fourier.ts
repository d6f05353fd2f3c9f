/**
 * Power spectrum of real frames whose length is even with small prime factors (Whisper: 400 samples).
 *
 * The frame is packed into half as many complex numbers, transformed by a mixed-radix decimation in time, and
 * unpacked. Tables are made once; nothing is allocated per frame.
 */
export class PowerSpectrum {
  readonly #half: number;
  readonly #factors: number[];
  readonly #order: Uint32Array;
  /** exp(−2πi·k/half) */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** exp(−2πi·k/length), for unpacking. */
  readonly #unpackCos: Float64Array;
  readonly #unpackSin: Float64Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #butterflyReal: Float64Array;
  readonly #butterflyImaginary: Float64Array;

  /** @param length samples in a frame, even */
  constructor(length: number) {
    const half = length / 2;
    this.#half = half;
    this.#factors = smallFactors(half);
    this.#order = inputOrder(half, this.#factors);
    this.#cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / half));
    this.#sin = Float64Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / half));
    this.#unpackCos = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    this.#unpackSin = Float64Array.from(
      { length: half + 1 },
      (_, k) => -Math.sin((2 * Math.PI * k) / length),
    );
    this.#real = new Float64Array(half);
    this.#imaginary = new Float64Array(half);
    const largest = Math.max(...this.#factors);
    this.#butterflyReal = new Float64Array(largest);
    this.#butterflyImaginary = new Float64Array(largest);
  }

  /**
   * @param frame `length` samples
   * @param power receives `length / 2 + 1` squared magnitudes
   */
  compute(frame: Float64Array, power: Float64Array): void {
    const half = this.#half;
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let i = 0; i < half; i++) {
      const source = 2 * this.#order[i]!;
      real[i] = frame[source]!;
      imaginary[i] = frame[source + 1]!;
    }
    this.#transform();
    // X[k] = E[k] + exp(−2πik/N)·O[k], with the even and odd halves told apart by their symmetry.
    for (let k = 0; k <= half; k++) {
      const a = k === half ? 0 : k;
      const b = k === 0 ? 0 : half - k;
      const evenReal = (real[a]! + real[b]!) / 2;
      const evenImaginary = (imaginary[a]! - imaginary[b]!) / 2;
      const oddReal = (imaginary[a]! + imaginary[b]!) / 2;
      const oddImaginary = (real[b]! - real[a]!) / 2;
      const c = this.#unpackCos[k]!;
      const s = this.#unpackSin[k]!;
      const sumReal = evenReal + c * oddReal - s * oddImaginary;
      const sumImaginary = evenImaginary + c * oddImaginary + s * oddReal;
      power[k] = sumReal * sumReal + sumImaginary * sumImaginary;
    }
  }

  #transform(): void {
    const n = this.#half;
    const { cos, sin } = { cos: this.#cos, sin: this.#sin };
    const real = this.#real;
    const imaginary = this.#imaginary;
    const inReal = this.#butterflyReal;
    const inImaginary = this.#butterflyImaginary;
    let span = 1;
    for (const radix of this.#factors) {
      const next = span * radix;
      const twiddleStep = n / next;
      const rootStep = n / radix;
      for (let block = 0; block < n; block += next) {
        for (let k = 0; k < span; k++) {
          for (let j = 0; j < radix; j++) {
            const at = block + k + j * span;
            const t = j * k * twiddleStep;
            inReal[j] = real[at]! * cos[t]! - imaginary[at]! * sin[t]!;
            inImaginary[j] = real[at]! * sin[t]! + imaginary[at]! * cos[t]!;
          }
          for (let q = 0; q < radix; q++) {
            let sumReal = inReal[0]!;
            let sumImaginary = inImaginary[0]!;
            for (let j = 1; j < radix; j++) {
              const t = ((j * q) % radix) * rootStep;
              sumReal += inReal[j]! * cos[t]! - inImaginary[j]! * sin[t]!;
              sumImaginary += inReal[j]! * sin[t]! + inImaginary[j]! * cos[t]!;
            }
            real[block + k + q * span] = sumReal;
            imaginary[block + k + q * span] = sumImaginary;
          }
        }
      }
      span = next;
    }
  }
}

function smallFactors(n: number): number[] {
  const factors: number[] = [];
  for (const prime of [4, 2, 3, 5, 7]) {
    while (n % prime === 0) {
      factors.push(prime);
      n /= prime;
    }
  }
  if (n !== 1)
    throw new RangeError(`A frame's half length must have no prime factor above 7, but ${n} is left over.`);
  return factors;
}

/** Which input stands at each place before the first stage: the mixed-radix form of bit reversal. */
function inputOrder(n: number, factors: readonly number[]): Uint32Array {
  const order = new Uint32Array(n);
  for (let place = 0; place < n; place++) {
    let rest = place;
    let index = 0;
    let weight = n;
    // The first stage's digit is the fastest in place and the slowest in the input.
    for (const radix of factors) {
      weight /= radix;
      index += (rest % radix) * weight;
      rest = Math.floor(rest / radix);
    }
    order[place] = index;
  }
  return order;
}
