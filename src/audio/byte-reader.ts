/**
 * Reads a stream of byte chunks piece by piece, with look-ahead: what every decoder here stands on.
 */
import { GlossaError } from "../errors.ts";

/** Settles as `promise` does, or rejects as soon as `signal` aborts: a stalled pipe must not hold anybody up. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort!);
  }
}

/** A cursor over a byte stream. Returned arrays are views that stay valid; nobody may write into them. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #name: string;
  #buffer: Uint8Array = new Uint8Array(0);
  #ended = false;
  #position = 0;

  /** @param name for messages */
  constructor(chunks: AsyncIterable<Uint8Array>, name: string, signal: AbortSignal) {
    this.#iterator = chunks[Symbol.asyncIterator]();
    this.#name = name;
    this.#signal = signal;
  }

  /** Bytes consumed so far. */
  get position(): number {
    return this.#position;
  }

  /** The next `size` bytes without consuming them; fewer only at the end of the stream. */
  async peek(size: number): Promise<Uint8Array> {
    if (this.#buffer.length < size && !this.#ended) await this.#fill(size);
    return this.#buffer.subarray(0, size);
  }

  /** Consumes the next `size` bytes; fewer only at the end of the stream. */
  async read(size: number): Promise<Uint8Array> {
    const bytes = await this.peek(size);
    this.#buffer = this.#buffer.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Passes over `size` bytes, without holding them; returns how many there were. */
  async skip(size: number): Promise<number> {
    let left = size;
    while (left > 0) {
      const { length } = await this.read(Math.min(left, Math.max(1, this.#buffer.length)));
      if (length === 0) break;
      left -= length;
    }
    return size - left;
  }

  /** Everything that is left, chunk by chunk. */
  async *remaining(): AsyncGenerator<Uint8Array> {
    while ((await this.peek(1)).length > 0) yield await this.read(this.#buffer.length);
  }

  async #fill(size: number): Promise<void> {
    const parts = [this.#buffer];
    let length = this.#buffer.length;
    while (length < size && !this.#ended) {
      const next = await this.#next();
      if (next === null) {
        this.#ended = true;
      } else {
        parts.push(next);
        length += next.length;
      }
    }
    const filled = parts.filter((part) => part.length > 0);
    if (filled.length === 1) {
      this.#buffer = filled[0];
      return;
    }
    this.#buffer = new Uint8Array(length);
    let offset = 0;
    for (const part of filled) {
      this.#buffer.set(part, offset);
      offset += part.length;
    }
  }

  async #next(): Promise<Uint8Array | null> {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await abortable(this.#iterator.next(), this.#signal);
    } catch (cause) {
      if (this.#signal.aborted || cause instanceof GlossaError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GlossaError("unreadable-input", `${this.#name}: reading failed: ${reason}`, { cause });
    }
    if (next.done) return null;
    if (!(next.value instanceof Uint8Array)) {
      throw new GlossaError(
        "invalid-argument",
        `${this.#name}: the stream must yield Uint8Array chunks, not ${typeof next.value}`,
      );
    }
    return next.value;
  }

  /** Lets go of the stream; does not wait for it, since it may be stalled. */
  close(): void {
    this.#ended = true;
    this.#buffer = new Uint8Array(0);
    this.#iterator.return?.().catch(() => {});
  }
}
