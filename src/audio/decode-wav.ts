/**
 * Streaming WAV reader: RIFF, RF64 and BW64; integer and float PCM, A-law and µ-law.
 *
 * Sources: Microsoft's "Multiple Channel Audio Data and WAVE Files", EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64),
 * ITU-T G.711 (A-law, µ-law).
 */
import { GlossaError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type AudioBlock, type DecodeContext, type DecodedAudio, formatSeconds } from "./decoded-audio.ts";
import { checkSampleRate } from "./mono.ts";

const FRAMES_PER_BLOCK = 16_384;
/** Size fields of writers that could not seek back, such as a pipe's. */
const UNKNOWN_SIZE = 0xff_ff_ff_ff;

type ReadSample = (view: DataView, offset: number) => number;

interface WavFormat {
  channelCount: number;
  sampleRate: number;
  bytesPerSample: number;
  readSample: ReadSample;
}

/** G.711 A-law byte → linear sample. */
function decodeALaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 0x0f) << 4) | 0x08;
  const magnitude = exponent === 0 ? mantissa : (mantissa | 0x100) << (exponent - 1);
  return (code & 0x80 ? magnitude : -magnitude) / 32_768;
}

/** G.711 µ-law byte → linear sample. */
function decodeMuLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) | 0x84) << ((code >> 4) & 7)) - 0x84;
  return (code & 0x80 ? -magnitude : magnitude) / 32_768;
}

const aLaw = Float32Array.from({ length: 256 }, (_, byte) => decodeALaw(byte));
const muLaw = Float32Array.from({ length: 256 }, (_, byte) => decodeMuLaw(byte));

/** Keyed by format tag and bytes per sample. */
const sampleReaders: Record<string, ReadSample> = {
  "1/1": (view, offset) => (view.getUint8(offset) - 128) / 128,
  "1/2": (view, offset) => view.getInt16(offset, true) / 0x80_00,
  "1/3": (view, offset) => ((view.getInt8(offset + 2) << 16) | view.getUint16(offset, true)) / 0x80_00_00,
  "1/4": (view, offset) => view.getInt32(offset, true) / 0x80_00_00_00,
  "3/4": (view, offset) => view.getFloat32(offset, true),
  "3/8": (view, offset) => view.getFloat64(offset, true),
  "6/1": (view, offset) => aLaw[view.getUint8(offset)],
  "7/1": (view, offset) => muLaw[view.getUint8(offset)],
};

const EXTENSIBLE = 0xff_fe;
const knownTags = new Set([1, 3, 6, 7]);
const otherTags: Record<number, string> = {
  0x02: "Microsoft ADPCM",
  0x11: "IMA ADPCM",
  0x31: "GSM 6.10",
  0x45: "G.726",
  0x50: "MPEG audio",
  0x55: "MP3",
  0xff: "AAC",
};

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function chunkId(bytes: Uint8Array, offset = 0): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

/** The format tag of a `fmt ` chunk; that of its sub-format for WAVE_FORMAT_EXTENSIBLE. */
function formatTag(format: DataView): number {
  const tag = format.getUint16(0, true);
  return tag === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : tag;
}

/**
 * Looks for the format of a WAV file near its start.
 * @param head the first bytes of the file
 * @returns the name of the codec when it is one that `decodeWav` does not read, else null
 */
export function foreignWavCodec(head: Uint8Array): string | null {
  const view = viewOf(head);
  for (let offset = 12; offset + 24 <= head.length;) {
    const size = view.getUint32(offset + 4, true);
    if (chunkId(head, offset) === "fmt ") {
      const tag = formatTag(viewOf(head.subarray(offset + 8, offset + 8 + size)));
      if (knownTags.has(tag)) return null;
      return otherTags[tag] ?? `codec 0x${tag.toString(16).padStart(4, "0")}`;
    }
    offset += 8 + size + (size & 1);
  }
  return null;
}

