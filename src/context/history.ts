/**
 * The conversation so far: what was said before the recording, by whom. It tells what the talk is about; it is never part of
 * the result.
 */
import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import { DocumentBuilder } from "./documents/document.ts";
import { addSubtitles } from "./documents/subtitles.ts";
import { decodeText } from "./documents/text-encoding.ts";
import type { Term } from "./term.ts";
import { largestTermWeight } from "./term-list.ts";

/** Something that was said. */
export interface Turn {
  /** Who said it; empty when nobody knows. */
  readonly speaker: string;
  readonly text: string;
}

/** A longer history is cut at its beginning: what was said last matters most. */
const mostCharacters = 1_000_000;
const largestFileBytes = 16 * 1024 * 1024;
/** How much a term weighs more for having been said before. */
const saidBefore = 1.5;

const turnSchema = z
  .looseObject({
    speaker: z.string().optional(),
    role: z.string().optional(),
    name: z.string().optional(),
    text: z.string().optional(),
    content: z.string().optional(),
  })
  .refine((turn) => turn.text !== undefined || turn.content !== undefined, {
    message: "needs the field `text`",
  });
const transcriptSchema = z.looseObject({ segments: z.array(turnSchema) });
const subtitleEndings = new Set(["srt", "vtt", "ass", "ssa", "sbv"]);

/**
 * Reads a history, oldest turn first: JSON (an array of `{ speaker, text }`, chat messages with `role` and `content`, or a
 * transcript of Glossa), one JSON object a line, subtitles, or text with a turn a line, `Speaker: what was said`.
 *
 * @throws GlossaError `unreadable-input` when the file cannot be read, `unsupported-document` when it is no history
 */
export async function readHistory(file: string): Promise<Turn[]> {
  let bytes: Buffer;
  try {
    if ((await stat(file)).size > largestFileBytes) {
      throw new GlossaError(
        "unsupported-document",
        `${file}: larger than 16 MiB; give the end of the conversation`,
      );
    }
    bytes = await readFile(file);
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new GlossaError("unreadable-input", `${file}: ${code === "ENOENT" ? "no such file" : message}`, {
      cause,
    });
  }
  const decoded = decodeText(bytes);
  if (decoded === null) throw new GlossaError("unsupported-document", `${file}: binary data, no history`);
  return withinLimit(
    parseHistory(decoded.text.replace(/^\uFEFF/u, ""), extname(file).slice(1).toLowerCase(), file),
  );
}

function parseHistory(text: string, ending: string, file: string): Turn[] {
  if (subtitleEndings.has(ending)) {
    const builder = new DocumentBuilder(file);
    addSubtitles(text, ending, builder);
    return builder.finish("subtitles").parts.map((part) => turnOf(part.text));
  }
  if (ending === "json") return turnsOf(parseJson(text, file), file);
  if (ending === "jsonl" || ending === "ndjson") {
    return text.split("\n").flatMap((line, index) => {
      if (line.trim() === "") return [];
      return turnsOf([parseJson(line, `${file}:${index + 1}`)], `${file}:${index + 1}`);
    });
  }
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [turnOf(line.trim())]));
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GlossaError(
      "unsupported-document",
      `${place}: not valid JSON: ${(cause as Error).message.replace(/\s+/g, " ")}`,
      {
        cause,
      },
    );
  }
}

function turnsOf(content: unknown, place: string): Turn[] {
  const transcript = transcriptSchema.safeParse(content);
  const parsed = z.array(turnSchema).safeParse(transcript.success ? transcript.data.segments : content);
  if (!parsed.success) {
    const { message, path } = parsed.error.issues[0]!;
    throw new GlossaError(
      "unsupported-document",
      `${place}${path.map((key) => `[${String(key)}]`).join("")}: not a history: ${message}; expected { "speaker": …, "text": … }`,
      { cause: parsed.error },
    );
  }
  return parsed.data.map(({ speaker, role, name, text, content: words }) => ({
    speaker: speaker ?? name ?? role ?? "",
    text: (text ?? words ?? "").trim(),
  }));
}

/** `Ada: Hello` is said by Ada; `Note: remember` looks the same, and does no harm. */
function turnOf(line: string): Turn {
  const parts = /^([\p{L}][\p{L}\p{N} .'’_-]{0,39}?)\s*[:：]\s+(.+)$/su.exec(line);
  return parts ? { speaker: parts[1]!, text: parts[2]! } : { speaker: "", text: line };
}

function withinLimit(turns: readonly Turn[]): Turn[] {
  let characters = 0;
  let first = turns.length;
  while (first > 0 && characters + turns[first - 1]!.text.length <= mostCharacters) {
    characters += turns[--first]!.text.length;
  }
  return turns.slice(first);
}

/** What was said, without who said it, as text that a model may be shown before the recording; its end at most. */
export function historyText(turns: readonly Turn[], mostTextCharacters = 2_000): string {
  return turns
    .map((turn) => turn.text)
    .join(" ")
    .slice(-mostTextCharacters);
}

/** The terms, those that the history holds with more weight. */
export function raiseTermsSaid(terms: readonly Term[], turns: readonly Turn[]): Term[] {
  if (turns.length === 0) return [...terms];
  const said = ` ${keyOf(turns.map((turn) => `${turn.speaker} ${turn.text}`).join(" "))} `;
  return terms.map((term) => {
    const isSaid = [term.text, ...term.spokenForms].some((form) => {
      const key = keyOf(form);
      return /\p{Script=Han}/u.test(form) ? said.includes(key) : said.includes(` ${key} `);
    });
    return isSaid ? { ...term, weight: Math.min(largestTermWeight, term.weight * saidBefore) } : term;
  });
}

function keyOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
