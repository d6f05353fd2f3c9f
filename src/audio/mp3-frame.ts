/**
 * What stands in the headers of MPEG audio frames (layers II and III), and in the Xing/Info frame that encoders
 * put first.
 *
 * Sources: ISO/IEC 11172-3 and 13818-3; Gabriel Bouvigne, "Mp3 Info Tag rev 1 specifications" (LAME).
 */

export interface Mp3FrameHeader {
  /** 1, 2 or 2.5. */
  version: number;
  layer: 2 | 3;
  sampleRate: number;
  channelCount: number;
  /** Length of the whole frame with its header. */
  frameBytes: number;
  samplesPerFrame: number;
}

/** Longest possible frame: layer II, 384 kbit/s at 32 kHz, padded. */
export const MAX_FRAME_BYTES = 1729;

const bitrates: Record<string, number[]> = {
  "1/2": [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  "1/3": [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  "2/2": [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  "2/3": [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const sampleRates = [44_100, 48_000, 32_000];
const versions = [2.5, null, 2, 1];

/** Reads the four header bytes at `offset`; null when no frame of a known bit rate starts there. */
export function parseMp3FrameHeader(bytes: Uint8Array, offset = 0): Mp3FrameHeader | null {
  if (offset + 4 > bytes.length || bytes[offset] !== 0xff || (bytes[offset + 1] & 0xe0) !== 0xe0) return null;
  const version = versions[(bytes[offset + 1] >> 3) & 3];
  const layer = 4 - ((bytes[offset + 1] >> 1) & 3);
  if (version === null || (layer !== 2 && layer !== 3)) return null;
  const bitrate = bitrates[`${Math.floor(version)}/${layer}`][(bytes[offset + 2] >> 4) - 1];
  const baseRate = sampleRates[(bytes[offset + 2] >> 2) & 3];
  if (bitrate === undefined || baseRate === undefined) return null;
  const sampleRate = version === 1 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4;
  const samplesPerFrame = layer === 3 && version !== 1 ? 576 : 1152;
  const padding = (bytes[offset + 2] >> 1) & 1;
  return {
    version,
    layer,
    sampleRate,
    channelCount: bytes[offset + 3] >> 6 === 3 ? 1 : 2,
    frameBytes: Math.floor((samplesPerFrame * bitrate * 125) / sampleRate) + padding,
    samplesPerFrame,
  };
}

/** Whether two frames can belong to one stream. */
export function sameStream(a: Mp3FrameHeader, b: Mp3FrameHeader): boolean {
  return a.version === b.version && a.layer === b.layer && a.sampleRate === b.sampleRate;
}

/** What an encoder notes about a whole file in a first frame without sound. */
export interface Mp3Info {
  /** Frames with sound that follow; null when it does not say. */
  frameCount: number | null;
  /** Samples that the encoder put before the sound. */
  delay: number;
  /** Samples that the encoder put behind the sound. */
  padding: number;
}

/** Reads the Xing/Info tag of a whole layer III frame; null when it is a frame with sound. */
export function parseMp3Info(frame: Uint8Array, header: Mp3FrameHeader): Mp3Info | null {
  if (header.layer !== 3) return null;
  const sideInfoBytes =
    header.version === 1 ? (header.channelCount === 1 ? 17 : 32) : header.channelCount === 1 ? 9 : 17;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let offset = 4 + sideInfoBytes;
  if (offset + 8 > frame.length) return null;
  const id = String.fromCharCode(...frame.subarray(offset, offset + 4));
  if (id !== "Xing" && id !== "Info") return null;
  const flags = view.getUint32(offset + 4);
  offset += 8;
  const hasFrameCount = (flags & 1) !== 0 && offset + 4 <= frame.length;
  const frameCount = hasFrameCount ? view.getUint32(offset) : null;
  // Four optional fields: frame count, byte count, seek table, quality; then LAME's own, delays in bytes 21 to 23.
  offset += (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  if (offset + 24 > frame.length || frame[offset] === 0) return { frameCount, delay: 0, padding: 0 };
  const delays = view.getUint32(offset + 20) & 0xff_ff_ff;
  return { frameCount, delay: delays >> 12, padding: delays & 0xfff };
}

/** Size of an ID3v2 tag with its header and footer at the start of `bytes` (10 are enough); 0 when there is none. */
export function id3v2Bytes(bytes: Uint8Array): number {
  if (bytes.length < 10 || bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0;
  const size = bytes.subarray(6, 10);
  if (size.some((byte) => byte >= 0x80)) return 0;
  const footer = bytes[5] & 0x10 ? 10 : 0;
  return 10 + footer + size.reduce((sum, byte) => sum * 128 + byte, 0);
}
