/**
 * Ogg: finds the pages of a stream, checks them, and puts the packets of one logical stream together (RFC 3533).
 */
import type { ByteReader } from "./byte-reader.ts";

export interface OggPage {
  /** The first page of a logical stream. */
  isFirst: boolean;
  /** The last page of a logical stream. */
  isLast: boolean;
  /** Its first packet began on the page before. */
  isContinued: boolean;
  /** Codec's position at the end of the last packet that ends here; null when none does. */
  granulePosition: number | null;
  serialNumber: number;
  sequenceNumber: number;
  /** Sizes of the pieces that make up its packets; 255 means that the packet goes on in the next. */
  segmentSizes: Uint8Array;
  body: Uint8Array;
  /** Its check sum is wrong. */
  isDamaged: boolean;
}

/** Header with the longest segment table. */
export const MAX_PAGE_HEADER_BYTES = 27 + 255;
const MAX_PAGE_BYTES = MAX_PAGE_HEADER_BYTES + 255 * 255;
const CAPTURE_PATTERN = [0x4f, 0x67, 0x67, 0x53];

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04_c1_1d_b7 : crc << 1;
  return crc;
});

/** CRC-32 of a page, over which its own four bytes count as 0. */
function pageCrc(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i];
    crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte];
  }
  return crc >>> 0;
}

/** Reads the page at the start of `bytes`, which may be cut off in its body; null when no page header is there. */
export function parseOggPage(bytes: Uint8Array): { page: OggPage; pageBytes: number; crc: number } | null {
  if (bytes.length < 27 || bytes[4] !== 0 || CAPTURE_PATTERN.some((byte, i) => bytes[i] !== byte))
    return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyStart = 27 + bytes[26];
  if (bytes.length < bodyStart) return null;
  const segmentSizes = bytes.subarray(27, bodyStart);
  const pageBytes = segmentSizes.reduce((sum, size) => sum + size, bodyStart);
  const granulePosition = view.getBigInt64(6, true);
  return {
    page: {
      isContinued: (bytes[5] & 1) !== 0,
      isFirst: (bytes[5] & 2) !== 0,
      isLast: (bytes[5] & 4) !== 0,
      granulePosition: granulePosition < 0n ? null : Number(granulePosition),
      serialNumber: view.getUint32(14, true),
      sequenceNumber: view.getUint32(18, true),
      segmentSizes,
      body: bytes.subarray(bodyStart, pageBytes),
      isDamaged: false,
    },
    pageBytes,
    crc: view.getUint32(22, true),
  };
}

/**
 * Yields the pages of a stream. A page with a wrong check sum is yielded too when the next begins right behind it, since
 * few of its packets will be wrong; so is the page that the end of the file cuts off. Neither has a position.
 * Everything else is passed over; gaps show in `sequenceNumber`.
 */
export async function* readOggPages(reader: ByteReader): AsyncGenerator<OggPage> {
  for (;;) {
    const head = await reader.peek(MAX_PAGE_HEADER_BYTES);
    if (head.length === 0) return;
    const start = parseOggPage(head);
    if (start !== null) {
      const bytes = await reader.peek(start.pageBytes + CAPTURE_PATTERN.length);
      const { page, pageBytes, crc } = parseOggPage(bytes)!;
      const isWhole = bytes.length >= pageBytes;
      const isIntact = isWhole && pageCrc(bytes.subarray(0, pageBytes)) === crc;
      // A page with others inside has a damaged length.
      const nextPage = isIntact ? null : findCapturePattern(bytes);
      if (isIntact || nextPage === null || nextPage === pageBytes) {
        await reader.skip(pageBytes);
        const isLast = page.isLast && isWhole;
        yield isIntact ? page : { ...page, granulePosition: null, isLast, isDamaged: isWhole };
        continue;
      }
    }
    const window = await reader.peek(MAX_PAGE_BYTES);
    await reader.skip(findCapturePattern(window) ?? Math.max(1, window.length - CAPTURE_PATTERN.length));
  }
}

function findCapturePattern(bytes: Uint8Array): number | null {
  for (let offset = bytes.indexOf(0x4f, 1); offset !== -1; offset = bytes.indexOf(0x4f, offset + 1)) {
    if (CAPTURE_PATTERN.every((byte, i) => bytes[offset + i] === byte)) return offset;
  }
  return null;
}

/** Puts packets together from the pages of one logical stream. */
export class PacketAssembler {
  #begun: Uint8Array[] = [];
  #dropContinued = true;

  /** The packets that end on this page. @param afterGap pages before this one were lost */
  add(page: OggPage, afterGap: boolean): Uint8Array[] {
    const packets: Uint8Array[] = [];
    if (afterGap || !page.isContinued) {
      this.#begun = [];
      this.#dropContinued = page.isContinued;
    }
    let start = 0;
    let end = 0;
    for (const size of page.segmentSizes) {
      end += size;
      if (size === 255) continue;
      // The page may be cut off: then neither this packet nor any behind it is whole.
      if (end > page.body.length) return packets;
      this.#begun.push(page.body.subarray(start, end));
      if (!this.#dropContinued)
        packets.push(this.#begun.length === 1 ? this.#begun[0] : concatenate(this.#begun));
      this.#begun = [];
      this.#dropContinued = false;
      start = end;
    }
    if (start < end) this.#begun.push(page.body.subarray(start, end));
    return packets;
  }
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
