/** Finds audio files by their names without endings, as corpora name them by utterance. */
import { stat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { glob } from "tinyglobby";
import { GlossaError } from "../../errors.ts";

const audioEndings = ["flac", "wav", "opus", "ogg", "oga", "mp3", "m4a", "sph"];

export class AudioFiles {
  readonly #byStem = new Map<string, string[]>();

  /** Looks through a folder and all folders in it. */
  static async under(folder: string): Promise<AudioFiles> {
    const files = new AudioFiles();
    const pattern = `**/*.{${audioEndings.join(",")}}`;
    const found = await glob(pattern, { cwd: folder, absolute: true, caseSensitiveMatch: false });
    for (const path of found.sort()) {
      const stem = basename(path, extname(path));
      files.#byStem.set(stem, [...(files.#byStem.get(stem) ?? []), path]);
    }
    return files;
  }

  /** The names without endings, in the order of their paths. */
  names(): string[] {
    return [...this.#byStem.keys()];
  }

  /** All files, in order. */
  paths(): string[] {
    return [...this.#byStem.values()].flat().sort();
  }

  /** The one file of that name, or what is wrong. */
  find(stem: string): { audio: string } | { problem: string } {
    const paths = this.#byStem.get(stem) ?? [];
    if (paths.length === 1) return { audio: paths[0] };
    return {
      problem: paths.length === 0 ? `no audio file named ${stem}` : `several files: ${paths.join(", ")}`,
    };
  }
}

/**
 * One file, or all audio files in a folder.
 *
 * @param setting where the path comes from, for messages: `--noise`
 * @throws GlossaError `unreadable-input` when there is nothing there, `invalid-argument` when there is no audio in it
 */
export async function audioFilesAt(path: string, setting: string): Promise<string[]> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new GlossaError("unreadable-input", `${setting}: no such file or folder: ${path}`, { cause });
  });
  if (!status.isDirectory()) return [resolve(path)];
  const files = (await AudioFiles.under(path)).paths();
  if (files.length === 0) throw new GlossaError("invalid-argument", `${setting}: no audio files in ${path}`);
  return files;
}
