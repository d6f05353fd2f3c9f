/**
 * The arguments and options of `glossa models`.
 */
import type { Command } from "commander";
import type { Environment } from "./environment.ts";
import type { ModelsOptions } from "./models.ts";

/** Adds `models` with its subcommands to the program. */
export function modelsCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
): void {
  const models = program
    .command("models")
    .description("List, fetch, find and remove models.")
    .addHelpText(
      "after",
      "\nExamples:\n  glossa models list\n  glossa models pull whisper-base moonshine-base\n",
    );

  withCommonOptions(models.command("list"))
    .description("List the models known by name.")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  glossa models list\n  glossa models list --json\n")
    .action(async (options: ModelsOptions) => {
      finish(await (await import("./models.ts")).listModels(options, environment));
    });

  withCommonOptions(models.command("pull"))
    .description("Fetch models into the cache and print their folders.")
    .argument("<id...>", "models, see `glossa models list`")
    .option("--offline", "only check what is there")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExamples:\n  glossa models pull whisper-small\n")
    .action(async (ids: string[], options: ModelsOptions) => {
      finish(await (await import("./models.ts")).pullModels(ids, options, environment));
    });

  withCommonOptions(models.command("path"))
    .description("Print the folder of a model in the cache.")
    .argument("<id>", "a model, see `glossa models list`")
    .addHelpText("after", '\nExamples:\n  ls "$(glossa models path whisper-small)"\n')
    .action(async (id: string, options: ModelsOptions) => {
      finish(await (await import("./models.ts")).printModelPath(id, options, environment));
    });

  withCommonOptions(models.command("remove"))
    .description("Delete models from the cache.")
    .argument("<id...>", "models, see `glossa models list`")
    .addHelpText("after", "\nExamples:\n  glossa models remove whisper-tiny\n")
    .action(async (ids: string[], options: ModelsOptions) => {
      finish(await (await import("./models.ts")).removeModels(ids, options, environment));
    });
}

function withCommonOptions(command: Command): Command {
  return command
    .option("--cache <folder>", "folder for models (default: GLOSSA_CACHE or the system's cache)")
    .option("--verbose", "show the stack of errors");
}
