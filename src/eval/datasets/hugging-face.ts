/** JSON Lines as `datasets` exports them and as its audio folders have them (`metadata.jsonl`). */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readSchemaRows } from "./json-rows.ts";
import type { ReadData, ReaderOptions } from "./utterance.ts";

const rowSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  audio: z.looseObject({ path: z.string().nullish() }).optional(),
  file_name: z.string().optional(),
  sentence: z.string().optional(),
  text: z.string().optional(),
  transcription: z.string().optional(),
  language: z.string().optional(),
  duration: z.number().positive().optional(),
});

/** @throws GlossaError `unreadable-input` */
export async function readHuggingFace(file: string, options: ReaderOptions): Promise<ReadData> {
  const root = options.audioRoot ?? dirname(file);
  const rows = await readSchemaRows(file, rowSchema, (row) => {
    const audio = row.audio?.path ?? row.file_name;
    if (!audio) return "needs `audio.path` or `file_name`";
    const text = row.sentence ?? row.text ?? row.transcription;
    if (text === undefined) return "needs `sentence`, `text` or `transcription`";
    return {
      id: row.id === undefined ? undefined : String(row.id),
      audio: resolve(root, audio),
      text,
      language: row.language,
      durationSeconds: row.duration,
    };
  });
  return { rows };
}
