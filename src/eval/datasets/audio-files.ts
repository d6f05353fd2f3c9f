/** Finds audio files by their names without endings, as corpora name them by utterance. */
import { basename, extname } from "node:path";
import { glob } from "tinyglobby";

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
