/**
 * MP3 (and MPEG layer II): finds the frames, has them decoded by mpg123, and takes the encoder's delay and padding off.
 *
 * Frames are found here and not left to mpg123, so that damaged stretches and cut-off files are noticed and
 * garbage never reaches the decoder.
 */
import type { MPEGDecoder } from "mpg123-decoder";
import { GlossaError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import {
  type AudioBlock,
  DamageLog,
  type DecodeContext,
  type DecodedAudio,
  formatSeconds,
  withoutPrinting,
} from "./decoded-audio.ts";
import {
  id3v2Bytes,
  MAX_FRAME_BYTES,
  type Mp3FrameHeader,
  type Mp3Info,
  parseMp3FrameHeader,
  parseMp3Info,
  sameStream,
} from "./mp3-frame.ts";

/** Samples by which every decoder is late (528 of the filter bank and 1; LAME technical FAQ). */
const DECODER_DELAY = 529;
/** Look-ahead while searching for a frame. */
const SEARCH_BYTES = 64 * 1024;
/** Tags of unknown kinds behind the sound are shorter than this; more is reported. */
const TRAILING_TAG_BYTES = 4096;

interface Mp3Frame {
  header: Mp3FrameHeader;
  bytes: Uint8Array;
}

/** Keeps the samples of one encoder run that are sound: neither delay before nor padding behind it. */
class GaplessTrim {
  #position = 0;
  readonly #start: number;
  readonly #end: number;
  readonly #encodedSamples: number;

  constructor(info: Mp3Info | null, samplesPerFrame: number) {
    const known = info !== null && (info.delay > 0 || info.padding > 0);
    this.#encodedSamples = known && info.frameCount !== null ? info.frameCount * samplesPerFrame : 0;
    this.#start = known ? info.delay + DECODER_DELAY : 0;
    this.#end = this.#encodedSamples - (known ? Math.max(0, info.padding - DECODER_DELAY) : 0);
  }

  /** Cuts the next decoded samples. What comes after the frames that the tag counted is kept whole. */
  cut(channels: Float32Array[]): Float32Array[] {
    const start = this.#position;
    this.#position += channels[0].length;
    const from = Math.max(0, this.#start - start);
    const to = start < this.#encodedSamples ? Math.max(from, this.#end - start) : channels[0].length;
    return from === 0 && to >= channels[0].length
      ? channels
      : channels.map((channel) => channel.subarray(from, to));
  }
}

/**
 * Opens an MP3 stream; `reader` stands anywhere before its first frame.
 * @throws GlossaError `unsupported-audio` when no frame is found
 */
export async function decodeMp3(reader: ByteReader, context: DecodeContext): Promise<DecodedAudio> {
  const frames = readFrames(reader, context);
  const first = await frames.next();
  if (first.done) throw new GlossaError("unsupported-audio", `${context.name}: no MP3 frame was found in it`);
  const info = parseMp3Info(first.value.bytes, first.value.header);
  const { samplesPerFrame, sampleRate } = first.value.header;
  const samples = (info?.frameCount ?? 0) * samplesPerFrame - (info?.delay ?? 0) - (info?.padding ?? 0);
  return {
    durationSeconds: samples > 0 ? samples / sampleRate : null,
    blocks: decodeFrames(first.value, frames),
  };
}

async function* decodeFrames(first: Mp3Frame, frames: AsyncGenerator<Mp3Frame>): AsyncGenerator<AudioBlock> {
  const { MPEGDecoder } = await import("mpg123-decoder");
  const decoder: MPEGDecoder = new MPEGDecoder({ enableGapless: false });
  await decoder.ready;
  try {
    let trim = new GaplessTrim(null, 0);
    for (let frame: Mp3Frame | undefined = first; frame !== undefined; frame = (await frames.next()).value) {
      const { header, bytes } = frame;
      const info = parseMp3Info(bytes, header);
      if (info !== null) {
        trim = new GaplessTrim(info, header.samplesPerFrame);
        continue;
      }
      const decoded = withoutPrinting(() => decoder.decode(bytes));
      if (decoded.samplesDecoded === 0) continue;
      yield { sampleRate: decoded.sampleRate, channels: trim.cut(decoded.channelData) };
    }
  } finally {
    await frames.return(undefined);
    decoder.free();
  }
}

/** Yields whole frames; passes over tags and damage, and warns about damage and a cut-off end. */
async function* readFrames(reader: ByteReader, context: DecodeContext): AsyncGenerator<Mp3Frame> {
  const damage = new DamageLog();
  let previous: Mp3FrameHeader | null = null;
  let seconds = 0;
  let skippedBytes = 0;
  for (;;) {
    const head = await reader.peek(MAX_FRAME_BYTES + 10);
    if (head.length === 0) break;
    const tag = tagBytes(head);
    if (tag > 0) {
      await reader.skip(tag);
      continue;
    }
    const inSync = previous !== null && skippedBytes === 0;
    const header = parseMp3FrameHeader(head);
    if (header !== null && (inSync ? sameStream(header, previous!) : followed(head, header))) {
      if (header.frameBytes > head.length) {
        context.warn(`the file ends in the middle of a frame after ${formatSeconds(seconds)}`);
        skippedBytes = 0;
        break;
      }
      if (skippedBytes > 0 && previous !== null) damage.add(seconds);
      skippedBytes = 0;
      previous = header;
      yield { header, bytes: await reader.read(header.frameBytes) };
      seconds += header.samplesPerFrame / header.sampleRate;
    } else {
      skippedBytes += await skipToSync(reader);
    }
  }
  damage.report(context);
  if (previous !== null && skippedBytes > TRAILING_TAG_BYTES) {
    context.warn(`the last ${skippedBytes} bytes, after ${formatSeconds(seconds)}, are no MP3 frames`);
  }
}

/** Whether another frame of the same stream, a tag or the end stands behind a frame: its header is no accident. */
function followed(head: Uint8Array, header: Mp3FrameHeader): boolean {
  const next = head.subarray(header.frameBytes);
  if (header.frameBytes <= head.length && next.length < 10) return true;
  const nextHeader = parseMp3FrameHeader(next);
  return tagBytes(next) > 0 || (nextHeader !== null && sameStream(header, nextHeader));
}

/** Moves at least one byte on, up to the next byte that can start a frame or a tag. */
async function skipToSync(reader: ByteReader): Promise<number> {
  const bytes = await reader.peek(SEARCH_BYTES);
  let offset = 1;
  while (
    offset < bytes.length &&
    parseMp3FrameHeader(bytes, offset) === null &&
    tagBytes(bytes.subarray(offset, offset + 32)) === 0
  ) {
    offset++;
  }
  return reader.skip(offset);
}

/** Size of an ID3v2, ID3v1 or APE tag that starts here; 0 when none does. */
function tagBytes(bytes: Uint8Array): number {
  const text = String.fromCharCode(...bytes.subarray(0, 8));
  if (text.startsWith("TAG")) return 128;
  if (text === "APETAGEX" && bytes.length >= 32) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Bit 29 of the flags tells a header, with all of the tag still to come, from the footer.
    return 32 + (view.getUint32(20, true) & 0x20_00_00_00 ? view.getUint32(12, true) : 0);
  }
  return id3v2Bytes(bytes);
}
