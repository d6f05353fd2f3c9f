/** LibriSpeech as it comes: folders with `*.trans.txt`, the audio of each line beside it. */
import { dirname, join } from "node:path";
import { glob } from "tinyglobby";
import { AudioFiles } from "./audio-files.ts";
import { readLines, splitKey } from "./text-file.ts";
import type { DataRow, ReadData } from "./utterance.ts";

/** @throws GlossaError `unreadable-input` */
export async function readLibriSpeech(folder: string): Promise<ReadData> {
  const files = (await glob("**/*.trans.txt", { cwd: folder })).sort();
  const rows: DataRow[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const audioFiles = await AudioFiles.under(dirname(path));
    for (const { place, line } of await readLines(path)) {
      const { key, rest } = splitKey(line);
      const found = audioFiles.find(key);
      rows.push(
        "problem" in found
          ? { place, problem: found.problem }
          : { place, utterance: { id: key, audio: found.audio, text: rest, language: "en" } },
      );
    }
  }
  return { rows };
}
