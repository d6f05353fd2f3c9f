/**
 * Folders in the cache that hold what was made from a model's files, so that it is made once and not at every start.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";

/** What a folder is made from, and by which version of the code. */
export interface Derivation {
  /** Begins the folder's name, such as `whisper-small`. */
  readonly id: string;
  /** Files that it is made from; when one changes, it is made again. */
  readonly sources: readonly string[];
  /** Changes when the same files are to be made into something else. */
  readonly version: string;
}

/**
 * The folder of a derivation below `parent`. When it is not there, `make` fills a new folder, which then takes its name in
 * one step, so that nobody ever sees half of it. What an older version made of the same files is deleted.
 *
 * @throws what `make` throws, and the file system's errors
 */
export async function derivedFolder(
  parent: string,
  derivation: Derivation,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const family = `${derivation.id.replace(/[^\w.-]+/g, "_")}-${shortHash(derivation.sources)}`;
  const stamps = await Promise.all(
    derivation.sources.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return [size, mtimeMs];
    }),
  );
  const folder = join(parent, `${family}-${shortHash([derivation.version, stamps])}`);
  if (await exists(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const unfinished = `${folder}.${randomBytes(4).toString("hex")}.tmp`;
  await mkdir(unfinished);
  try {
    await make(unfinished);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      // Another process was faster; its folder is as good.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  for (const name of await readdir(parent)) {
    const isOlder =
      name.startsWith(`${family}-`) && !name.startsWith(basename(folder)) && !name.endsWith(".tmp");
    // A process that still has it open may not let go of it; the next one deletes it.
    if (isOlder) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
  return folder;
}

function shortHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
