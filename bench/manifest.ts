/**
 * Reads a manifest and decodes all of its recordings, so that no system's time has decoding in it.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { openAudio } from "../src/audio/open-audio.ts";
import { GlossaError } from "../src/errors.ts";

export interface Utterance {
  /** Mono, 16,000 a second. */
  samples: Float32Array;
  text: string;
  language: string;
}

/** Length of the recording. */
export function secondsOf({ samples }: Utterance): number {
  return samples.length / 16_000;
}

const rowSchema = z.object({
  audio: z.string().min(1),
  text: z.string().min(1),
  language: z.string().min(2),
});

/**
 * @param path JSON lines with `audio` (a path beside the manifest), `text` and `language`
 * @param limit how many rows to take, from the first
 * @throws GlossaError `unreadable-input` for a missing manifest, `invalid-argument` for a row that cannot be measured,
 *   and whatever `openAudio` throws
 */
export async function readUtterances(path: string, limit: number): Promise<Utterance[]> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${path} cannot be read.`, { cause });
  }
  const lines = content.split("\n").map((line, index) => ({ line, number: index + 1 }));
  const rows = lines.filter(({ line }) => line.trim() !== "").slice(0, limit);
  if (rows.length === 0) throw new GlossaError("invalid-argument", `${path} holds no rows.`);
  const utterances: Utterance[] = [];
  for (const { line, number } of rows) {
    const { audio, text, language } = parseRow(line, `${path}:${number}`);
    const samples = await decodeAll(resolve(dirname(path), audio));
    if (samples.length === 0) throw new GlossaError("invalid-argument", `${audio} holds no audio.`);
    utterances.push({ samples, text, language });
  }
  return utterances;
}

function parseRow(line: string, place: string): z.infer<typeof rowSchema> {
  try {
    return rowSchema.parse(JSON.parse(line));
  } catch (cause) {
    const message = `${place}: every row needs "audio", "text" and "language" to be measured.`;
    throw new GlossaError("invalid-argument", message, { cause });
  }
}

async function decodeAll(path: string): Promise<Float32Array> {
  await using audio = await openAudio(path);
  const chunks: Float32Array[] = [];
  for await (const chunk of audio.chunks) chunks.push(chunk);
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    samples.set(chunk, position);
    position += chunk.length;
  }
  return samples;
}