function parseFormat(bytes: Uint8Array, name: string): WavFormat {
  if (bytes.length < 16) {
    throw new GlossaError("unsupported-audio", `${name}: the WAV header is cut off in its "fmt " chunk`);
  }
  const view = viewOf(bytes);
  const tag = formatTag(view);
  const channelCount = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const bitsPerSample = view.getUint16(14, true);
  if (channelCount === 0) {
    throw new GlossaError(
      "unsupported-audio",
      `${name}: the WAV header says 0 channels; the file is damaged`,
    );
  }
  checkSampleRate(sampleRate, name, "unsupported-audio");
  // Samples of odd widths (12, 20 bits) stand at the upper end of whole bytes.
  const bytesPerSample = Math.ceil(bitsPerSample / 8);
  const readSample = sampleReaders[`${tag}/${bytesPerSample}`];
  if (readSample === undefined) {
    const codec = otherTags[tag] ?? `format 0x${tag.toString(16).padStart(4, "0")}`;
    throw new GlossaError(
      "unsupported-audio",
      `${name}: WAV with ${bitsPerSample}-bit ${codec} cannot be read; convert it to 16-bit PCM`,
    );
  }
  return { channelCount, sampleRate, bytesPerSample, readSample };
}

/** Reads chunks up to the start of the samples. `dataBytes` is null when the header does not know. */
async function readHeader(
  reader: ByteReader,
  name: string,
): Promise<{ format: WavFormat; dataBytes: number | null }> {
  await reader.skip(12);
  let format: WavFormat | null = null;
  let longDataBytes: number | null = null;
  for (;;) {
    const head = await reader.read(8);
    if (head.length < 8) {
      throw new GlossaError("unsupported-audio", `${name}: the WAV file ends before its "data" chunk`);
    }
    const id = chunkId(head);
    const size = viewOf(head).getUint32(4, true);
    if (id === "data") {
      if (format === null) {
        throw new GlossaError(
          "unsupported-audio",
          `${name}: the WAV file has no "fmt " chunk before its data`,
        );
      }
      const dataBytes = size === UNKNOWN_SIZE ? longDataBytes : size;
      return { format, dataBytes: dataBytes === 0 ? null : dataBytes };
    }
    const body = await reader.peek(Math.min(size, 64));
    if (id === "fmt ") format = parseFormat(body, name);
    if (id === "ds64" && body.length >= 16) longDataBytes = Number(viewOf(body).getBigUint64(8, true));
    await reader.skip(size + (size & 1));
  }
}

/**
 * Opens a WAV stream; `reader` stands at its `RIFF`, `RF64` or `BW64`.
 * A `data` chunk of size 0 or 0xFFFFFFFF, as programs write it into a pipe, reaches to the end of the stream.
 * @throws GlossaError `unsupported-audio` for a header that makes no sense or an unknown codec
 */
export async function decodeWav(reader: ByteReader, context: DecodeContext): Promise<DecodedAudio> {
  const { format, dataBytes } = await readHeader(reader, context.name);
  const rest = context.totalBytes === null ? null : context.totalBytes - reader.position;
  const knownBytes = dataBytes === null || rest === null ? (dataBytes ?? rest) : Math.min(dataBytes, rest);
  const frameBytes = format.channelCount * format.bytesPerSample;
  return {
    durationSeconds: knownBytes === null ? null : Math.floor(knownBytes / frameBytes) / format.sampleRate,
    blocks: readBlocks(reader, format, dataBytes, context),
  };
}

async function* readBlocks(
  reader: ByteReader,
  format: WavFormat,
  dataBytes: number | null,
  context: DecodeContext,
): AsyncGenerator<AudioBlock> {
  const { channelCount, sampleRate, bytesPerSample } = format;
  const frameBytes = channelCount * bytesPerSample;
  const blockBytes = Math.max(1, Math.floor(FRAMES_PER_BLOCK / channelCount)) * frameBytes;
  let left = dataBytes ?? Number.POSITIVE_INFINITY;
  let frames = 0;
  while (left > 0) {
    const bytes = await reader.read(Math.min(blockBytes, left));
    if (bytes.length === 0) break;
    left -= bytes.length;
    frames += Math.floor(bytes.length / frameBytes);
    yield { sampleRate, channels: deinterleave(bytes, format) };
  }
  if (dataBytes !== null && left > 0) {
    const promised = formatSeconds(dataBytes / frameBytes / sampleRate);
    context.warn(`the audio ends after ${formatSeconds(frames / sampleRate)}, its header says ${promised}`);
  }
}

function deinterleave(bytes: Uint8Array, format: WavFormat): Float32Array[] {
  const { channelCount, bytesPerSample, readSample } = format;
  const view = viewOf(bytes);
  const frameBytes = channelCount * bytesPerSample;
  const frames = Math.floor(bytes.length / frameBytes);
  return Array.from({ length: channelCount }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let frame = 0, offset = channel * bytesPerSample; frame < frames; frame++, offset += frameBytes) {
      samples[frame] = readSample(view, offset);
    }
    return samples;
  });
}
