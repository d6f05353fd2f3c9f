/** Tells data sets apart by what is in them. */
import { open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { glob } from "tinyglobby";
import { GlossaError } from "../../errors.ts";
import { findAishellRoot } from "./aishell.ts";
import { isLibriSpeechBiasing } from "./librispeech-biasing.ts";

export const dataFormats = [
  "manifest",
  "huggingface",
  "librispeech",
  "librispeech-biasing",
  "kaldi",
  "slidespeech",
  "aishell",
] as const;
export type DataFormat = (typeof dataFormats)[number];

/** A data set's format and the file or folder that its reader takes. */
export interface DetectedData {
  format: DataFormat;
  path: string;
}

/** The first row of a data set may be long: it can hold the text of an hour. */
const headBytes = 4 * 1024 * 1024;

/**
 * @param path as the user gives it; a folder may stand for the manifest in it
 * @throws GlossaError `unreadable-input` when there is nothing there, `invalid-argument` when it is no data set
 */
export async function detectDataFormat(path: string): Promise<DetectedData> {
  const detected = (await isDirectory(path)) ? await detectFolder(path) : await detectFile(path);
  if (detected === null) {
    throw new GlossaError(
      "invalid-argument",
      `${path}: looks like no known data set; say which it is with --dataset-format (${dataFormats.join(", ")})`,
    );
  }
  return detected;
}

/** Whether it is a folder, and not a file. @throws GlossaError `unreadable-input` when it is neither */
export async function isDirectory(path: string): Promise<boolean> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new GlossaError("unreadable-input", `${path}: no such file or folder`, { cause });
  });
  return status.isDirectory();
}

async function detectFolder(folder: string): Promise<DetectedData | null> {
  const isFile = async (name: string) =>
    (await stat(join(folder, name)).catch(() => null))?.isFile() ?? false;
  if (await isFile("manifest.jsonl")) return detectFile(join(folder, "manifest.jsonl"));
  if (await isFile("metadata.jsonl")) return detectFile(join(folder, "metadata.jsonl"));
  if (await isFile("wav.scp")) return { format: "kaldi", path: folder };
  if ((await glob("**/*.trans.txt", { cwd: folder })).length > 0)
    return { format: "librispeech", path: folder };
  if ((await findAishellRoot(folder)) !== null) return { format: "aishell", path: folder };
  return null;
}

async function detectFile(path: string): Promise<DetectedData | null> {
  if (basename(path) === "wav.scp") return { format: "kaldi", path: dirname(path) };
  if (path.endsWith(".trans.txt")) return { format: "librispeech", path: dirname(path) };
  const head = (await readHead(path)).trimStart();
  const firstLine = head.split("\n", 1)[0];
  if (isLibriSpeechBiasing(firstLine)) return { format: "librispeech-biasing", path };
  if (!/^[[{]/.test(head)) return null;
  // In an array the first object may go over many lines, so the names of its fields have to tell.
  const has = (field: string) => head.includes(`"${field}"`);
  if (has("messages") && has("audios")) return { format: "slidespeech", path };
  if (has("file_name") || /"audio"\s*:\s*\{/.test(head)) return { format: "huggingface", path };
  return has("audio") ? { format: "manifest", path } : null;
}

async function readHead(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/u, "");
  } finally {
    await file.close();
  }
}
