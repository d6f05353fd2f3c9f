/**
 * The data folder: the database, recordings, uploads under way, and lists of terms. One server at a time may use it.
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readdir, rm, stat, statfs, utimes } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import { Database, openDatabase } from "./store/database.ts";

const sparedBytes = 256 * 1024 * 1024;
/** A file that nobody knows is deleted when it is older: a request that uses it may be under way. */
const orphanMilliseconds = 24 * 60 * 60_000;

export class DataFolder implements Disposable {
  readonly path: string;
  readonly database: Database;
  readonly #lock: Database;

  /** @throws GlossaError `write-failed` when it cannot be used, or another server uses it */
  constructor(path: string) {
    this.path = path;
    try {
      for (const name of ["recordings", "incoming", "uploads", "terms"]) {
        mkdirSync(join(path, name), { recursive: true });
      }
    } catch (cause) {
      throw new GlossaError("write-failed", `${path}: cannot be used: ${(cause as Error).message}`, {
        cause,
      });
    }
    this.#lock = lock(path);
    this.database = openDatabase(path);
  }

  recording(file: string): string {
    return join(this.path, "recordings", file);
  }

  incoming(file: string): string {
    return join(this.path, "incoming", file);
  }

  get uploads(): string {
    return join(this.path, "uploads");
  }

  termsFile(name: string): string {
    return join(this.path, "terms", `${name}.json`);
  }

  /**
   * Keeps a list of terms for as long as jobs need it. Equal lists are kept once.
   * @returns its name; null for an empty list
   */
  async keepTerms(terms: readonly Term[]): Promise<string | null> {
    if (terms.length === 0) return null;
    const text = JSON.stringify(terms);
    const name = createHash("sha256").update(text).digest("hex");
    const file = this.termsFile(name);
    // As good as new, or clearing up would take it from whoever is about to read it.
    const now = new Date();
    const exists = await utimes(file, now, now).then(
      () => true,
      () => false,
    );
    if (!exists) await writeFileAtomic(file, text);
    return name;
  }

  /** Bytes that may still be written; some are left, for the database and for ending in good order. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return Math.max(0, bavail * bsize - sparedBytes);
  }

  /** Deletes what requests left behind that were broken off, and lists of terms that no job needs any more. */
  async sweep(inUse: { recordings: ReadonlySet<string>; terms: ReadonlySet<string> }): Promise<void> {
    const isUsed: Record<string, (name: string) => boolean> = {
      incoming: () => false,
      uploads: () => false,
      recordings: (name) => inUse.recordings.has(name),
      terms: (name) => inUse.terms.has(name.replace(/\.json$/, "")),
    };
    for (const [folder, used] of Object.entries(isUsed)) {
      for (const name of await readdir(join(this.path, folder))) {
        if (used(name)) continue;
        const file = join(this.path, folder, name);
        // What is known of an upload is written once, beside the file that grows.
        const files = folder === "uploads" ? [file, file.replace(/\.json$/, "")] : [file];
        const times = await Promise.all(files.map((path) => stat(path).catch(() => null)));
        const newest = Math.max(...times.map((status) => status?.mtimeMs ?? 0));
        if (newest > 0 && Date.now() - newest > orphanMilliseconds)
          await rm(file, { force: true, recursive: true });
      }
    }
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }
}

/** The system lets go of the lock when the process ends, however it ends. */
function lock(path: string): Database {
  try {
    const database = new Database(join(path, "lock.db"), 0);
    database.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;");
    return database;
  } catch (cause) {
    throw new GlossaError(
      "write-failed",
      `${path}: another server uses this data folder; stop it, or give this one another folder with --data`,
      { cause },
    );
  }
}
