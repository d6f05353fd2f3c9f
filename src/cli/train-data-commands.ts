/**
 * The arguments and options of `glossa train prepare` and `glossa train synthesise`.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { spokenAccents } from "../train/synthesis/synthesiser.ts";
import { addEngineOptions, collect, parseCount, parseLanguage } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { TrainPrepareOptions } from "./train-prepare.ts";
import type { TrainSynthesiseOptions } from "./train-synthesise.ts";

const prepareExamples = `
Examples:
  glossa train prepare recordings/manifest.jsonl
  glossa train prepare recordings/ --noise noises/ --snr 5,25 --reverb rooms/ --speed 0.9,1.1 --copies 2

What is computed already is not computed again: a run that was stopped goes on when the command is given again.
`;

const synthesiseExamples = `
Examples:
  glossa train synthesise sentences.txt --output speech/
  glossa train synthesise terms.txt --lists 2000 --voices-per-text 2 --output speech/
  glossa train synthesise sentences.txt --command "flite -voice {voice} -t {text} -o {out}" --voice slt --voice rms \\
                          --output speech/
  glossa train prepare speech/

Texts stand one a line. Kokoro speaks English and Mandarin. A command is run without a shell; {text}, {out}, {voice}, {language}
and {speed} are filled in, and without {text} the text is on its standard input. What is made already is not made again: a run
that was stopped goes on when the command is given again.
`;

/** Adds what makes data to `train`. */
export function addDataCommands(
  train: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const prepare = train
    .command("prepare")
    .description("Check training data, and compute a recogniser's frames of it.")
    .argument("<data...>", "manifests or folders of data sets, or folders that hold some")
    .option("--model <id>", "whose encoder hears the speech (default: whisper-base)")
    .option("--language <code>", "keep this language only, can be repeated", collectLanguages)
    .option("--copies <count>", "perturbed copies of every utterance (default: 1)", parseCount(0, 20))
    .option("--speed <from,to>", "play faster or slower, such as 0.9,1.1", parseRange)
    .option("--gain <from,to>", "louder or softer, in decibels, such as -12,6", parseRange)
    .option("--noise <path>", "add noise from a file or a folder of files")
    .option("--snr <from,to>", "power of speech over power of noise, in decibels (default: 5,25)", parseRange)
    .option("--noise-share <share>", "share of the copies that get noise (default: 0.5)", parseShare)
    .option("--reverb <path>", "play in rooms, by a file or a folder of impulse responses")
    .option("--reverb-share <share>", "share of the copies in rooms (default: 0.3)", parseShare)
    .option("--band-share <share>", "share of the copies that lose low and high frequencies", parseShare)
    .option("--seed <number>", "seed of the copies (default: 0)", parseCount(0, 2 ** 32 - 1))
    .option("--frames <folder>", "where frames are kept (default: in the cache folder)")
    .option("--strict", "fail when anything cannot be used, instead of leaving it out")
    .option("--report <file>", "write what is there and what is left out as JSON")
    .option("--json", "print the table as JSON");
  addEngineOptions(prepare)
    .addHelpText("after", prepareExamples)
    .action(async (data: string[], options: TrainPrepareOptions) => {
      finish(await (await import("./train-prepare.ts")).trainPrepare(data, options, environment));
    });
  addSynthesise(train, environment, finish);
}

function addSynthesise(train: Command, environment: Environment, finish: (exitCode: number) => void): void {
  const synthesise = train
    .command("synthesise")
    .description("Make training speech out of text, for words nobody has recorded.")
    .argument("<text...>", "text files with one text a line")
    .requiredOption("--output <folder>", "where the speech and its manifest are written")
    .option("--language <code>", "language of the texts (default: by their script)", parseLanguage)
    .option("--voice <name>", "voice to choose from, can be repeated (default: all of the language)", collect)
    .addOption(
      new Option(
        "--accent <accent>",
        "say English as speakers of another language do (Kokoro alone)",
      ).choices(spokenAccents),
    )
    .option("--voices-per-text <count>", "voices that speak each text (default: 1)", parseCount(1, 100))
    .option("--lists <count>", "lists of 3 to 7 of the texts instead of each alone", parseCount(1, 1e6))
    .option("--speed <from,to>", "how fast they speak (default: 0.9,1.1)", parseRange)
    .option("--command <command>", "text-to-speech command to use instead of Kokoro")
    .option("--limit <count>", "only the first texts", parseCount(1, 1e9))
    .option("--seed <number>", "seed for voices, speeds and lists (default: 0)", parseCount(0, 2 ** 32 - 1))
    .option("--strict", "fail when a text cannot be spoken, instead of leaving it out");
  addEngineOptions(synthesise)
    .addHelpText("after", synthesiseExamples)
    .action(async (texts: string[], options: TrainSynthesiseOptions) => {
      finish(await (await import("./train-synthesise.ts")).trainSynthesise(texts, options, environment));
    });
}

function collectLanguages(value: string, previous?: string[]): string[] {
  return collect(parseLanguage(value), previous);
}

function parseRange(value: string): [number, number] {
  const numbers = value.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (numbers.length !== 2 || numbers.some(Number.isNaN) || numbers[0]! > numbers[1]!) {
    throw new InvalidArgumentError("Expected two numbers, the smaller first, such as 0.9,1.1.");
  }
  return [numbers[0]!, numbers[1]!];
}

function parseShare(value: string): number {
  const share = value.trim() === "" ? NaN : Number(value);
  if (!(share >= 0 && share <= 1)) throw new InvalidArgumentError("Expected a number from 0 to 1.");
  return share;
}
