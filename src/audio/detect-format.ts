/**
 * Tells by the first bytes of a file what it is. Names are not looked at: they are wrong too often.
 */
import { findOggStream } from "./decode-ogg.ts";
import { foreignWavCodec } from "./decode-wav.ts";
import { parseMp3FrameHeader, sameStream } from "./mp3-frame.ts";

/** What reads a format: one of the decoders here, ffmpeg, or nothing since it is no audio. */
export type FormatReader = "wav" | "mp3" | "flac" | "ogg" | "ffmpeg" | "none";

export interface AudioFormat {
  reader: FormatReader;
  /** For messages, such as `MP4 (m4a, mp4, mov)` or `a JPEG picture`. */
  label: string;
  /** Its table of contents may stand at the end, so that it cannot be read from a pipe. */
  needsSeeking?: boolean;
}

/** Bytes of the start of a file that `detectFormat` wants to see. */
export const DETECTION_BYTES = 64 * 1024;

/** Label of a file that looks like nothing known. */
export const UNKNOWN_LABEL = "an unknown format";

interface Signature {
  /** Bytes as Latin-1 characters. */
  magic: string;
  offset?: number;
  label: string;
}

const audioSignatures: Signature[] = [
  { magic: "\x1aE\xdf\xa3", label: "Matroska or WebM (mkv, mka, webm)" },
  { magic: "AVI ", offset: 8, label: "AVI" },
  { magic: "AIFF", offset: 8, label: "AIFF" },
  { magic: "AIFC", offset: 8, label: "AIFF-C" },
  { magic: "RIFX", label: "big-endian WAV (RIFX)" },
  { magic: "riff\x2e\x91\xcf\x11", label: "Wave64" },
  { magic: "caff", label: "Core Audio (caf)" },
  { magic: "#!AMR", label: "AMR" },
  { magic: "0&\xb2u\x8ef\xcf\x11", label: "Windows Media (wma, wmv, asf)" },
  { magic: "FLV\x01", label: "Flash video (flv)" },
  { magic: "ADIF", label: "AAC (ADIF)" },
  { magic: "MAC ", label: "Monkey's Audio (ape)" },
  { magic: "wvpk", label: "WavPack" },
  { magic: "TTA1", label: "True Audio (tta)" },
  { magic: "MPCK", label: "Musepack" },
  { magic: "MP+", label: "Musepack" },
  { magic: "DSD ", label: "DSD (dsf)" },
  { magic: ".snd", label: "Sun audio (au)" },
  { magic: "\0\0\x01\xba", label: "MPEG video" },
  { magic: "\x0b\x77", label: "AC-3" },
];

const mp4Boxes = ["ftyp", "moov", "mdat", "wide", "free", "skip"];
const pictureBrands = ["heic", "heix", "mif1", "msf1", "avif", "avis"];

const otherSignatures: Signature[] = [
  { magic: "\xff\xd8\xff", label: "a JPEG picture" },
  { magic: "\x89PNG", label: "a PNG picture" },
  { magic: "GIF8", label: "a GIF picture" },
  { magic: "WEBP", offset: 8, label: "a WebP picture" },
  { magic: "II*\0", label: "a TIFF picture" },
  { magic: "MM\0*", label: "a TIFF picture" },
  { magic: "%PDF", label: "a PDF document" },
  { magic: "PK\x03\x04", label: "a ZIP archive or office document" },
  { magic: "\x1f\x8b", label: "a gzip archive" },
  { magic: "7z\xbc\xaf", label: "a 7-Zip archive" },
  { magic: "Rar!", label: "a RAR archive" },
  { magic: "\x7fELF", label: "a program" },
  { magic: "SQLite format 3", label: "an SQLite database" },
];

/**
 * @param head the first `DETECTION_BYTES` bytes behind any ID3 tag, or the whole file when it is shorter
 */
export function detectFormat(head: Uint8Array): AudioFormat {
  const has = (magic: string, offset = 0) =>
    offset + magic.length <= head.length &&
    [...magic].every((char, i) => head[offset + i] === char.charCodeAt(0));

  if ((has("RIFF") || has("RF64") || has("BW64")) && has("WAVE", 8)) {
    const codec = foreignWavCodec(head);
    return codec === null
      ? { reader: "wav", label: "WAV" }
      : { reader: "ffmpeg", label: `WAV with ${codec}` };
  }
  if (has("fLaC")) return { reader: "flac", label: "FLAC" };
  if (has("OggS")) {
    const stream = findOggStream(head);
    if (stream !== null) return { reader: "ogg", label: `Ogg ${stream.codec.name}` };
    return { reader: "ffmpeg", label: "Ogg with neither Opus, Vorbis nor FLAC" };
  }
  const other = otherSignatures.find(({ magic, offset }) => has(magic, offset));
  if (other) return { reader: "none", label: other.label };
  if (mp4Boxes.some((box) => has(box, 4))) {
    if (pictureBrands.some((brand) => has(brand, 8))) return { reader: "none", label: "a HEIF picture" };
    return { reader: "ffmpeg", label: "MP4 or QuickTime (m4a, mp4, mov)", needsSeeking: true };
  }
  const audio = audioSignatures.find(({ magic, offset }) => has(magic, offset));
  if (audio) return { reader: "ffmpeg", label: audio.label };
  if (has("\x47") && has("\x47", 188) && has("\x47", 376))
    return { reader: "ffmpeg", label: "MPEG transport stream" };
  if (head[0] === 0xff && (head[1] & 0xf6) === 0xf0) return { reader: "ffmpeg", label: "AAC (ADTS)" };
  if (isText(head)) return { reader: "none", label: "a text file" };
  if (hasMp3Frames(head)) return { reader: "mp3", label: "MP3" };
  return { reader: "ffmpeg", label: UNKNOWN_LABEL };
}

/** UTF-8 without control characters, or UTF-16 by its byte order mark. */
function isText(head: Uint8Array): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return true;
  const start = head.subarray(0, 4096);
  if (start.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b))) return false;
  try {
    // As a stream: a character that the cut divides is no error.
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Whether frames follow one another somewhere: three, or up to the end of a shorter file. */
function hasMp3Frames(head: Uint8Array): boolean {
  for (let start = head.indexOf(0xff); start !== -1; start = head.indexOf(0xff, start + 1)) {
    const { count, end } = followMp3Frames(head, start);
    if (count === 3 || (count > 0 && start === 0 && end >= head.length)) return true;
  }
  return false;
}

/** Goes over up to three frames of one stream; `count` is 0 when none starts at `start`. */
function followMp3Frames(head: Uint8Array, start: number): { count: number; end: number } {
  const first = parseMp3FrameHeader(head, start);
  if (first === null) return { count: 0, end: start };
  let end = start + first.frameBytes;
  let count = 1;
  for (; count < 3; count++) {
    const next = parseMp3FrameHeader(head, end);
    if (next === null || !sameStream(first, next)) break;
    end += next.frameBytes;
  }
  return { count, end };
}
