/**
 * Any audio → a stream of mono 16 kHz chunks: the one door of this folder.
 *
 *     await using audio = await openAudio("talk.mp3");
 *     for await (const chunk of audio.chunks) ...
 */
import { GlossaError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { type ByteInput, openByteSource } from "./byte-source.ts";
import { decodeWithFfmpeg } from "./decode-ffmpeg.ts";
import { decodeFlac } from "./decode-flac.ts";
import { decodeMp3 } from "./decode-mp3.ts";
import { decodeOgg } from "./decode-ogg.ts";
import { decodeWav } from "./decode-wav.ts";
import type { AudioBlock, DecodeContext, DecodedAudio } from "./decoded-audio.ts";
import { DETECTION_BYTES, detectFormat } from "./detect-format.ts";
import { checkSampleRate, toMono } from "./mono.ts";
import { id3v2Bytes } from "./mp3-frame.ts";

/** Decoded audio that is in memory already. */
export interface AudioSamples {
  /** One channel, or an array of channels of the same length; nominally in [-1, 1]. */
  samples: Float32Array | Float32Array[];
  /** Samples per second, 4,000 to 384,000. */
  sampleRate: number;
}

/** A path (`-` is standard input), a `file:` URL, the bytes of a file, a stream of them, or decoded samples. */
export type AudioInput = ByteInput | AudioSamples;

export interface OpenAudioOptions {
  /** Stops reading; the pending step rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A recording that is open for reading. */
export interface AudioStream extends AsyncDisposable {
  /** The path as given, or what kind of input it is; for messages. */
  readonly name: string;
  /** Length by the header, in seconds; null when it does not say or cannot be looked up. */
  readonly durationSeconds: number | null;
  /** Mono, 16,000 samples per second, nominally in [-1, 1], in chunks of any length but 0. To be read once. */
  readonly chunks: AsyncIterable<Float32Array>;
  /** What was wrong with the input: filled while `chunks` is read, complete at its end. */
  readonly warnings: readonly string[];
}

/**
 * Opens a recording; the format is found by its content. WAV, MP3, FLAC, Ogg Vorbis, Ogg Opus and Ogg FLAC are decoded
 * here, everything else by ffmpeg if it is on the PATH.
 *
 * Channels are averaged, rates converted with a band-limited filter. Decoding runs only as far as chunks are asked
 * for. Damaged or cut-off recordings give what can be read, and a warning; lost stretches become silence where
 * the format tells how long they are. Leaving the iteration early, or disposing, frees everything.
 *
 * @throws GlossaError `unreadable-input` (missing, a directory, not permitted), `unsupported-audio` (empty, no audio, or
 *   ffmpeg is missing), `invalid-argument` (not an audio input). Reading `chunks` may throw them too.
 */
export async function openAudio(input: AudioInput, options: OpenAudioOptions = {}): Promise<AudioStream> {
  options.signal?.throwIfAborted();
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const warnings: string[] = [];
  const source = isSamples(input) ? null : await openByteSource(input);
  const name = source?.name ?? "audio samples";
  const context: DecodeContext = {
    name,
    path: source?.path ?? null,
    totalBytes: source?.totalBytes ?? null,
    readTail: source?.readTail ?? null,
    warn: (problem) => warnings.push(`${name}: ${problem}`),
    signal,
  };
  const reader = source && new ByteReader(source.chunks, name, signal);
  const close = async () => {
    closing.abort(new GlossaError("invalid-argument", `${name}: the audio stream was closed`));
    reader?.close();
    await source?.close();
  };
  try {
    const decoded =
      reader === null ? decodeSamples(input as AudioSamples, context) : await decode(reader, context);
    return {
      name,
      durationSeconds: decoded.durationSeconds,
      chunks: readOnce(readChunks(decoded.blocks, context, close), name),
      warnings,
      [Symbol.asyncDispose]: close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function isSamples(input: AudioInput): input is AudioSamples {
  return typeof input === "object" && input !== null && "samples" in input;
}

async function decode(reader: ByteReader, context: DecodeContext): Promise<DecodedAudio> {
  if ((await reader.peek(1)).length === 0) {
    throw new GlossaError("unsupported-audio", `${context.name} is empty: there is no audio in it`);
  }
  // ID3 tags stand before MP3, but also before FLAC and AAC.
  for (let size = id3v2Bytes(await reader.peek(10)); size > 0; size = id3v2Bytes(await reader.peek(10))) {
    await reader.skip(size);
  }
  const format = detectFormat(await reader.peek(DETECTION_BYTES));
  switch (format.reader) {
    case "wav":
      return decodeWav(reader, context);
    case "mp3":
      return decodeMp3(reader, context);
    case "flac":
      return decodeFlac(reader, context);
    case "ogg":
      return decodeOgg(reader, context);
    case "ffmpeg":
      return decodeWithFfmpeg(reader, format, context);
    case "none":
      throw new GlossaError("unsupported-audio", `${context.name} is ${format.label}, not audio`);
  }
}

function decodeSamples({ samples, sampleRate }: AudioSamples, context: DecodeContext): DecodedAudio {
  const channels = Array.isArray(samples) ? samples : [samples];
  if (channels.length === 0 || !channels.every((channel) => channel instanceof Float32Array)) {
    throw new GlossaError(
      "invalid-argument",
      "samples must be a Float32Array, or an array of one per channel",
    );
  }
  const { length } = channels[0];
  if (channels.some((channel) => channel.length !== length)) {
    const lengths = channels.map((channel) => channel.length).join(", ");
    throw new GlossaError("invalid-argument", `samples: the channels differ in length (${lengths})`);
  }
  checkSampleRate(sampleRate, context.name, "invalid-argument");
  async function* blocks(): AsyncGenerator<AudioBlock> {
    for (let start = 0; start < length; start += sampleRate) {
      yield { sampleRate, channels: channels.map((channel) => channel.subarray(start, start + sampleRate)) };
    }
  }
  return { durationSeconds: length / sampleRate, blocks: blocks() };
}

async function* readChunks(
  blocks: AsyncGenerator<AudioBlock>,
  context: DecodeContext,
  close: () => Promise<void>,
): AsyncGenerator<Float32Array> {
  let isEmpty = true;
  try {
    for await (const chunk of toMono(blocks, context)) {
      context.signal.throwIfAborted();
      isEmpty = false;
      yield chunk;
    }
    if (isEmpty) context.warn("there are no samples in it");
  } catch (cause) {
    if (context.signal.aborted || cause instanceof GlossaError) throw cause;
    throw new GlossaError("unsupported-audio", `${context.name}: decoding failed: ${String(cause)}`, {
      cause,
    });
  } finally {
    await close();
  }
}

/** A second reading would find nothing and look like an empty recording; it fails instead. */
function readOnce(chunks: AsyncGenerator<Float32Array>, name: string): AsyncIterable<Float32Array> {
  let wasRead = false;
  return {
    [Symbol.asyncIterator]() {
      if (wasRead) {
        throw new GlossaError("invalid-argument", `${name}: its chunks can be read only once; open it again`);
      }
      wasRead = true;
      return chunks;
    },
  };
}
