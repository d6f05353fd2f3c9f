/**
 * SlideSpeech and SAP² (arXiv 2511.11139) training and test files: conversations (`messages`) about one recording
 * (`audios`). The user's message lists keywords from the slides, the assistant's is the transcript:
 *
 *     Transcribe speech to text according to keywords may appear in the utterance. Possible keywords are: …
 */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readSchemaRows } from "./json-rows.ts";
import type { ReadData, ReaderOptions } from "./utterance.ts";

const contentSchema = z.union([
  z.string(),
  z
    .array(z.looseObject({ type: z.string(), text: z.string().optional() }))
    .transform((parts) => parts.map(({ text }) => text ?? "").join("")),
]);

const rowSchema = z.looseObject({
  id: z.string().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })).min(2),
  audios: z.array(z.string()).length(1, "needs exactly one audio"),
  language: z.string().optional(),
});

/** What stands between the prompt's words and the list, and marks such as `<audio>` and `<|startofcontext|>`. */
const listStart = /(?:possible keywords are|keywords list)\s*[:：]/i;
const marks = /<audio>|<\|[^|<>]*\|>/gi;

/** @throws GlossaError `unreadable-input` */
export async function readSlideSpeech(file: string, options: ReaderOptions): Promise<ReadData> {
  const root = options.audioRoot ?? dirname(file);
  const rows = await readSchemaRows(file, rowSchema, (row) => {
    const prompt = row.messages.findLast(({ role }) => role === "user")?.content;
    const text = row.messages.findLast(({ role }) => role === "assistant")?.content;
    if (prompt === undefined || text === undefined)
      return "needs a message of the user and one of the assistant";
    if (/^\W*select keywords/i.test(prompt.replace(marks, ""))) {
      return "asks for a selection of keywords, so that its answer is no transcript";
    }
    return {
      id: row.id,
      audio: resolve(root, row.audios[0]),
      text: text.replace(marks, "").trim(),
      language: row.language,
      terms: promptKeywords(prompt),
    };
  });
  return { rows };
}

/** The keywords that a prompt lists, in its order. */
export function promptKeywords(prompt: string): string[] {
  const plain = prompt.replace(marks, " ");
  const start = listStart.exec(plain);
  if (start === null) return [];
  const words = plain
    .slice(start.index + start[0].length)
    .split(/[,，、;；\n]/)
    .map((word) => word.trim().replace(/[.。]$/, ""));
  return [...new Set(words)].filter((word) => word !== "" && word.toLowerCase() !== "none");
}
