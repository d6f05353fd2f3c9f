/**
 * The arguments and options of `glossa train`.
 */
import type { Command } from "commander";
import { addEngineOptions, collect } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { TrainCommandOptions } from "./train.ts";
import { addDataCommands } from "./train-data-commands.ts";

const examples = `
Examples:
  glossa train recipe.json
  glossa train recipe.json --set seed=2 --set optimiser.learningRate=3e-4 --output runs/second
  glossa train recipe.json --resume

The run's folder holds the recipe as it was run, the log (log.jsonl), curves (curves.html), the last checkpoint and the
best model (model.safetensors). A run that was stopped goes on with --resume, to the last digit as if it had not been.
Exit codes: 0 done, 1 training or writing failed, 2 wrong arguments or recipe, 3 no model, 130 interrupted.
`;

/** Adds `train` to the program. */
export function trainCommand(
  program: Command,
  environment: Environment,
  finish: (exitCode: number) => void,
  args: readonly string[],
): void {
  const command = program
    .command("train")
    .description("Train a model by a recipe.")
    .argument("<recipe>", "JSON file that names model, data, losses and schedule")
    .option("--set <key=value>", "set a field on top of the recipe, can be repeated", collect)
    .option("--output <folder>", "folder of the run (default: runs/ and the recipe's name)")
    .option("--resume", "go on with the run in the folder, if there is one")
    .option("--json", "print the result as JSON");
  addEngineOptions(command)
    .addHelpText("after", examples)
    .action(async (recipe: string, options: TrainCommandOptions) => {
      const { trainRecipe } = await import("./train.ts");
      finish(await trainRecipe(recipe, { ...options, args }, environment));
    });
  addDataCommands(command, environment, finish);
}
