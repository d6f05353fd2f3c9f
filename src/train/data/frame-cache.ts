/**
 * What an encoder heard in utterances, kept on disk as float16 so that training never runs the encoder: shards that only grow,
 * and an index of one JSON line an utterance. A line is written after its frames, so that whatever is in the index is there;
 * what a stop left behind the last line is written over.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, stat, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { fromFloat16, toFloat16 } from "../../weights/float-tensor.ts";
import { withFolderLock } from "../../weights/folder-lock.ts";

const descriptionFile = "frames.json";
const indexFile = "index.jsonl";
/** Small enough to be copied and backed up like any file. */
const mostShardBytes = 512 * 1024 * 1024;

const descriptionSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  fingerprint: z.string(),
  /** Numbers in a frame. */
  width: z.number().int().positive(),
  /** Frames a second. */
  frameRate: z.number().positive(),
  /** Longest window of the model. */
  maximumSeconds: z.number().positive(),
});

/** Whose frames they are. */
export type FramesDescription = Omit<z.infer<typeof descriptionSchema>, "version">;
export type FramesShape = Omit<FramesDescription, "model" | "fingerprint">;

const entrySchema = z.union([
  z.object({
    key: z.string(),
    shard: z.number().int().min(0),
    /** Frames of the shard before these. */
    start: z.number().int().min(0),
    frames: z.number().int().positive(),
    seconds: z.number().positive(),
  }),
  z.object({ key: z.string(), problem: z.string() }),
]);

/** Where the frames of an utterance stand. */
export interface CachedFrames {
  readonly key: string;
  readonly shard: number;
  readonly start: number;
  readonly frames: number;
  /** Length of the audio. */
  readonly seconds: number;
}

/** An utterance whose audio cannot be used, so that it need not be decoded again to know. */
export interface CachedProblem {
  readonly key: string;
  readonly problem: string;
}

/** Frames to be kept. */
export interface NewFrames {
  readonly key: string;
  readonly seconds: number;
  /** `[frames, width]` */
  readonly data: Float32Array;
}

/** Keeps frames and problems. @throws GlossaError `write-failed`; then none of them is kept */
export type AddFrames = (items: readonly (NewFrames | CachedProblem)[]) => Promise<void>;

export class FrameCache implements AsyncDisposable {
  readonly folder: string;
  readonly description: FramesDescription;
  readonly #entries = new Map<string, CachedFrames | CachedProblem>();
  readonly #shards = new Map<number, Promise<FileHandle>>();
  #indexBytes = 0;
  /** Frames in every shard that the index knows of. */
  readonly #framesInShard: number[] = [];

  private constructor(folder: string, description: FramesDescription) {
    this.folder = folder;
    this.description = description;
  }

  /**
   * Opens the cache of a model, or begins one.
   *
   * @param shape called only when the cache is new
   * @throws GlossaError `invalid-argument` when the folder holds frames of another model, `write-failed`
   */
  static async open(
    folder: string,
    identity: Pick<FramesDescription, "model" | "fingerprint">,
    shape: () => Promise<FramesShape>,
  ): Promise<FrameCache> {
    await writing(folder, () => mkdir(folder, { recursive: true }));
    const path = join(folder, descriptionFile);
    const text = await readFile(path, "utf8").catch(() => null);
    let description: FramesDescription;
    if (text === null) {
      description = { ...identity, ...(await shape()) };
      const content = `${JSON.stringify({ version: 1, ...description }, null, 2)}\n`;
      await writing(folder, () => writeFileAtomic(path, content));
    } else {
      const stored = descriptionSchema.safeParse(parsed(text));
      if (!stored.success || stored.data.fingerprint !== identity.fingerprint) {
        const whose = stored.success
          ? `frames of another ${stored.data.model}`
          : "no frames that can be read";
        throw new GlossaError(
          "invalid-argument",
          `${folder} holds ${whose}, not of this ${identity.model}; name another folder or delete this one.`,
        );
      }
      description = stored.data;
    }
    const cache = new FrameCache(folder, description);
    await cache.#readIndex();
    return cache;
  }

