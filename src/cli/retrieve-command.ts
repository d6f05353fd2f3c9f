/**
 * The arguments and options of `glossa retrieve`.
 */
import { type Command } from "commander";
import { defaultRetrievalModel } from "../recognise/default-models.ts";
import { defaultMostKept, defaultThreshold } from "../retrieval/prune.ts";
import { addContextOptions, addEngineOptions, collect, parseCount, parseProbability } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { RetrieveCommandOptions } from "./retrieve.ts";

const examples = `
Examples:
  glossa retrieve talk.mp3 --terms terms.txt
  glossa retrieve talk.mp3 --context deck.pdf --threshold 0.5 --json > spoken.json
  glossa retrieve talk.mp3 --terms terms.txt --map map.svg

The speech itself is searched for all terms at once; nothing is recognised. \`glossa prune\` finds terms in recognised text instead.
`;

/** Adds `retrieve` to the program. */
export function retrieveCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("retrieve")
    .description("Find which of thousands of terms are spoken in a recording, by its sounds alone.")
    .argument("<input>", "audio or video file; - is standard input")
    .option("--terms <file>", "glossary file, can be repeated", collect)
    .option("--term <text>", "a single term, can be repeated", collect);
  addContextOptions(command)
    .option(
      "--threshold <probability>",
      `least probability of a term that is kept, 0 to 1 (default: ${defaultThreshold})`,
      parseProbability,
    )
    .option(
      "--most <count>",
      `most terms kept for a stretch of speech (default: ${defaultMostKept})`,
      parseCount(1, 10_000),
    )
    .option("--json", "as JSON, with what was dropped and all evidence")
    .option("--map <file>", "draw where in time each term that is kept fits, as SVG")
    .option(
      "--model <id>",
      `model whose frames are read, see \`glossa models list\` (default: ${defaultRetrievalModel})`,
    )
    .option("--head <folder>", "letter head to search with: a run of `glossa train recipes/ctc-head.json`");
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (input: string, options: RetrieveCommandOptions) => {
      const { retrieve } = await import("./retrieve.ts");
      finish(await retrieve(input, options, environment));
    });
}
