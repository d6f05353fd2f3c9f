/** The part of fft.js that is used; it comes without types. */
declare module "fft.js" {
  export default class FFT {
    /** @param size a power of two */
    constructor(size: number);
    /** Room for `size` complex numbers, real and imaginary parts in turn. */
    createComplexArray(): number[];
    /** Fills the first half of the spectrum of real data. */
    realTransform(output: number[], data: ArrayLike<number>): void;
    /** Fills the second half from the first. */
    completeSpectrum(spectrum: number[]): void;
    inverseTransform(output: number[], spectrum: ArrayLike<number>): void;
  }
}