  /** How many utterances it holds frames of. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CachedFrames | CachedProblem | undefined {
    return this.#entries.get(key);
  }

  /**
   * Runs `work` as the only process that adds to this cache, after reading what others have added.
   *
   * @param work gets a signal that aborts when the caller's does, or when the lock is lost
   */
  async adding<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal, add: AddFrames) => Promise<T>,
  ): Promise<T> {
    return withFolderLock(this.folder, signal, async (locked) => {
      await this.#readIndex();
      // What a process that was killed left half written.
      await truncate(join(this.folder, indexFile), this.#indexBytes).catch(() => {});
      return work(locked, (items) => this.#add(items));
    });
  }

  async #add(items: readonly (NewFrames | CachedProblem)[]): Promise<void> {
    const lines: string[] = [];
    const added: (CachedFrames | CachedProblem)[] = [];
    await writing(this.folder, async () => {
      for (const item of items) {
        const entry = "problem" in item ? item : await this.#write(item);
        lines.push(`${JSON.stringify(entry)}\n`);
        added.push(entry);
      }
      const bytes = Buffer.from(lines.join(""));
      const index = await open(join(this.folder, indexFile), "a");
      try {
        await index.appendFile(bytes);
      } finally {
        await index.close();
      }
      this.#indexBytes += bytes.length;
    });
    for (const entry of added) this.#keep(entry);
  }

  /** The frames of an utterance, `[frames, width]`. @throws GlossaError `unreadable-input` when the shard is cut short */
  async read(entry: CachedFrames, into?: Float32Array): Promise<Float32Array> {
    const { width } = this.description;
    const bits = new Uint16Array(entry.frames * width);
    const bytes = new Uint8Array(bits.buffer);
    const { bytesRead } = await (
      await this.#shard(entry.shard)
    ).read(bytes, 0, bytes.length, entry.start * width * 2);
    if (bytesRead < bytes.length) {
      throw new GlossaError(
        "unreadable-input",
        `${this.#shardPath(entry.shard)} is cut short; delete ${this.folder} and prepare the data again.`,
      );
    }
    return fromFloat16(bits, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const files = [...this.#shards.values()];
    this.#shards.clear();
    for (const file of files) await (await file).close();
  }

  async #write({ key, seconds, data }: NewFrames): Promise<CachedFrames> {
    const { width } = this.description;
    const bits = toFloat16(data);
    const bytes = new Uint8Array(bits.buffer);
    const last = Math.max(0, this.#framesInShard.length - 1);
    const isFull = (this.#framesInShard[last] ?? 0) * width * 2 + bytes.length > mostShardBytes;
    const shard = isFull && (this.#framesInShard[last] ?? 0) > 0 ? last + 1 : last;
    const start = this.#framesInShard[shard] ?? 0;
    const file = await this.#shard(shard);
    // A disk that is nearly full takes a part, and says so only when the rest is written.
    for (let done = 0; done < bytes.length;) {
      done += (await file.write(bytes, done, bytes.length - done, start * width * 2 + done)).bytesWritten;
    }
    const entry = { key, shard, start, frames: data.length / width, seconds };
    this.#framesInShard[shard] = start + entry.frames;
    return entry;
  }

  #shard(shard: number): Promise<FileHandle> {
    let file = this.#shards.get(shard);
    if (file === undefined) {
      const path = this.#shardPath(shard);
      // Reading and writing; made when it is not there.
      file = open(path, "r+").catch(() => open(path, "w+"));
      this.#shards.set(shard, file);
    }
    return file;
  }

  #shardPath(shard: number): string {
    return join(this.folder, `frames-${String(shard).padStart(4, "0")}.f16`);
  }

  #keep(entry: CachedFrames | CachedProblem): void {
    this.#entries.set(entry.key, entry);
    if ("problem" in entry) return;
    for (let shard = this.#framesInShard.length; shard <= entry.shard; shard++)
      this.#framesInShard[shard] = 0;
    const end = entry.start + entry.frames;
    this.#framesInShard[entry.shard] = Math.max(this.#framesInShard[entry.shard]!, end);
  }

  async #readIndex(): Promise<void> {
    const path = join(this.folder, indexFile);
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size === this.#indexBytes) return;
    const bytes = await readFile(path);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    for (const [number, line] of bytes.toString("utf8", 0, whole).split("\n").entries()) {
      if (line === "") continue;
      const entry = entrySchema.safeParse(parsed(line));
      if (!entry.success) {
        throw new GlossaError(
          "unreadable-input",
          `${path}:${number + 1} is damaged; delete ${this.folder} and prepare the data again.`,
        );
      }
      this.#keep(entry.data);
    }
    this.#indexBytes = whole;
  }
}

/**
 * The name under which frames are kept: whatever changes them changes it.
 *
 * @param alone whether they are of a window without other utterances
 */
export function frameKey(
  fingerprint: string,
  audioSha256: string,
  perturbation: object | null,
  alone = false,
): string {
  const parts = [fingerprint, audioSha256, perturbation, ...(alone ? ["alone"] : [])];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof GlossaError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    const isFull = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    const why = isFull ? "the disk is full" : (cause as Error).message;
    throw new GlossaError("write-failed", `Frames cannot be kept in ${folder}: ${why}`, { cause });
  }
}
