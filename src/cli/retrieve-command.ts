/**
 * The arguments and options of `glossa retrieve`.
 */
import { type Command } from "commander";
import { defaultModel } from "../recognise/default-model.ts";
import {
  addContextOptions,
  addEngineOptions,
  addKeepOptions,
  collect,
  parseLanguage,
  retrievalFinderOption,
} from "./arguments.ts";
import { retrievalThreshold } from "../retrieval/prune.ts";
import type { Environment } from "./environment.ts";
import type { RetrieveCommandOptions } from "./retrieve.ts";

const examples = `
Examples:
  glossa retrieve talk.mp3 --terms terms.txt
  glossa retrieve talk.mp3 --context deck.pdf --threshold 0.5 --json > spoken.json
  glossa retrieve talk.mp3 --terms terms.txt --find-terms both --precision 0.9
  glossa retrieve talk.mp3 --terms terms.txt --map map.svg

The speech itself is searched for all terms at once; nothing is recognised unless --find-terms both asks for a second opinion.
\`glossa prune\` finds terms in recognised text alone.
`;

/** Adds `retrieve` to the program. */
export function retrieveCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("retrieve")
    .description("Find which of thousands of terms are spoken in a recording, by its sounds.")
    .argument("<input>", "audio or video file; - is standard input")
    .option("--terms <file>", "glossary file, can be repeated", collect)
    .option("--term <text>", "a single term, can be repeated", collect);
  addKeepOptions(addContextOptions(command), retrievalThreshold)
    .addOption(retrievalFinderOption())
    .option("--language <code>", "spoken language, for the quick pass (default: detected)", parseLanguage)
    .option("--json", "as JSON, with what was dropped and all evidence")
    .option("--map <file>", "draw where in time each term that is kept fits, as SVG")
    .option(
      "--model <id>",
      `model whose frames are read, see \`glossa models list\` (default: ${defaultModel})`,
    )
    .option("--head <folder>", "letter head to search with: a run of `glossa train recipes/ctc-head.json`");
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (input: string, options: RetrieveCommandOptions) => {
      const { retrieve } = await import("./retrieve.ts");
      finish(await retrieve(input, options, environment));
    });
}
