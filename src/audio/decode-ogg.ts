/**
 * Ogg with Opus, Vorbis or FLAC: decodes the first such stream of a file, and those chained behind it, keeping time by
 * the positions that the pages carry.
 */
import { GlossaError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import {
  type AudioBlock,
  DamageLog,
  type DecodeContext,
  type DecodedAudio,
  formatSeconds,
  silence,
} from "./decoded-audio.ts";
import { type OggCodec, type PacketDecoder, readOggCodec } from "./ogg-codecs.ts";
import { type OggPage, PacketAssembler, parseOggPage, readOggPages } from "./ogg-pages.ts";

/** Enough to hold the last page of any stream. */
const TAIL_BYTES = 128 * 1024;

/**
 * The first logical stream near the start of a file whose codec can be decoded here; null when there is none.
 * @param head the first bytes of the file
 */
export function findOggStream(head: Uint8Array): { codec: OggCodec; serialNumber: number } | null {
  let rest = head;
  for (let start = parseOggPage(rest); start !== null && start.page.isFirst; start = parseOggPage(rest)) {
    const codec = readOggCodec(start.page.body);
    if (codec !== null) return { codec, serialNumber: start.page.serialNumber };
    rest = rest.subarray(start.pageBytes);
  }
  return null;
}

/** Opens an Ogg stream; `reader` stands at its first page. */
export async function decodeOgg(reader: ByteReader, context: DecodeContext): Promise<DecodedAudio> {
  const stream = findOggStream(await reader.peek(4096));
  const tail = await context.readTail?.(TAIL_BYTES);
  return {
    durationSeconds: stream && tail ? lengthByLastPage(tail, stream.codec, stream.serialNumber) : null,
    blocks: decodePages(reader, context),
  };
}

/** Length in seconds by the position of the last page; null when it belongs to another stream. */
function lengthByLastPage(tail: Uint8Array, codec: OggCodec, serialNumber: number): number | null {
  for (let offset = tail.lastIndexOf(0x4f); offset > 0; offset = tail.lastIndexOf(0x4f, offset - 1)) {
    const page = parseOggPage(tail.subarray(offset))?.page;
    if (page === undefined || page.granulePosition === null) continue;
    if (page.serialNumber !== serialNumber) return null;
    return Math.max(0, page.granulePosition / codec.granuleRate - codec.preSkip / codec.sampleRate);
  }
  return null;
}

async function* decodePages(reader: ByteReader, context: DecodeContext): AsyncGenerator<AudioBlock> {
  const damage = new DamageLog();
  let stream: LogicalStream | null = null;
  let seconds = 0;
  try {
    for await (const page of readOggPages(reader)) {
      // Streams side by side all begin before any goes on; a later beginning is a stream chained behind.
      if (page.isFirst && (stream === null || stream.hasSound)) {
        const codec = readOggCodec(page.body);
        if (codec !== null) {
          stream?.free();
          stream = new LogicalStream(page.serialNumber, codec, await codec.open());
        }
      }
      if (page.serialNumber !== stream?.serialNumber) continue;
      const { blocks, isDamaged, lost } = await stream.decode(page);
      if (isDamaged) damage.add(seconds, lost / stream.codec.sampleRate);
      for (const block of blocks) {
        yield block;
        seconds += block.channels[0].length / block.sampleRate;
      }
    }
  } finally {
    stream?.free();
  }
  if (seconds === 0) {
    throw new GlossaError(
      "unsupported-audio",
      `${context.name}: the Ogg file has no packet that can be decoded`,
    );
  }
  damage.report(context);
  if (!stream?.hasEnded)
    context.warn(`the file breaks off after ${formatSeconds(seconds)}, its last page is missing`);
}

/** One logical stream: decodes page by page and compares with the positions that the pages give. */
class LogicalStream {
  readonly serialNumber: number;
  readonly codec: OggCodec;
  hasSound = false;
  hasEnded = false;
  readonly #decoder: PacketDecoder;
  readonly #packets = new PacketAssembler();
  #nextSequenceNumber: number | null = null;
  /** Something was lost since the last page with a position. */
  #isDamaged = false;
  /** Samples so far, those to skip included. */
  #samples = 0;
  /** Position of the first sample; live streams do not start at 0. */
  #origin: number | null = null;
  #skip: number;

  constructor(serialNumber: number, codec: OggCodec, decoder: PacketDecoder) {
    this.serialNumber = serialNumber;
    this.codec = codec;
    this.#decoder = decoder;
    this.#skip = codec.preSkip;
  }

  /** @returns the sound of a page, with silence in the place of the `lost` samples before it */
  async decode(page: OggPage): Promise<{ blocks: AudioBlock[]; isDamaged: boolean; lost: number }> {
    const { sampleRate, granuleRate } = this.codec;
    const afterGap = this.#nextSequenceNumber !== null && page.sequenceNumber !== this.#nextSequenceNumber;
    this.#nextSequenceNumber = (page.sequenceNumber + 1) >>> 0;
    let isDamaged = afterGap || page.isDamaged;
    let blocks: AudioBlock[] = [];
    for (const packet of this.#packets.add(page, afterGap)) {
      const channels = await this.#decodePacket(packet);
      if (channels === null) isDamaged = true;
      else if (channels.length > 0 && channels[0].length > 0) blocks.push({ sampleRate, channels });
    }
    this.#isDamaged ||= isDamaged;
    this.hasEnded ||= page.isLast;
    const samples = blocks.reduce((sum, block) => sum + block.channels[0].length, 0);
    this.hasSound ||= samples > 0;
    this.#samples += samples;

    let lost = 0;
    if (page.granulePosition !== null && this.hasSound) {
      const end = Math.round((page.granulePosition * sampleRate) / granuleRate);
      if (this.#origin === null) {
        this.#origin = this.#isDamaged || page.isLast ? 0 : end - this.#samples;
        // A first page that ends before its own samples begins in the middle of them.
        this.#skip += Math.max(0, -this.#origin);
      }
      const missing = end - this.#origin - this.#samples;
      if (missing > 0 && this.#isDamaged) {
        const filling = [...silence(missing, sampleRate)];
        if (filling.length > 0) lost = missing;
        blocks = [...filling, ...blocks];
        this.#samples += lost;
      }
      if (missing < 0 && page.isLast) blocks = dropEnd(blocks, -missing);
      this.#isDamaged = false;
    }
    return { blocks: this.#skipStart(blocks), isDamaged, lost };
  }

  free(): void {
    try {
      this.#decoder.free();
    } catch {
      // After a packet that broke the decoder's memory it cannot even be freed; the collector takes it all.
    }
  }

  async #decodePacket(packet: Uint8Array): Promise<Float32Array[] | null> {
    if (packet.length === 0) return [];
    try {
      return await this.#decoder.decode(packet);
    } catch {
      // The decoders throw on packets that no encoder makes: too long for their buffers, for instance.
      return null;
    }
  }

  #skipStart(blocks: AudioBlock[]): AudioBlock[] {
    const kept: AudioBlock[] = [];
    for (const { sampleRate, channels } of blocks) {
      const skipped = Math.min(this.#skip, channels[0].length);
      this.#skip -= skipped;
      if (skipped < channels[0].length) {
        kept.push({ sampleRate, channels: channels.map((samples) => samples.subarray(skipped)) });
      }
    }
    return kept;
  }
}

function dropEnd(blocks: AudioBlock[], count: number): AudioBlock[] {
  const kept = [...blocks];
  for (let left = count; left > 0 && kept.length > 0;) {
    const { sampleRate, channels } = kept.pop()!;
    const { length } = channels[0];
    if (left < length) {
      kept.push({ sampleRate, channels: channels.map((samples) => samples.subarray(0, length - left)) });
    }
    left -= length;
  }
  return kept;
}
