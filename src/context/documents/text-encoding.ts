/**
 * From the bytes of a text file to text: UTF-8, UTF-16 with a byte order mark, GB 18030 (old Chinese files), Windows-1252.
 */

/** Which share of the characters of a Chinese text are Chinese; less, and the bytes were another encoding. */
const leastHanShare = 0.1;

/** Text and, where it was not UTF-8 or UTF-16, the encoding that was taken. Null for binary data. */
export function decodeText(
  bytes: Uint8Array,
  declared?: string,
): { text: string; guessed: string | null } | null {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : null;
  if (mark !== null) return { text: new TextDecoder(mark).decode(bytes), guessed: null };
  if (looksBinary(bytes)) return null;
  const utf8 = decodeStrictly(bytes, "utf-8");
  if (utf8 !== null) return { text: utf8, guessed: null };
  if (declared !== undefined) {
    const text = decodeStrictly(bytes, declared);
    if (text !== null) return { text, guessed: declared };
  }
  const chinese = decodeStrictly(bytes, "gb18030");
  if (chinese !== null && hanShare(chinese) >= leastHanShare) return { text: chinese, guessed: "GB 18030" };
  return { text: new TextDecoder("windows-1252").decode(bytes), guessed: "Windows-1252" };
}

function decodeStrictly(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Zero bytes, or many control characters, in the first 64 KiB. */
function looksBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 65_536);
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return true;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls++;
  }
  return controls > head.length / 20;
}

function hanShare(text: string): number {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return letters === 0 ? 0 : (text.match(/\p{Script=Han}/gu)?.length ?? 0) / letters;
}
