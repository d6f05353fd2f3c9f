/**
 * Native FLAC: finds the frames, has them decoded by libFLAC, and keeps the place of frames that are damaged.
 *
 * The decoder package can find frames itself, but drops damaged ones and a short last one without a word.
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
import {
  crc16,
  type FlacFrameHeader,
  type FlacStreamInfo,
  MAX_HEADER_BYTES,
  parseFlacFrameHeader,
  parseStreamInfo,
  STREAM_INFO_BYTES,
} from "./flac-frame.ts";
import { FlacFrameDecoder } from "./flac-frame-decoder.ts";

/** Longest frame that is looked for when STREAMINFO does not say: 65,535 samples of 8 channels and 32 bits. */
const MAX_FRAME_BYTES = 65_535 * 8 * 4 + MAX_HEADER_BYTES + 2;
/** STREAMINFO's longest frame is not believed below this: editors forget to update it. */
const MIN_SEARCH_BYTES = 64 * 1024;
/** An ID3v1 tag, which some programs put behind the last frame. */
const TRAILING_TAG_BYTES = 128;

/**
 * Opens a FLAC stream; `reader` stands at its `fLaC`.
 * @throws GlossaError `unsupported-audio` when STREAMINFO is missing or wrong
 */
export async function decodeFlac(reader: ByteReader, context: DecodeContext): Promise<DecodedAudio> {
  await reader.skip(4);
  let streamInfo: Uint8Array | null = null;
  for (let last = false; !last;) {
    const head = await reader.read(4);
    if (head.length < 4) break;
    last = head[0] >= 0x80;
    const size = (head[1] << 16) | (head[2] << 8) | head[3];
    if ((head[0] & 0x7f) === 0) streamInfo = await reader.peek(STREAM_INFO_BYTES);
    await reader.skip(size);
  }
  if (streamInfo === null || streamInfo.length < STREAM_INFO_BYTES) {
    throw new GlossaError(
      "unsupported-audio",
      `${context.name}: the FLAC header is damaged: it has no STREAMINFO`,
    );
  }
  const info = parseStreamInfo(streamInfo);
  return {
    durationSeconds:
      info.totalSamples > 0 && info.sampleRate > 0 ? info.totalSamples / info.sampleRate : null,
    blocks: decodeFrames(reader, info, streamInfo, context),
  };
}

interface FlacFrame {
  header: FlacFrameHeader;
  bytes: Uint8Array;
}

async function* decodeFrames(
  reader: ByteReader,
  info: FlacStreamInfo,
  streamInfo: Uint8Array,
  context: DecodeContext,
): AsyncGenerator<AudioBlock> {
  const decoder = new FlacFrameDecoder(streamInfo);
  const damage = new DamageLog();
  // Index in the stream of the next sample; streams cut out of longer ones do not start at 0.
  let next: number | null = null;
  let samples = 0;
  const skipped = { bytes: 0 };
  try {
    for await (const { header, bytes } of readFrames(reader, info, skipped)) {
      const { firstSample } = header;
      if (skipped.bytes > 0) {
        let filled = 0;
        for (const block of silence(firstSample - (next ?? 0), info.sampleRate)) {
          filled += block.channels[0].length;
          yield block;
        }
        damage.add(samples / info.sampleRate, filled / info.sampleRate);
        samples += filled;
        skipped.bytes = 0;
      }
      next = firstSample + header.samples;
      const block = await decoder.decode(bytes, header);
      if (block === null) damage.add(samples / info.sampleRate, header.samples / info.sampleRate);
      samples += header.samples;
      yield block ?? { sampleRate: info.sampleRate, channels: [new Float32Array(header.samples)] };
    }
  } finally {
    decoder.free();
  }
  if (next === null) {
    throw new GlossaError(
      "unsupported-audio",
      `${context.name}: the FLAC file has no frame that can be decoded`,
    );
  }
  damage.report(context);
  const seconds = formatSeconds(samples / info.sampleRate);
  if (samples < info.totalSamples) {
    const promised = formatSeconds(info.totalSamples / info.sampleRate);
    context.warn(`the audio ends after ${seconds}, its header says ${promised}`);
  } else if (info.totalSamples === 0 && skipped.bytes > TRAILING_TAG_BYTES) {
    context.warn(`the last ${skipped.bytes} bytes, after ${seconds}, are no FLAC frames`);
  }
}

/** Yields the frames whose check sums are right; adds to `skipped` what is passed over. */
async function* readFrames(
  reader: ByteReader,
  info: FlacStreamInfo,
  skipped: { bytes: number },
): AsyncGenerator<FlacFrame> {
  const longest = info.maxFrameBytes > 0 ? Math.max(info.maxFrameBytes, MIN_SEARCH_BYTES) : MAX_FRAME_BYTES;
  const windowBytes = longest + MAX_HEADER_BYTES;
  for (;;) {
    const window = await reader.peek(windowBytes);
    if (window.length === 0) return;
    const header = parseFlacFrameHeader(window, 0, info);
    const end = header === null ? null : findEnd(window, header, info, window.length < windowBytes);
    if (header !== null && end !== null) {
      yield { header, bytes: await reader.read(end) };
    } else {
      skipped.bytes += await reader.skip(
        findHeader(window, 1, info) ?? Math.max(1, window.length - MAX_HEADER_BYTES),
      );
    }
  }
}

/** Where the frame at the start of `window` ends: at the next header, or the end of the file, with a right CRC-16. */
function findEnd(
  window: Uint8Array,
  header: FlacFrameHeader,
  info: FlacStreamInfo,
  isLast: boolean,
): number | null {
  let crc = crc16(window, 0, header.headerBytes);
  let summed = header.headerBytes;
  for (let offset = window.indexOf(0xff, summed); offset !== -1; offset = window.indexOf(0xff, offset + 1)) {
    if ((window[offset + 1] & 0xfe) !== 0xf8) continue;
    crc = crc16(window, summed, offset, crc);
    summed = offset;
    if (crc === 0 && parseFlacFrameHeader(window, offset, info) !== null) return offset;
  }
  if (!isLast) return null;
  for (const end of [window.length, window.length - TRAILING_TAG_BYTES]) {
    if (end > header.headerBytes && crc16(window, 0, end) === 0) return end;
  }
  return null;
}

function findHeader(window: Uint8Array, start: number, info: FlacStreamInfo): number | null {
  for (let offset = window.indexOf(0xff, start); offset !== -1; offset = window.indexOf(0xff, offset + 1)) {
    if (parseFlacFrameHeader(window, offset, info) !== null) return offset;
  }
  return null;
}
