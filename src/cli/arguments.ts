/**
 * Options, and values of options, that several commands share.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { retrievalFinders, termFinders } from "../recognise/options.ts";
import { defaultMostKept, type PruneOptions } from "../retrieval/prune.ts";

/** For options that can be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

export function parseLanguage(value: string): string {
  const code = value.toLowerCase();
  if (!/^[a-z]{2,3}$/.test(code)) throw new InvalidArgumentError("Expected a code such as en or zh.");
  return code;
}

export function parseCount(smallest: number, largest: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (!/^\d+$/.test(value) || count < smallest || count > largest) {
      throw new InvalidArgumentError(`Expected a whole number from ${smallest} to ${largest}.`);
    }
    return count;
  };
}

export function parseProbability(value: string): number {
  const probability = value.trim() === "" ? NaN : Number(value);
  if (!(probability >= 0 && probability <= 1))
    throw new InvalidArgumentError("Expected a number from 0 to 1.");
  return probability;
}

/** Options of the commands that are told about a recording: documents, slides, history, people. */
export function addContextOptions(command: Command): Command {
  return command
    .option("--context <path>", "document or folder of them whose terms are used, can be repeated", collect)
    .option("--about <text>", "what the recording is about, in a few words")
    .option("--participant <name>", "someone who speaks or is spoken of, can be repeated", collect)
    .option("--history <file>", "the conversation so far")
    .option("--slides <file>", "slides, or a video that shows them")
    .option("--slide-times <file>", "CSV with slide and start, so that slides count when they are shown")
    .option("--slide-window <count>", "how many slides count as near (default: 5)", parseCount(1, 1000))
    .option("--no-pictures", "do not read text in pictures");
}

/** Options of the commands that recognise speech: which language, which model. */
export function addSpeechOptions(command: Command): Command {
  return command
    .option("--language <code>", "spoken language, such as en or zh (default: detected)", parseLanguage)
    .option("--model <id>", "model, see `glossa models list`, or a folder with one (default: whisper-small)");
}

/** How terms are looked for where nothing is recognised. */
export function retrievalFinderOption(): Option {
  return new Option(
    "--find-terms <way>",
    "look for terms in the sounds alone, or both there and in what a quick pass of the model writes (slower, surer)",
  )
    .choices(retrievalFinders)
    .default("sounds");
}

/** How the terms of a long list that may be spoken are found. */
export function findTermsOption(note = ""): Option {
  return new Option(
    "--find-terms <way>",
    `how the terms of a long list that may be spoken are found${note && `, ${note}`} (default: both where Glossa has a letter head, else text)`,
  ).choices(termFinders);
}

/** Options of the commands that choose terms by how probable it is that they are spoken. */
export interface KeepOptions {
  threshold?: number;
  precision?: number;
  recall?: number;
  most?: number;
}

/** @param threshold that holds when none is given */
export function addKeepOptions(command: Command, threshold: number, mostTerms = 10_000): Command {
  const exclusive = (flags: string, text: string, others: string[]) =>
    new Option(flags, text).argParser(parseProbability).conflicts(others);
  return command
    .addOption(
      exclusive(
        "--threshold <probability>",
        `least probability of a term that is kept, 0 to 1 (default: ${threshold})`,
        ["precision", "recall"],
      ),
    )
    .addOption(
      exclusive(
        "--precision <share>",
        "keep as many terms as can be with this share of them expected to be spoken",
        ["recall"],
      ),
    )
    .addOption(
      exclusive("--recall <share>", "keep as few as can be with this share of the spoken ones expected", []),
    )
    .option(
      "--most <count>",
      `most terms kept for a stretch of speech (default: ${defaultMostKept})`,
      parseCount(1, mostTerms),
    );
}

/** What of these options decides, with the threshold where none does. */
export function keepRule({ threshold, precision, recall, most }: KeepOptions, usual: number): PruneOptions {
  if (precision !== undefined) return { precision, most };
  return recall === undefined ? { threshold: threshold ?? usual, most } : { recall, most };
}

/** Options of the commands that load a model: where it computes, where it comes from, how much is said. */
export function addEngineOptions(command: Command): Command {
  return command
    .option("--threads <count>", "threads of the engine (default: one a core)", parseCount(1, 1024))
    .addOption(
      new Option("--device <device>", "where to compute (default: GLOSSA_DEVICE or cpu)")
        .choices(["cpu", "cuda", "webgpu"])
        .env("GLOSSA_DEVICE"),
    )
    .option("--offline", "never touch the network")
    .option("--cache <folder>", "folder for models (default: GLOSSA_CACHE or the system's cache)")
    .option("--quiet", "no progress and notes; warnings and errors only")
    .option("--verbose", "say what is done, and show the stack of errors");
}
