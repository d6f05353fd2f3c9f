/**
 * libFLAC over single frames, kept alive through damage.
 */
import type { FLACDecoder } from "@wasm-audio-decoders/flac";
import { type AudioBlock, withoutPrinting } from "./decoded-audio.ts";
import { type FlacFrameHeader, STREAM_INFO_BYTES } from "./flac-frame.ts";

export class FlacFrameDecoder {
  readonly #streamInfo: Uint8Array;
  #decoder: FLACDecoder | null = null;
  #nextSample = 0;

  /** @param streamInfo the 34 bytes of STREAMINFO, to which frames may leave fields of their headers */
  constructor(streamInfo: Uint8Array) {
    this.#streamInfo = streamInfo;
  }

  /** Decodes a whole frame whose check sums are right; null when libFLAC cannot. */
  async decode(frame: Uint8Array, header: FlacFrameHeader): Promise<AudioBlock | null> {
    // libFLAC fills holes with silence of its own, beyond the end of the package's buffer: it must not see one.
    if (this.#decoder === null || header.firstSample !== this.#nextSample) await this.#open();
    this.#nextSample = header.firstSample + header.samples;
    try {
      const decoded = await withoutPrinting(() => this.#decoder!.decodeFrames([frame]));
      if (decoded.errors.length > 0) return null;
      return { sampleRate: decoded.sampleRate, channels: decoded.channelData };
    } catch {
      // The memory of the instance cannot be trusted any more, not even to free it.
      this.#decoder = null;
      return null;
    }
  }

  async #open(): Promise<void> {
    const { FLACDecoder } = await import("@wasm-audio-decoders/flac");
    this.free();
    this.#decoder = new FLACDecoder();
    await this.#decoder.ready;
    const head = new Uint8Array(8 + STREAM_INFO_BYTES);
    head.set([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, STREAM_INFO_BYTES]);
    head.set(this.#streamInfo, 8);
    await withoutPrinting(() => this.#decoder!.decodeFrames([head]));
  }

  free(): void {
    this.#decoder?.free();
    this.#decoder = null;
  }
}
