/**
 * The arguments and options of `glossa prune`.
 */
import { type Command } from "commander";
import { thresholdForTexts } from "../retrieval/prune.ts";
import {
  addContextOptions,
  addEngineOptions,
  addKeepOptions,
  addSpeechOptions,
  collect,
} from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { PruneCommandOptions } from "./prune.ts";

const examples = `
Examples:
  glossa prune talk.mp3 --context deck.pdf
  glossa prune talk.mp3 --terms terms.tsv --threshold 0.5 --json > heard.json

Every stretch of some 30 s of speech is recognised once without terms; terms are found by sound and by spelling in all texts that
the search came up with.
`;

/** Adds `prune` to the program. */
export function pruneCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("prune")
    .description("Tell which terms of a long list or of documents are spoken in a recording.")
    .argument("<input>", "audio or video file; - is standard input")
    .option("--terms <file>", "glossary file, can be repeated", collect)
    .option("--term <text>", "a single term, can be repeated", collect);
  addKeepOptions(addContextOptions(addSpeechOptions(command)), thresholdForTexts).option(
    "--json",
    "as JSON, with what was dropped and all evidence",
  );
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (input: string, options: PruneCommandOptions) => {
      const { prune } = await import("./prune.ts");
      finish(await prune(input, options, environment));
    });
}
