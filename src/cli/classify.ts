/**
 * `glossa classify`: which class recordings belong to, by a trained model.
 */
import { GlossaError } from "../errors.ts";
import { Classifier } from "../train/use-head.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import type { LoadingOptions } from "./load-recogniser.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface ClassifyOptions extends LoadingOptions {
  model: string;
  top?: number;
  json?: boolean;
  quiet?: boolean;
}

const shownClasses = 3;

/**
 * Runs the command. A recording that fails does not stop the others.
 *
 * @returns the exit code
 * @throws GlossaError when the model cannot be read; the signal's reason when interrupted
 */
export async function classify(
  inputs: readonly string[],
  options: ClassifyOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const loading = Classifier.load(options.model, {
    device: options.device,
    threads: options.threads,
    offline: options.offline,
    cacheFolder: options.cache,
    onDownload: (progress) => screen.showDownload(progress),
    signal,
  });
  await using classifier = await untilAborted(loading, signal);
  screen.hideProgress();
  let failed = 0;
  for (const input of inputs) {
    try {
      const scores = await untilAborted(classifier.classify(input, signal), signal);
      const shown = options.json ? scores : scores.slice(0, options.top ?? shownClasses);
      const rounded = shown.map(({ name, probability }) => ({
        name,
        probability: Math.round(probability * 1e4) / 1e4,
      }));
      const row = rounded.map(({ name, probability }) => `${name}\t${probability.toFixed(3)}`).join("\t");
      await screen.print(
        options.json
          ? `${JSON.stringify({ audio: input, target: classifier.target, classes: rounded })}\n`
          : `${input}\t${row}\n`,
      );
    } catch (error) {
      if (signal.aborted || !(error instanceof GlossaError)) throw error;
      failed++;
      await screen.error(input, error);
    }
  }
  return failed > 0 ? exitCodes.failure : exitCodes.success;
}
