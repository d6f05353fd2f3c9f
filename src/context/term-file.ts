/**
 * Glossary files: from bytes on disk to terms. Finds the format by the file's ending and the encoding by its byte
 * order mark, and says in plain words why a file cannot be a glossary.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { GlossaError } from "../errors.ts";
import type { TermList } from "./term-list.ts";
import { parseTerms, type TermFormat } from "./terms.ts";

/** Largest glossary file in bytes: about a million terms. A larger file is something else. */
const largestFileBytes = 64 * 1024 * 1024;

const formatByEnding: Record<string, TermFormat> = {
  ".tsv": "tsv",
  ".tab": "tsv",
  ".csv": "csv",
  ".json": "json",
};

/**
 * Reads a glossary: `.tsv` and `.csv` as tables, `.json` as JSON, anything else as one term a line, unless it begins with the header of a table of
 * terms (`glossa terms extract deck.pdf > terms`). UTF-8 with or without a byte order mark, or UTF-16 with one.
 *
 * @throws GlossaError `unreadable-input` when the file cannot be read, `invalid-terms` when it is no glossary
 */
export async function readTerms(file: string): Promise<TermList> {
  const bytes = await readBytes(file);
  const text = decodeText(bytes, file);
  const format = formatByEnding[extname(file).toLowerCase()] ?? (/^term\t/i.test(text) ? "tsv" : "txt");
  return parseTerms(text, format, file);
}

async function readBytes(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    if ((await stat(file)).isDirectory()) {
      throw new GlossaError("unreadable-input", `${file}: is a folder; give a glossary file`);
    }
    // A stream, because a glossary may be a pipe, whose size nobody knows.
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largestFileBytes) {
        throw new GlossaError("invalid-terms", `${file}: larger than 64 MiB; this cannot be a glossary`);
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "no such file"
        : code === "EACCES"
          ? "no permission to read it"
          : (cause as Error).message;
    throw new GlossaError("unreadable-input", `${file}: cannot read the glossary: ${why}`, { cause });
  }
  return Buffer.concat(chunks);
}

/** Text from bytes. @throws GlossaError `invalid-terms` for binary files and unknown encodings */
function decodeText(bytes: Uint8Array, file: string): string {
  const refuse = (why: string) => new GlossaError("invalid-terms", `${file}: not a glossary: ${why}`);
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04) {
    throw refuse("a zip archive or office document; export the list as CSV or plain text");
  }
  if (encoding === "utf-8" && bytes.includes(0)) throw refuse("a binary file (it holds zero bytes)");
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw refuse(`neither UTF-8 text nor UTF-16 with a byte order mark; save it as UTF-8`);
  }
  const control = /(?![\t-\r\u007F-\u009F])\p{Cc}/u.exec(text);
  if (control !== null) {
    const name = `U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    throw refuse(`a binary file (it holds the control character ${name})`);
  }
  return text;
}
