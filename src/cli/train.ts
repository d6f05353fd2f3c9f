/**
 * `glossa train`: runs a recipe, shows how it goes, prints what came of it.
 */
import { basename, join } from "node:path";
import type { Device } from "../runtime/session.ts";
import type { RecipeResult } from "../train/run-recipe.ts";
import type { TrainingProgress } from "../train/training-options.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { Screen } from "./screen.ts";
import { packageVersion } from "./version.ts";

export interface TrainCommandOptions {
  set?: string[];
  output?: string;
  resume?: boolean;
  json?: boolean;
  device?: Device;
  threads?: number;
  cache?: string;
  offline?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** @returns the exit code */
export async function trainRecipe(
  recipe: string,
  options: TrainCommandOptions & { args: readonly string[] },
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const { runRecipe } = await import("../train/run-recipe.ts");
  const output = options.output ?? join("runs", basename(recipe).replace(/\.json$/, ""));
  let line = Promise.resolve();
  let shown: TrainingProgress["validation"] = null;
  const showProgress = (progress: TrainingProgress) => {
    screen.showTraining(progress);
    const { step, validation } = progress;
    if (validation === null || validation === shown) return;
    shown = validation;
    const numbers = Object.entries(validation).map(([name, value]) => `${name} ${significant(value)}`);
    line = line.then(() => screen.report(`step ${step}: ${numbers.join(", ")}`));
  };
  let result: RecipeResult;
  try {
    result = await runRecipe(recipe, {
      kinds: await environment.recipeKinds(),
      set: options.set,
      output,
      resume: options.resume,
      command: ["glossa", ...options.args.map(quoted)].join(" "),
      versions: { glossa: packageVersion() },
      device: options.device,
      threads: options.threads,
      cacheFolder: options.cache,
      offline: options.offline,
      signal,
      onProgress: showProgress,
      onPreparation: (what, fraction) => screen.showPreparation(what, fraction),
      onWarning: (message) => {
        line = line.then(() => screen.warn(message));
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    await line;
    screen.hideProgress();
    await screen.note("interrupted; go on with --resume");
    return exitCodes.interrupted;
  } finally {
    screen.hideProgress();
  }
  await line;
  await screen.print(options.json ? `${JSON.stringify(result, null, 2)}\n` : describe(result));
  return exitCodes.success;
}

function describe({ folder, step, ended, best, loss, final }: RecipeResult): string {
  const how = ended === "early" ? "stopped early, as nothing got better" : "finished";
  const numbers = Object.entries(best.validation ?? {}).map(
    ([name, value]) => `${name} ${significant(value)}`,
  );
  const lines = [
    `${how} after ${step} steps, loss ${significant(loss)}`,
    ...(numbers.length === 0 ? [] : [`best at step ${best.step}: ${numbers.join(", ")}`]),
    ...(final === null ? [] : [JSON.stringify(final, null, 2)]),
    `run: ${folder}`,
  ];
  return lines.map((text) => `${text}\n`).join("");
}

function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** An argument as a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
