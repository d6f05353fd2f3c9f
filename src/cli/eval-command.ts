/**
 * The arguments and options of `glossa eval`.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { dataFormats } from "../eval/datasets/detect-data-format.ts";
import { termsProtocols } from "../eval/records.ts";
import { mostRecorded } from "../eval/retrieval-metrics.ts";
import { termFinders } from "../recognise/options.ts";
import { addEngineOptions, addKeepOptions, findTermsOption, parseCount, parseLanguage } from "./arguments.ts";
import { retrievalThreshold } from "../retrieval/prune.ts";
import type { Environment } from "./environment.ts";
import type { EvalOptions } from "./eval.ts";
import type { ScoreOptions } from "./eval-scores.ts";

const examples = `
Examples:
  glossa eval dev/manifest.jsonl --model whisper-base
  glossa eval dev/manifest.jsonl --terms own+distractors --list-size 100 --list-size 1000 \\
              --distractors rare-words.txt --output runs/
  glossa eval dev/manifest.jsonl --retrieval-only --terms own+distractors --list-size 1000 --distractors rare-words.txt
  glossa eval dev/manifest.jsonl --noise noises/ --snr 10 --json
  glossa eval score runs/* --report report.html
  glossa eval compare runs/dev_whisper-base_none runs/dev_whisper-base_own

A run that was stopped goes on when the command is given again with the same --output.
Exit codes: 0 done, 1 an utterance failed, 2 wrong arguments or data, 3 no model, 130 interrupted.
`;

/** Adds `eval` with its subcommands to the program. */
export function evalCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
  args: readonly string[],
): void {
  const command = program
    .command("eval")
    .description("Measure recognition on data sets, with terms as the papers give them.")
    .usage(
      "[options] <data...>\n       glossa eval score [options] <run...>\n       glossa eval compare [options] <A> <B>",
    )
    .argument("<data...>", "manifests or folders of data sets")
    .option("--model <id>", "model, see `glossa models list`, or a folder with one (default: whisper-small)")
    .option("--beam <count>", "hypotheses kept in the search; 1 is greedy (default: 5)", parseCount(1, 64))
    .option("--language <code>", "spoken language (default: of each utterance)", parseLanguage)
    .addOption(
      new Option(
        "--terms <protocol>",
        "which terms are given, can be repeated (default: none; with --glossary: all)",
      )
        .choices(termsProtocols)
        .argParser(collectChoices(termsProtocols)),
    )
    .option("--list-size <count>", "distractors per utterance, can be repeated", collectCounts)
    .option("--distractors <file>", "terms to draw distractors from (default: those of the whole set)")
    .option("--glossary <file>", "one list of terms for all utterances, instead of their own")
    .addOption(findTermsOption("can be repeated").argParser(collectChoices(termFinders)))
    .option("--retrieval-only", "look for the terms in the speech, and recognise nothing")
    .option("--head <folder>", "letter head to look with (default: the one that comes with Glossa)");
  addKeepOptions(command, retrievalThreshold, mostRecorded)
    .option(
      "--seed <number>",
      "seed for drawing distractors, noise and rooms (default: 0)",
      parseCount(0, 2 ** 32 - 1),
    )
    .option("--limit <count>", "only the first utterances of each set", parseCount(1, 1e9))
    .addOption(
      new Option("--dataset-format <format>", "format of the data (default: found from its content)").choices(
        dataFormats,
      ),
    )
    .option("--audio-root <folder>", "where the audio is, if not beside the data")
    .option("--skip-bad", "run the rest of a set that has unusable rows")
    .option("--noise <path>", "add noise from a file or a folder of files, with --snr")
    .option("--snr <decibels>", "power of speech over power of noise", parseNumber(-50, 100))
    .option("--reverb <path>", "play in rooms, by a file or a folder of impulse responses")
    .option("--speed <factor>", "play faster or slower", parseNumber(0.5, 2))
    .option("--telephone", "300 to 3400 Hz at 8 kHz")
    .option("--output <folder>", "where runs are recorded (default: a temporary folder)")
    .option("--report <file>", "write an HTML page about the runs")
    .option("--embed-audio", "put short recordings into that page")
    .option("--json", "print the scores as JSON");
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (data: string[], options: EvalOptions) => {
      const { evaluate } = await import("./eval.ts");
      finish(await evaluate(data, { ...options, args }, environment));
    });

  command
    .command("score")
    .description("Print the scores of recorded runs again.")
    .argument("<run...>", "folders of runs, or folders that hold some")
    .option("--report <file>", "write an HTML page about the runs")
    .option("--embed-audio", "put short recordings into that page")
    .option("--json", "as JSON")
    .option("--verbose", "show the stack of errors")
    .addHelpText("after", "\nExamples:\n  glossa eval score runs/\n")
    .action(async (folders: string[], options: ScoreOptions) => {
      finish(await (await import("./eval-scores.ts")).score(folders, { ...options, args }, environment));
    });

  command
    .command("compare")
    .description("Compare two runs over the same utterances.")
    .argument("<A>", "folder of a run")
    .argument("<B>", "folder of a run")
    .option("--report <file>", "write an HTML page about the runs")
    .option("--embed-audio", "put short recordings into that page")
    .option("--json", "as JSON")
    .option("--verbose", "show the stack of errors")
    .addHelpText(
      "after",
      "\nExamples:\n  glossa eval compare runs/dev_whisper-base_none runs/dev_whisper-base_own\n",
    )
    .action(async (first: string, second: string, options: ScoreOptions) => {
      finish(
        await (await import("./eval-scores.ts")).compare(first, second, { ...options, args }, environment),
      );
    });
}

const parseListSize = parseCount(0, 1_000_000);

function collectChoices<Choice extends string>(choices: readonly Choice[]) {
  return (value: string, previous: readonly Choice[] = []): Choice[] => {
    const choice = choices.find((name) => name === value);
    if (choice === undefined) throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
    return [...previous, choice];
  };
}

function collectCounts(value: string, previous: number[] = []): number[] {
  return [...previous, parseListSize(value)];
}

function parseNumber(smallest: number, largest: number): (value: string) => number {
  return (value) => {
    const number = value.trim() === "" ? NaN : Number(value);
    if (!(number >= smallest && number <= largest)) {
      throw new InvalidArgumentError(`Expected a number from ${smallest} to ${largest}.`);
    }
    return number;
  };
}
