/** Convolution of long signals (overlap-add over fast Fourier transforms). */
import FFT from "fft.js";

/**
 * Convolves and gives as many samples as the signal has, beginning with sample `delay` of the full convolution: with
 * the delay of the kernel's main peak, what is heard stays where it was.
 */
export function convolve(signal: Float32Array, kernel: Float32Array, delay = 0): Float32Array {
  const output = new Float32Array(signal.length);
  if (signal.length === 0 || kernel.length === 0) return output;
  const size = 2 ** Math.ceil(Math.log2(2 * kernel.length));
  const step = size - kernel.length + 1;
  const fft = new FFT(size);
  const transform = (samples: Float32Array) => {
    const padded = new Float32Array(size);
    padded.set(samples);
    const spectrum = fft.createComplexArray();
    fft.realTransform(spectrum, padded);
    fft.completeSpectrum(spectrum);
    return spectrum;
  };
  const kernelSpectrum = transform(kernel);
  const block = fft.createComplexArray();
  for (let start = 0; start < signal.length; start += step) {
    const spectrum = transform(signal.subarray(start, start + step));
    for (let i = 0; i < spectrum.length; i += 2) {
      const [real, imaginary] = [spectrum[i], spectrum[i + 1]];
      spectrum[i] = real * kernelSpectrum[i] - imaginary * kernelSpectrum[i + 1];
      spectrum[i + 1] = real * kernelSpectrum[i + 1] + imaginary * kernelSpectrum[i];
    }
    fft.inverseTransform(block, spectrum);
    const first = Math.max(0, delay - start);
    const last = Math.min(size, output.length + delay - start);
    for (let i = first; i < last; i++) output[start + i - delay] += block[2 * i];
  }
  return output;
}
