/**
 * Text as terms are compared by it: UTF-8 in lower case and without Latin diacritics, in which whatever stands between
 * words is one break. "Qwen2-VL", "qwen2 vl" and "QWEN2_VL" differ by breaks only.
 */

/** Stands between two words. */
export const breakByte = 0x20;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const foldedCharacters = new Map<string, Uint8Array>();
const capital = /\p{Lu}/u;

/** Folded bytes, and for each where it comes from. */
export interface FoldedText {
  readonly bytes: Uint8Array;
  /** For every byte 1 when it is the first of a capital letter. */
  readonly capitals: Uint8Array;
  /** For every byte the UTF-16 index of its character in the text. */
  readonly positions: Int32Array;
}

/** Folds a text. Breaks at its ends stay, runs of them become one. */
export function foldText(text: string): FoldedText {
  const bytes: number[] = [];
  const capitals: number[] = [];
  const positions: number[] = [];
  let position = 0;
  for (const character of text) {
    append(character, bytes, capitals);
    while (positions.length < bytes.length) positions.push(position);
    position += character.length;
  }
  return {
    bytes: Uint8Array.from(bytes),
    capitals: Uint8Array.from(capitals),
    positions: Int32Array.from(positions),
  };
}

/** Folds bytes that may begin or end inside a character; such parts stay as they are. */
export function foldBytes(source: Uint8Array): Pick<FoldedText, "bytes" | "capitals"> {
  const bytes: number[] = [];
  const capitals: number[] = [];
  for (let at = 0; at < source.length;) {
    const length = characterLength(source, at);
    if (length === 0) {
      bytes.push(source[at++]!);
      capitals.push(0);
      continue;
    }
    append(decoder.decode(source.subarray(at, at + length)), bytes, capitals);
    at += length;
  }
  return { bytes: Uint8Array.from(bytes), capitals: Uint8Array.from(capitals) };
}

/** Whether a byte goes on in a character that began before it. */
export function continuesCharacter(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/**
 * Whether a character that begins with this byte is a word by itself: kana and Han characters (U+3000 to U+9FFF, U+F000 to
 * U+FFFF and the planes from U+10000 on). Hangul, whose words have spaces between them, begins with other bytes.
 */
export function standsAlone(lead: number): boolean {
  return (lead >= 0xe3 && lead <= 0xe9) || lead === 0xef || lead === 0xf0;
}

function append(character: string, bytes: number[], capitals: number[]): void {
  const folded = foldedCharacter(character);
  if (folded[0] === breakByte && bytes.at(-1) === breakByte) return;
  for (const [i, byte] of folded.entries()) {
    bytes.push(byte);
    capitals.push(i === 0 && capital.test(character) ? 1 : 0);
  }
}

function foldedCharacter(character: string): Uint8Array {
  let folded = foldedCharacters.get(character);
  if (!folded) {
    const plain = character
      .normalize("NFKD")
      .replace(/[\u0300-\u036f]/g, "")
      .normalize("NFC")
      .toLowerCase();
    // + and # tell C, C++ and C# apart. A mark alone goes with the letter before it.
    const letters = plain === "" ? "" : plain.replace(/[^\p{L}\p{N}\p{M}+#]+/gu, " ");
    folded = encoder.encode(letters);
    foldedCharacters.set(character, folded);
  }
  return folded;
}

/** Bytes of the whole character at `at`; 0 when it is not whole. */
function characterLength(source: Uint8Array, at: number): number {
  const lead = source[at]!;
  const length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length === 0 || at + length > source.length) return 0;
  for (let i = 1; i < length; i++) if (!continuesCharacter(source[at + i]!)) return 0;
  return length;
}
