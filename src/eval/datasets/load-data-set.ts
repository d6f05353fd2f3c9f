/**
 * From a path to utterances that can be run: finds the format, reads, and checks every row before anything is
 * recognised.
 */
import { access, constants, stat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve } from "node:path";
import { GlossaError } from "../../errors.ts";
import { readAishell } from "./aishell.ts";
import { detectDataFormat, isDirectory, type DataFormat, type DetectedData } from "./detect-data-format.ts";
import { readHuggingFace } from "./hugging-face.ts";
import { readKaldi } from "./kaldi.ts";
import { readLibriSpeechBiasing } from "./librispeech-biasing.ts";
import { readLibriSpeech } from "./librispeech.ts";
import { readManifest } from "./manifest.ts";
import { readSlideSpeech } from "./slidespeech.ts";
import type { DataRow, FoundUtterance, ReadData, ReaderOptions, Utterance } from "./utterance.ts";

export interface DataSet {
  /** Short name, for people: of the folder where the file's name says nothing. */
  name: string;
  /** Absolute path. */
  source: string;
  format: DataFormat;
  utterances: Utterance[];
  /** Rows that were skipped, `file:line: what is wrong`. */
  skipped: string[];
  /** One list of terms for all utterances, where the data set has one. */
  glossary: readonly string[] | null;
}

export interface LoadDataSetOptions extends ReaderOptions {
  /** Default: found from the content. */
  format?: DataFormat;
  /** Leave out rows that cannot be used instead of refusing the whole set. */
  skipBad?: boolean;
  /** Give a set of which nothing is left, instead of refusing it. */
  mayBeEmpty?: boolean;
}

/**
 * @throws GlossaError `invalid-argument` that lists every bad row, unless `skipBad`; also when nothing is left, or the
 *   format cannot be told. `unreadable-input` when files of the data set itself cannot be read.
 */
export async function loadDataSet(path: string, options: LoadDataSetOptions = {}): Promise<DataSet> {
  const source = resolve(path);
  const detected = options.format
    ? await givenFormat(source, options.format)
    : await detectDataFormat(source);
  const { rows, glossary } = await read(detected, options);
  const { utterances, problems } = await check(rows, detected.path);
  if (problems.length > 0 && !options.skipBad) {
    throw new GlossaError(
      "invalid-argument",
      `${path}: ${problems.length} of ${rows.length} rows cannot be used (--skip-bad runs the rest):\n  ${problems.join("\n  ")}`,
    );
  }
  if (utterances.length === 0 && !options.mayBeEmpty) {
    const reasons = problems.length > 0 ? ` that can be used:\n  ${problems.join("\n  ")}` : "";
    throw new GlossaError("invalid-argument", `${path}: there are no utterances in it${reasons}`);
  }
  return {
    name: nameOf(detected.path),
    source,
    format: detected.format,
    utterances,
    skipped: problems,
    glossary: glossary ?? null,
  };
}

/** Formats that are read from a folder take the folder of a file that is named; the others their usual file. */
async function givenFormat(path: string, format: DataFormat): Promise<DetectedData> {
  const isFolder = await isDirectory(path);
  const takesFolder = format === "librispeech" || format === "kaldi" || format === "aishell";
  if (takesFolder) return { format, path: isFolder ? path : dirname(path) };
  if (!isFolder) return { format, path };
  return { format, path: resolve(path, format === "huggingface" ? "metadata.jsonl" : "manifest.jsonl") };
}

function read({ format, path }: DetectedData, options: ReaderOptions): Promise<ReadData> {
  switch (format) {
    case "manifest":
      return readManifest(path, options);
    case "huggingface":
      return readHuggingFace(path, options);
    case "librispeech":
      return readLibriSpeech(path);
    case "librispeech-biasing":
      return readLibriSpeechBiasing(path, options);
    case "kaldi":
      return readKaldi(path, options);
    case "slidespeech":
      return readSlideSpeech(path, options);
    case "aishell":
      return readAishell(path);
  }
}

async function check(
  rows: readonly DataRow[],
  path: string,
): Promise<{ utterances: Utterance[]; problems: string[] }> {
  const utterances: Utterance[] = [];
  const problems: string[] = [];
  const placeOfId = new Map<string, string>();
  const idOf = idMaker(rows, path);
  for (const row of rows) {
    const problem = "problem" in row ? row.problem : await audioProblem(row.utterance.audio);
    if (problem !== null || "problem" in row) {
      problems.push(`${row.place}: ${problem}`);
      continue;
    }
    const id = idOf(row.utterance);
    const earlier = placeOfId.get(id);
    if (earlier !== undefined) {
      problems.push(`${row.place}: the utterance ${id} stands at ${earlier} already`);
      continue;
    }
    placeOfId.set(id, row.place);
    utterances.push({ ...row.utterance, id });
  }
  return { utterances, problems };
}

async function audioProblem(audio: string): Promise<string | null> {
  try {
    if (!(await stat(audio)).isFile()) return `the audio ${audio} is no file`;
    await access(audio, constants.R_OK);
    return null;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return isMissing
      ? `no audio file ${audio}`
      : `cannot read the audio ${audio}: ${(error as Error).message}`;
  }
}

/** Where no id is given, the name of the audio; with its folder where that is not unique. */
function idMaker(rows: readonly DataRow[], path: string): (utterance: FoundUtterance) => string {
  const withoutEnding = (audio: string) => audio.slice(0, audio.length - extname(audio).length);
  const counts = new Map<string, number>();
  for (const row of rows) {
    if ("problem" in row || row.utterance.id !== undefined) continue;
    const stem = basename(withoutEnding(row.utterance.audio));
    counts.set(stem, (counts.get(stem) ?? 0) + 1);
  }
  return ({ id, audio }) => {
    if (id !== undefined) return id;
    const stem = basename(withoutEnding(audio));
    return counts.get(stem) === 1
      ? stem
      : withoutEnding(relative(dirname(path), audio)).replaceAll("\\", "/");
  };
}

function nameOf(path: string): string {
  const name = basename(path).replace(/\.(?:jsonl?|tsv)$/i, "");
  return ["manifest", "metadata"].includes(name) ? basename(dirname(path)) : name;
}
