/**
 * A file on its way into a model's folder: written under another name, hashed on the way, and given its own name only
 * when size and hash are right. A name that exists in a model's folder therefore always stands for a whole file.
 */
import { createHash, type Hash } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { GlossaError } from "../errors.ts";
import type { ModelFile } from "./manifest.ts";

export class IncomingFile {
  receivedBytes = 0;
  readonly #file: ModelFile;
  readonly #folder: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  #isOpen = true;

  private constructor(file: ModelFile, folder: string, handle: FileHandle) {
    this.#file = file;
    this.#folder = folder;
    this.#handle = handle;
  }

  /**
   * @param resume keep what an earlier download left; `receivedBytes` says how much that is
   * @throws GlossaError `write-failed`
   */
  static async open(file: ModelFile, folder: string, resume = false): Promise<IncomingFile> {
    const path = partPath(file, folder);
    try {
      const incoming = new IncomingFile(file, folder, await open(path, resume ? "a+" : "w"));
      if (resume) await incoming.#readExisting();
      return incoming;
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  async #readExisting(): Promise<void> {
    for await (const chunk of this.#handle.createReadStream({ start: 0, autoClose: false })) {
      this.#hash.update(chunk as Buffer);
      this.receivedBytes += (chunk as Buffer).length;
    }
  }

  /** @throws GlossaError `write-failed`, or `model-corrupt` when more comes than the manifest says */
  async write(chunk: Uint8Array): Promise<void> {
    this.receivedBytes += chunk.length;
    if (this.receivedBytes > this.#file.bytes) {
      await this.discard();
      throw new GlossaError("model-corrupt", `${this.#file.name} is larger than ${this.#file.bytes} bytes.`);
    }
    this.#hash.update(chunk);
    try {
      await this.#handle.writeFile(chunk);
    } catch (error) {
      await this.discard();
      throw writeFailure(error, partPath(this.#file, this.#folder));
    }
  }

  /** Checks size and hash and gives the file its name. @throws GlossaError `model-corrupt`, `write-failed` */
  async finish(): Promise<void> {
    const { name, bytes, sha256 } = this.#file;
    const actual = this.#hash.digest("hex");
    if (this.receivedBytes !== bytes || actual !== sha256) {
      await this.discard();
      const found =
        this.receivedBytes === bytes ? `has the SHA-256 ${actual}` : `has ${this.receivedBytes} bytes`;
      const expected = this.receivedBytes === bytes ? sha256 : `${bytes} bytes`;
      throw new GlossaError("model-corrupt", `${name} ${found}, expected ${expected}.`);
    }
    const path = partPath(this.#file, this.#folder);
    try {
      await this.#handle.sync();
      await this.keep();
      await rename(path, join(this.#folder, name));
    } catch (error) {
      await this.discard();
      throw writeFailure(error, join(this.#folder, name));
    }
  }

  /** Closes the file and leaves what is there for a later `resume`. */
  async keep(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }

  /** Closes and deletes it. */
  async discard(): Promise<void> {
    await this.keep();
    await rm(partPath(this.#file, this.#folder), { force: true });
  }
}

export const partSuffix = ".part";

function partPath(file: ModelFile, folder: string): string {
  return join(folder, file.name + partSuffix);
}

/** Turns an error of the file system into one that says what to do. */
export function writeFailure(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || error instanceof GlossaError) return error;
  const elsewhere = "choose another cache folder with GLOSSA_CACHE";
  const advice =
    code === "ENOSPC" || code === "EDQUOT"
      ? `the disk is full; free some space or ${elsewhere}`
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? `no permission to write there; ${elsewhere}`
        : `${(error as Error).message}; ${elsewhere}`;
  return new GlossaError("write-failed", `Cannot write ${path}: ${advice}.`, { cause: error });
}
