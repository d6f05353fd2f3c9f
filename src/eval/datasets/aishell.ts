/**
 * AISHELL: a folder of audio and `transcript/*.txt`; with a hotword list (`hotword*.txt`, one a line) that becomes the
 * glossary of the whole set.
 */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { glob } from "tinyglobby";
import { GlossaError } from "../../errors.ts";
import { AudioFiles } from "./audio-files.ts";
import { readLines, splitKey } from "./text-file.ts";
import type { DataRow, ReadData } from "./utterance.ts";

/** How far above a folder of audio such as `wav/test` its transcripts may be. */
const largestDistance = 3;

/** The folder with `transcript/` that a folder of audio belongs to; null when there is none. */
export async function findAishellRoot(folder: string): Promise<string | null> {
  let root = resolve(folder);
  for (let distance = 0; distance <= largestDistance; distance++, root = dirname(root)) {
    if ((await stat(join(root, "transcript")).catch(() => null))?.isDirectory()) return root;
  }
  return null;
}

/**
 * @param folder the whole corpus, or a part of its audio such as `data_aishell/wav/test`
 * @throws GlossaError `unreadable-input`
 */
export async function readAishell(folder: string): Promise<ReadData> {
  const root = await findAishellRoot(folder);
  if (root === null) {
    throw new GlossaError("unreadable-input", `${folder}: no folder transcript/ in it or above it`);
  }
  const texts = new Map<string, string>();
  for (const file of (await glob("transcript/*.txt", { cwd: root })).sort()) {
    for (const { line } of await readLines(join(root, file))) {
      const { key, rest } = splitKey(line);
      texts.set(key, rest);
    }
  }
  const lists = await glob("hotword*.txt", { cwd: root });
  const glossary: string[] = [];
  for (const list of lists.sort()) {
    glossary.push(...(await readLines(join(root, list))).map(({ line }) => line.trim()));
  }
  const audioFiles = await AudioFiles.under(folder);
  const rows = audioFiles.names().map((id): DataRow => {
    const found = audioFiles.find(id);
    const text = texts.get(id);
    if ("problem" in found) return { place: id, problem: found.problem };
    if (text === undefined) return { place: found.audio, problem: "has no line in transcript/*.txt" };
    return { place: found.audio, utterance: { id, audio: found.audio, text, language: "zh" } };
  });
  return { rows, glossary: lists.length > 0 ? glossary : undefined };
}
