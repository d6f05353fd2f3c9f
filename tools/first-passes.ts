/** What a recogniser hears in the recordings of a data set without terms: the first pass that terms are looked for in. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRecogniser } from "../src/recognise/recognise.ts";
import type { HeardWord } from "../src/retrieval/heard-words.ts";

export interface FirstPass {
  readonly text: string;
  readonly terms: readonly string[];
  readonly words: readonly HeardWord[];
}

/** Greedy; kept in the folder given by GLOSSA_FIRST_PASSES, if any. */
export async function firstPasses(dataSet: string, modelId: string): Promise<FirstPass[]> {
  const cache = process.env.GLOSSA_FIRST_PASSES;
  const file = cache === undefined ? null : join(cache, `${dataSet.split("/").at(-1)}-${modelId}.json`);
  if (file !== null && existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as FirstPass[];
  const rows = readFileSync(join(dataSet, "manifest.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line) as {
          audio: string;
          text: string;
          language: string;
          rare_words?: string[];
          terms?: string[];
        },
    );
  await using recogniser = await createRecogniser({ model: modelId });
  const found: FirstPass[] = [];
  for (const { audio, text, language, rare_words: rareWords, terms } of rows) {
    const transcript = await recogniser.recognise(join(dataSet, audio), { language, beamSize: 1 });
    const words = transcript.segments.flatMap((segment) => segment.words);
    found.push({ text, terms: rareWords ?? terms ?? [], words });
  }
  if (file !== null) writeFileSync(file, JSON.stringify(found));
  return found;
}
