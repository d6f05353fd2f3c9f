/**
 * Every format without a decoder here goes through the ffmpeg of the machine, which hands back a WAV stream.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GlossaError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { decodeWav } from "./decode-wav.ts";
import type { AudioBlock, DecodeContext, DecodedAudio } from "./decoded-audio.ts";
import { type AudioFormat, UNKNOWN_LABEL } from "./detect-format.ts";

/**
 * Opens a recording with ffmpeg. Files are opened by ffmpeg itself, streams are piped into it, by way of a
 * temporary file where the format has to be read out of order. The process ends with `context.signal`.
 * @throws GlossaError `unsupported-audio` when ffmpeg is not on the PATH, or with its last error line when it fails
 */
export async function decodeWithFfmpeg(
  reader: ByteReader,
  format: AudioFormat,
  context: DecodeContext,
): Promise<DecodedAudio> {
  const temporaryFolder =
    context.path === null && format.needsSeeking ? await mkdtemp(join(tmpdir(), "glossa-ffmpeg-")) : null;
  const removeTemporaryFolder = async () => {
    if (temporaryFolder !== null) await rm(temporaryFolder, { recursive: true, force: true });
  };
  let ffmpeg: Ffmpeg;
  try {
    let { path } = context;
    if (temporaryFolder !== null) {
      path = join(temporaryFolder, "input");
      await writeToFile(reader, path, context);
    }
    ffmpeg = new Ffmpeg(path, reader, format, context);
  } catch (cause) {
    await removeTemporaryFolder();
    throw cause;
  }
  const cleanedUp = ffmpeg.ended.then(removeTemporaryFolder);

  const wav = new ByteReader(ffmpeg.output, context.name, context.signal);
  if ((await wav.peek(12)).length < 12) throw await ffmpeg.failure();
  const { blocks } = await decodeWav(wav, { ...context, totalBytes: null });
  return { durationSeconds: await ffmpeg.duration, blocks: readBlocks(blocks, ffmpeg, cleanedUp, context) };
}

async function* readBlocks(
  blocks: AsyncGenerator<AudioBlock>,
  ffmpeg: Ffmpeg,
  cleanedUp: Promise<void>,
  context: DecodeContext,
): AsyncGenerator<AudioBlock> {
  yield* blocks;
  await cleanedUp;
  if (ffmpeg.inputError !== null) throw ffmpeg.inputError;
  if (ffmpeg.lastError !== null) context.warn(`ffmpeg reports: ${ffmpeg.lastError}`);
}

async function writeToFile(reader: ByteReader, path: string, context: DecodeContext): Promise<void> {
  try {
    await pipeline(Readable.from(reader.remaining()), createWriteStream(path), { signal: context.signal });
  } catch (cause) {
    context.signal.throwIfAborted();
    if (cause instanceof GlossaError) throw cause;
    throw new GlossaError(
      "write-failed",
      `${context.name}: it has to be kept in a temporary file, and ${path} cannot be written: ${String(cause)}`,
      { cause },
    );
  }
}

/** A running ffmpeg that writes float WAV to its standard output. */
class Ffmpeg {
  readonly output: AsyncIterable<Uint8Array>;
  /** Length by the container's header, known before the first output; null when it does not say. */
  readonly duration: Promise<number | null>;
  /** Resolves, never rejects, when the process is gone. */
  readonly ended: Promise<void>;
  /** What went wrong in reading the input that is piped in. */
  inputError: unknown = null;
  /** The last line in which ffmpeg reported an error. */
  lastError: string | null = null;
  #spawnError: NodeJS.ErrnoException | null = null;
  readonly #format: AudioFormat;
  readonly #context: DecodeContext;

  constructor(path: string | null, reader: ByteReader, format: AudioFormat, context: DecodeContext) {
    this.#format = format;
    this.#context = context;
    const child = spawn("ffmpeg", ffmpegArguments(path), { stdio: ["pipe", "pipe", "pipe"] });
    this.output = child.stdout;
    const closed = new Promise<void>((resolve) => {
      child.once("error", (error) => {
        this.#spawnError = error;
        resolve();
      });
      child.once("close", (code, killedBy) => {
        if (code !== 0) this.lastError ??= `it ended with ${killedBy ?? `exit code ${code}`}`;
        resolve();
      });
    });
    this.ended = closed;
    this.duration = this.#readMessages(child, closed);
    const kill = () => child.kill("SIGKILL");
    context.signal.addEventListener("abort", kill, { once: true });
    void closed.then(() => context.signal.removeEventListener("abort", kill));
    if (context.signal.aborted) kill();

    const input = path === null ? reader.remaining() : [];
    pipeline(Readable.from(input), child.stdin).catch((cause: NodeJS.ErrnoException) => {
      // ffmpeg may stop reading early; what is wrong with it then stands in its messages.
      if (cause.code !== "EPIPE" && cause.code !== "ERR_STREAM_PREMATURE_CLOSE") this.inputError = cause;
    });
  }

  /** Waits for the end and says why nothing came out. */
  async failure(): Promise<unknown> {
    await this.ended;
    this.#context.signal.throwIfAborted();
    if (this.inputError !== null) return this.inputError;
    const { label } = this.#format;
    const { name } = this.#context;
    const known = label !== UNKNOWN_LABEL;
    if (this.#spawnError !== null) {
      const what = known
        ? `the format is ${label}`
        : "the format is not known (it is no WAV, MP3, FLAC or Ogg)";
      const reason =
        this.#spawnError.code === "ENOENT" ? "is not on the PATH" : `fails: ${this.#spawnError.message}`;
      return new GlossaError(
        "unsupported-audio",
        `${name}: ${what}, which needs ffmpeg, and ffmpeg ${reason}; install ffmpeg or convert the file to WAV`,
        { cause: this.#spawnError },
      );
    }
    const what = known ? `ffmpeg finds no audio in it (${label})` : "it is no audio, not even to ffmpeg";
    return new GlossaError("unsupported-audio", `${name}: ${what}: ${this.lastError ?? "it gave no reason"}`);
  }

  async #readMessages(child: ChildProcess, closed: Promise<void>): Promise<number | null> {
    let duration: number | null = null;
    let isEstimate = false;
    const durationSeen = new Promise<void>((resolve) => {
      createInterface({ input: child.stderr! }).on("line", (line) => {
        // Raw AAC and the like have no header; ffmpeg then guesses, often by a factor of two.
        if (line.includes("Estimating duration")) isEstimate = true;
        const match = /Duration: (?:(\d+):(\d+):(\d+\.\d+)|N\/A)/.exec(line);
        if (match) {
          if (match[1] !== undefined && !isEstimate)
            duration = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
          resolve();
        }
        if (/\[(error|fatal|panic)\]/.test(line)) this.lastError = plainMessage(line);
      });
    });
    await Promise.race([durationSeen, closed]);
    return duration;
  }
}

function ffmpegArguments(path: string | null): string[] {
  return [
    ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"],
    // Playlists and references inside a file must not make ffmpeg fetch anything.
    ["-protocol_whitelist", "file,pipe", "-i", path === null ? "pipe:0" : `file:${path}`],
    // Silence where the sound starts late or has holes, so that times are those of the video.
    ["-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"],
    ["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"],
  ].flat();
}

/** `[mov,mp4 @ 0x55d] [error] moov atom not found` → `moov atom not found`. */
function plainMessage(line: string): string {
  return line.replaceAll(/\[[^\]]* @ 0x[0-9a-f]+\] |\[(error|fatal|panic)\] /g, "").trim();
}
