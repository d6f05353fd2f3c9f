/**
 * What the decoders share: the shape of decoded audio, the record of damage, and quiet calls into the decoder packages.
 */

/** A stretch of decoded audio. */
export interface AudioBlock {
  /** Samples per second; may change from block to block in chained streams. */
  sampleRate: number;
  /** One array per channel, all of the same length, samples nominally in [-1, 1]. */
  channels: Float32Array[];
}

/** An opened recording: what its header says, and its audio still to be read. */
export interface DecodedAudio {
  /** Length by the header; null when it does not say. */
  durationSeconds: number | null;
  /** Read once. Throws a `GlossaError` when nothing at all can be decoded. */
  blocks: AsyncGenerator<AudioBlock>;
}

/** What a decoder knows about its input besides the bytes. */
export interface DecodeContext {
  /** Name of the input, for messages. */
  name: string;
  /** Absolute path when the input is a regular file, which another program can open too; else null. */
  path: string | null;
  /** Size of the whole input; null when it is not known. */
  totalBytes: number | null;
  /** Reads the last bytes of the input; null when it can only be read in order. */
  readTail: ((size: number) => Promise<Uint8Array>) | null;
  /** Tells the user about something that is wrong with the input; the name is put before it. */
  warn: (problem: string) => void;
  /** Aborts when the caller wants no more audio, for whatever reason. */
  signal: AbortSignal;
}

/** Seconds for messages: `12.3 s`. */
export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

/** Counts damaged places, so that a broken file gives one warning and not thousands. */
export class DamageLog {
  #places = 0;
  #firstSeconds = 0;
  #silenceSeconds = 0;

  /** @param silenceSeconds length of the silence put in the place of what was lost */
  add(atSeconds: number, silenceSeconds = 0): void {
    if (this.#places === 0) this.#firstSeconds = atSeconds;
    this.#places++;
    this.#silenceSeconds += silenceSeconds;
  }

  report(context: DecodeContext): void {
    if (this.#places === 0) return;
    const where =
      this.#places === 1
        ? `the data is damaged at ${formatSeconds(this.#firstSeconds)}`
        : `the data is damaged in ${this.#places} places, the first at ${formatSeconds(this.#firstSeconds)}`;
    const silence =
      this.#silenceSeconds > 0
        ? `${this.#silenceSeconds.toFixed(2)} s were replaced by silence`
        : "what could not be read is missing there";
    context.warn(`${where}; ${silence}`);
  }
}

/** Longer losses are more likely a broken position than lost audio; they are not filled. */
const MAX_SILENCE_SECONDS = 600;

/**
 * Silence in the place of lost audio, so that later times stay right; in blocks of at most a second.
 * Nothing when `samples` is not positive or longer than ten minutes.
 */
export function* silence(samples: number, sampleRate: number): Generator<AudioBlock> {
  if (samples > MAX_SILENCE_SECONDS * sampleRate) return;
  for (let left = samples; left > 0; left -= sampleRate) {
    yield { sampleRate, channels: [new Float32Array(Math.min(left, sampleRate))] };
  }
}

/**
 * Makes a synchronous call into a decoder package without what it prints: on damaged data they write to the
 * console what they also return as `errors`.
 */
export function withoutPrinting<T>(call: () => T): T {
  /* oxlint-disable no-console */
  const { error } = console;
  console.error = () => {};
  try {
    return call();
  } finally {
    console.error = error;
  }
  /* oxlint-enable no-console */
}
