/**
 * The LibriSpeech deep-biasing lists (Le et al. 2021, arXiv 2104.02194): a TSV of utterance, reference, its rare words
 * and its list with distractors, the last two as JSON. The audio stays in the LibriSpeech folders.
 */
import { GlossaError } from "../../errors.ts";
import { AudioFiles } from "./audio-files.ts";
import { readLines } from "./text-file.ts";
import type { DataRow, ReadData, ReaderOptions } from "./utterance.ts";

/** @throws GlossaError `invalid-argument` without `audioRoot`, `unreadable-input` */
export async function readLibriSpeechBiasing(file: string, options: ReaderOptions): Promise<ReadData> {
  if (options.audioRoot === undefined) {
    throw new GlossaError(
      "invalid-argument",
      `${file}: say where the audio is with --audio-root, such as LibriSpeech/test-clean`,
    );
  }
  const audioFiles = await AudioFiles.under(options.audioRoot);
  const rows = (await readLines(file)).map(({ place, line }): DataRow => {
    const cells = line.split("\t");
    if (cells.length !== 4) {
      return { place, problem: `has ${cells.length} columns; needs id, text, rare words and distractors` };
    }
    const [id, text] = cells;
    const rareWords = parseWords(cells[2]);
    const list = parseWords(cells[3]);
    if (rareWords === null || list === null) return { place, problem: "the word lists are no JSON arrays" };
    const found = audioFiles.find(id);
    if ("problem" in found) return { place, problem: found.problem };
    // Some editions of the lists repeat the rare words among the distractors.
    const own = new Set(rareWords);
    const distractors = list.filter((word) => !own.has(word));
    return { place, utterance: { id, audio: found.audio, text, language: "en", rareWords, distractors } };
  });
  return { rows };
}

function parseWords(cell: string): string[] | null {
  try {
    const words = JSON.parse(cell) as unknown;
    return Array.isArray(words) && words.every((word) => typeof word === "string") ? words : null;
  } catch {
    return null;
  }
}

/** Whether a line looks like one of these files. */
export function isLibriSpeechBiasing(line: string): boolean {
  const cells = line.split("\t");
  return cells.length === 4 && parseWords(cells[2]) !== null && parseWords(cells[3]) !== null;
}
