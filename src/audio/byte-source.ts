/**
 * Opens whatever holds the bytes of a recording (a path, standard input, a stream, an array) as one kind of source.
 */
import { open, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { GlossaError } from "../errors.ts";

/** Anything that holds the bytes of an audio or video file. */
export type ByteInput = string | URL | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface ByteSource {
  /** For messages: the path as given, or what kind of input it is. */
  name: string;
  /** Absolute path of a regular file; null for everything that can only be read once. */
  path: string | null;
  /** Size; null for streams. */
  totalBytes: number | null;
  /** The bytes in order; to be read once. */
  chunks: AsyncIterable<Uint8Array>;
  /** Reads up to `size` last bytes without moving on; null for streams. */
  readTail: ((size: number) => Promise<Uint8Array>) | null;
  /** Gives back the file or stream. Safe to call again. */
  close: () => Promise<void>;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * @param input a path, `-` for standard input, a `file:` URL, bytes, or a stream of bytes
 * @throws GlossaError `unreadable-input` when it is missing, a directory or not permitted; `invalid-argument` when
 *   it is something else altogether
 */
export async function openByteSource(input: ByteInput): Promise<ByteSource> {
  if (input === "-") return streamSource(process.stdin, "standard input");
  if (typeof input === "string") return openFile(input, input);
  if (input instanceof URL) {
    if (input.protocol !== "file:") {
      throw new GlossaError(
        "invalid-argument",
        `${input.href}: only file: URLs can be read; download it first`,
      );
    }
    return openFile(fileURLToPath(input), fileURLToPath(input));
  }
  if (input instanceof Uint8Array) return memorySource(input);
  if (typeof input === "object" && input !== null && Symbol.asyncIterator in input) {
    return streamSource(input, "audio stream");
  }
  throw new GlossaError(
    "invalid-argument",
    "audio must be a path, a file: URL, a Uint8Array, a stream of them, or { samples, sampleRate }",
  );
}

function memorySource(bytes: Uint8Array): ByteSource {
  return {
    name: "audio bytes",
    path: null,
    totalBytes: bytes.length,
    chunks: (async function* () {
      for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
        yield bytes.subarray(start, start + CHUNK_BYTES);
      }
    })(),
    readTail: async (size) => bytes.subarray(Math.max(0, bytes.length - size)),
    close: async () => {},
  };
}

function streamSource(stream: AsyncIterable<Uint8Array>, name: string): ByteSource {
  // The reader of `chunks` ends the iteration, and with that the stream.
  return { name, path: null, totalBytes: null, chunks: stream, readTail: null, close: async () => {} };
}

async function openFile(path: string, name: string): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (cause) {
    throw unreadable(name, cause);
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      throw new GlossaError("unreadable-input", `${name} is a directory; name the audio files in it`);
    }
    // Pipes and devices (`/dev/stdin`, `<(command)`) have no size and no end to look at.
    if (!stat.isFile()) return streamSource(handle.createReadStream(), name);
    return {
      name,
      path: resolve(path),
      totalBytes: stat.size,
      chunks: readChunks(handle),
      // What cannot be read there is reported when its turn comes.
      readTail: (size) => readAt(handle, Math.max(0, stat.size - size), size).catch(() => new Uint8Array(0)),
      close: () => handle.close(),
    };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

async function* readChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    const chunk = await readAt(handle, position, CHUNK_BYTES);
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

async function readAt(handle: FileHandle, position: number, size: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(size), 0, size, position);
  return buffer.subarray(0, bytesRead);
}

function unreadable(name: string, cause: unknown): GlossaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file; check the path",
    ENOTDIR: "there is no such file; check the path",
    EACCES: "no permission to read it; change its permissions or copy it",
    EPERM: "no permission to read it; change its permissions or copy it",
  };
  const reason = reasons[code ?? ""] ?? message;
  return new GlossaError("unreadable-input", `${name || '""'}: ${reason}`, { cause });
}
