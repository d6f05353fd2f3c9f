/** The stretch of a recording that is still needed: grows at the end, is let go of at the start. */

/** Positions are sample numbers in the whole recording. */
export class SampleBuffer {
  #data = new Float32Array(32_768);
  #start = 0;
  #length = 0;

  /** Position of the first sample that is still held. */
  get start(): number {
    return this.#start;
  }

  /** Position after the last sample: the number of samples that have ever been appended. */
  get end(): number {
    return this.#start + this.#length;
  }

  append(samples: Float32Array): void {
    const length = this.#length + samples.length;
    if (length > this.#data.length) {
      const grown = new Float32Array(Math.max(length, 2 * this.#data.length));
      grown.set(this.#data.subarray(0, this.#length));
      this.#data = grown;
    }
    this.#data.set(samples, this.#length);
    this.#length = length;
  }

  /** Lets go of everything before `position`. */
  discardBefore(position: number): void {
    const count = Math.min(position, this.end) - this.#start;
    if (count <= 0) return;
    this.#data.copyWithin(0, count, this.#length);
    this.#start += count;
    this.#length -= count;
  }

  /** Copies the samples from `start` up to, not including, `end`. */
  slice(start: number, end: number): Float32Array<ArrayBuffer> {
    if (start < this.#start || end > this.end) {
      throw new RangeError(`Samples ${start} to ${end} are not held, only ${this.#start} to ${this.end}.`);
    }
    return this.#data.slice(start - this.#start, end - this.#start);
  }

  /** Root mean square of the samples from `start` up to, not including, `end`. */
  rootMeanSquare(start: number, end: number): number {
    let sum = 0;
    for (let index = start - this.#start; index < end - this.#start; index++) sum += this.#data[index] ** 2;
    return end > start ? Math.sqrt(sum / (end - start)) : 0;
  }
}
