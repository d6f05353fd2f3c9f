/**
 * What stands in FLAC's STREAMINFO and frame headers, and how frames are told from accidents (RFC 9639).
 */

export interface FlacStreamInfo {
  /** Samples per frame of a stream with fixed frames; the last may be shorter. */
  blockSize: number;
  /** Longest frame in bytes; 0 when unknown. */
  maxFrameBytes: number;
  sampleRate: number;
  channelCount: number;
  /** Samples per channel; 0 when unknown. */
  totalSamples: number;
}

/** Length of the STREAMINFO block without its header. */
export const STREAM_INFO_BYTES = 34;

/** Reads the 34 bytes of STREAMINFO. */
export function parseStreamInfo(bytes: Uint8Array): FlacStreamInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed = view.getUint32(10);
  return {
    blockSize: view.getUint16(0),
    maxFrameBytes: view.getUint32(7) >>> 8 || 0,
    sampleRate: packed >>> 12,
    channelCount: ((packed >>> 9) & 7) + 1,
    totalSamples: (packed & 0xf) * 2 ** 32 + view.getUint32(14),
  };
}

export interface FlacFrameHeader {
  headerBytes: number;
  /** Index of its first sample in the stream. */
  firstSample: number;
  /** Samples per channel in this frame. */
  samples: number;
}

function crcTable(bits: number, polynomial: number): Uint16Array {
  const top = 1 << (bits - 1);
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) crc = crc & top ? (crc << 1) ^ polynomial : crc << 1;
    return crc;
  });
}

const crc8Table = crcTable(8, 0x07).map((crc) => crc & 0xff);
const crc16Table = crcTable(16, 0x80_05);

/** Goes on with the CRC-16 of a frame over `bytes[start..end)`; over a whole frame with its own CRC it is 0. */
export function crc16(bytes: Uint8Array, start: number, end: number, crc = 0): number {
  let sum = crc;
  for (let i = start; i < end; i++) sum = ((sum << 8) & 0xff_ff) ^ crc16Table[(sum >> 8) ^ bytes[i]];
  return sum;
}

/** The longest frame header. */
export const MAX_HEADER_BYTES = 16;

const blockSizes = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/** Reads the frame header at `offset`; null when none is there or its check sum is wrong. */
export function parseFlacFrameHeader(
  bytes: Uint8Array,
  offset: number,
  info: FlacStreamInfo,
): FlacFrameHeader | null {
  if (bytes[offset] !== 0xff || (bytes[offset + 1] & 0xfe) !== 0xf8 || offset + 6 > bytes.length) return null;
  const variableBlocks = (bytes[offset + 1] & 1) === 1;
  const sizeCode = bytes[offset + 2] >> 4;
  const rateCode = bytes[offset + 2] & 0xf;
  if (sizeCode === 0 || rateCode === 15 || bytes[offset + 3] >> 4 > 10 || (bytes[offset + 3] & 1) !== 0)
    return null;

  const number = parseCodedNumber(bytes, offset + 4);
  if (number === null) return null;
  let end = offset + 4 + number.length;
  let samples = blockSizes[sizeCode];
  if (sizeCode === 6) samples = bytes[end++] + 1;
  if (sizeCode === 7) {
    samples = ((bytes[end] << 8) | bytes[end + 1]) + 1;
    end += 2;
  }
  end += rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
  if (end >= bytes.length) return null;
  let crc = 0;
  for (let i = offset; i < end; i++) crc = crc8Table[crc ^ bytes[i]];
  if (crc !== bytes[end]) return null;
  const firstSample = variableBlocks ? number.value : number.value * info.blockSize;
  return { headerBytes: end + 1 - offset, firstSample, samples };
}

/** A number coded like a character of UTF-8, of up to 36 bits. */
function parseCodedNumber(bytes: Uint8Array, offset: number): { value: number; length: number } | null {
  const first = bytes[offset];
  if (first < 0x80) return { value: first, length: 1 };
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes[offset + i];
    if ((next & 0xc0) !== 0x80) return null;
    value = value * 64 + (next & 0x3f);
  }
  return { value, length };
}
