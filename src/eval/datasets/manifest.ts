/** Glossa's own manifest: JSON Lines with `audio`, `text` and what else is known. */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readSchemaRows } from "./json-rows.ts";
import type { ReadData, ReaderOptions } from "./utterance.ts";

const strings = z.array(z.string()).optional();

const rowSchema = z.looseObject({
  id: z.string().min(1).optional(),
  audio: z.string().min(1),
  text: z.string().nullable(),
  language: z.string().min(2).optional(),
  duration: z.number().positive().optional(),
  speaker: z.string().optional(),
  terms: strings,
  rare_words: strings,
  keywords: strings,
  segments: z
    .array(z.looseObject({ start: z.number(), end: z.number().optional(), text: z.string() }))
    .optional(),
  context: z.string().optional(),
});

/** @throws GlossaError `unreadable-input` */
export async function readManifest(file: string, options: ReaderOptions): Promise<ReadData> {
  const root = options.audioRoot ?? dirname(file);
  const rows = await readSchemaRows(file, rowSchema, (row) => ({
    id: row.id,
    audio: resolve(root, row.audio),
    text: row.text,
    language: row.language,
    durationSeconds: row.duration,
    terms: row.terms,
    rareWords: row.rare_words,
    keywords: row.keywords,
    segments: row.segments?.map(({ start, end, text }) => ({ start, end, text })),
    context: row.context,
    speaker: row.speaker,
  }));
  return { rows };
}
