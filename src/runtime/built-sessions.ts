/**
 * Sessions over programs that are built from a model's files: built once, kept in the cache, and loaded from there, where
 * the engine maps the weights into memory instead of reading them.
 */
import { join } from "node:path";
import type { Program } from "../graph/program.ts";
import { saveProgram, writeProgram } from "../graph/write-program.ts";
import { resolveCacheFolder } from "../weights/cache-folder.ts";
import { type Derivation, derivedFolder } from "../weights/derived-folder.ts";
import { createSession, type OnnxSession, type SessionOptions } from "./session.ts";

/** Changes whenever the programs or the way they are written change, so that nobody runs those of an older version. */
const programVersion = "7";

/**
 * Loads the programs that `build` makes of a model's files.
 *
 * @param names of the programs
 * @param build makes all of them; not called when they are in the cache
 */
export async function builtSessions<Name extends string>(
  derivation: Omit<Derivation, "version"> & { readonly version?: string },
  names: readonly Name[],
  build: () => Promise<Record<Name, Program>>,
  options: SessionOptions & { cacheFolder?: string; signal?: AbortSignal },
): Promise<Record<Name, OnnxSession>> {
  const { version = "" } = derivation;
  const parent = join(resolveCacheFolder(options.cacheFolder), "graphs");
  const load = async (source: (name: Name) => string | Uint8Array) => {
    const sessions = await Promise.all(names.map((name) => createSession(source(name), options)));
    return Object.fromEntries(names.map((name, i) => [name, sessions[i]!])) as Record<Name, OnnxSession>;
  };
  let programs: Record<Name, Program> | null = null;
  let folder: string;
  try {
    folder = await derivedFolder(
      parent,
      { ...derivation, version: `${programVersion}.${version}` },
      async (target) => {
        programs = await build();
        for (const name of names)
          await saveProgram(programs[name], join(target, `${name}.onnx`), options.signal);
      },
    );
  } catch (error) {
    // Where the cache cannot be written, the programs live in memory. Anything else that fails is the caller's business.
    if (programs === null || (error as NodeJS.ErrnoException).code === undefined) throw error;
    const made: Record<Name, Program> = programs;
    return load((name) => writeProgram(made[name]));
  }
  programs = null;
  return load((name) => join(folder, `${name}.onnx`));
}
