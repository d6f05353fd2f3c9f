/**
 * `glossa align`: when the words of a known text are spoken, by CTC or by the recogniser's attention.
 */
import { readFile } from "node:fs/promises";
import { GlossaError } from "../errors.ts";
import { type AlignedWord, alignText } from "../recognise/align-text.ts";
import { loadSpeechModel } from "../recognise/load-model.ts";
import { CtcAligner } from "../train/use-head.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import type { LoadingOptions } from "./load-recogniser.ts";
import { checkReadable } from "./outputs.ts";
import { Screen } from "./screen.ts";
import { shippedHeadFolder } from "../retrieval/head-files.ts";
import { defaultTrainingModel } from "./train-prepare.ts";

/** The model that Glossa comes with a letter head for, and the languages that this writes. */
const headedModel = "whisper-base";
const headedLanguages: readonly string[] = ["en", "zh"];

/** The options as the command line names them. */
export interface AlignOptions extends LoadingOptions {
  recogniser?: string;
  language?: string;
  format: "tsv" | "json";
  quiet?: boolean;
}

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError when the text, the recording or the model cannot be read, or the text cannot be aligned
 */
export async function align(
  audio: string,
  textOrFile: string,
  options: AlignOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  if (options.model !== undefined && options.recogniser !== undefined) {
    throw new GlossaError(
      "invalid-argument",
      "--recogniser says nothing with --model, which brings its own.",
    );
  }
  const text = await readText(textOrFile);
  await checkReadable(audio).catch((cause: Error) => {
    throw new GlossaError("unreadable-input", `${audio}: ${cause.message}`, { cause });
  });
  const loading = {
    device: options.device,
    threads: options.threads,
    offline: options.offline,
    cacheFolder: options.cache,
    onDownload: screen.showDownload.bind(screen),
    signal,
  };
  const recogniser = options.recogniser ?? defaultTrainingModel;
  const byItself = () => byAttention(audio, text, { ...loading, model: recogniser }, options);
  const head = headOf(options);
  const words = await untilAborted(
    head === null
      ? byItself()
      : byCtc(audio, text, head, loading).catch((error: unknown) => {
          // A head that was asked for has to do it.
          if (options.model !== undefined || !isAboutText(error)) throw error;
          return byItself();
        }),
    signal,
  );
  screen.hideProgress();
  await screen.print(options.format === "json" ? jsonOf(words) : tableOf(words));
  return exitCodes.success;
}

/**
 * The folder of the head to align with, null for attention. CTC's times are the better ones (docs/experiments.md): wherever there is a
 * head, it is used.
 */
function headOf({ model, recogniser, language = "en" }: AlignOptions): string | null {
  if (model !== undefined) return model;
  const isKnown = (recogniser ?? defaultTrainingModel) === headedModel && headedLanguages.includes(language);
  return isKnown ? shippedHeadFolder(headedModel) : null;
}

/** Whether a head cannot write the text in its labels, which attention need not. */
function isAboutText(error: unknown): boolean {
  return error instanceof GlossaError && error.code === "invalid-argument";
}

async function byAttention(
  audio: string,
  text: string,
  loading: Parameters<typeof loadSpeechModel>[0],
  { language }: AlignOptions,
): Promise<AlignedWord[]> {
  await using model = await loadSpeechModel(loading);
  return await alignText(model, audio, text, { language, signal: loading.signal });
}

async function byCtc(
  audio: string,
  text: string,
  folder: string,
  loading: Parameters<typeof CtcAligner.load>[1] & object,
): Promise<AlignedWord[]> {
  await using aligner = await CtcAligner.load(folder, loading);
  return await aligner.align(audio, text, loading.signal);
}

/** The text in a file of that name, or else the words themselves. */
async function readText(textOrFile: string): Promise<string> {
  try {
    return (await readFile(textOrFile, "utf8")).replace(/^\uFEFF/u, "");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isNoFile = code === "ENOENT" || code === "ENAMETOOLONG" || code === "ENOTDIR";
    // One word with an ending is a name that was mistyped, not a text.
    const looksLikeFile = /^\S+\.[a-z]{2,5}$/i.test(textOrFile);
    if (isNoFile && !looksLikeFile) return textOrFile;
    const why = isNoFile ? "there is no such file" : (cause as Error).message;
    throw new GlossaError("unreadable-input", `${textOrFile}: cannot read the text: ${why}`, { cause });
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function jsonOf(words: readonly AlignedWord[]): string {
  const rows = words.map(({ text, start, end, score }) => ({
    text,
    start: rounded(start),
    end: rounded(end),
    score: rounded(score),
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function tableOf(words: readonly AlignedWord[]): string {
  const rows = words.map(({ text, start, end, score }) =>
    [start.toFixed(2), end.toFixed(2), score.toFixed(2), text].join("\t"),
  );
  return ["start\tend\tscore\tword", ...rows].map((line) => `${line}\n`).join("");
}
