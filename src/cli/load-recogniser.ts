/**
 * Loads what a command names, with the progress of its download.
 */
import type { Device } from "../runtime/session.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment, LoadedRecogniser, LoadedRetriever } from "./environment.ts";
import type { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface LoadingOptions {
  model?: string;
  threads?: number;
  trailingSilence?: number;
  device?: Device;
  offline?: boolean;
  cache?: string;
  verbose?: boolean;
}

/** @throws GlossaError as `createRecogniser`; the signal's reason when interrupted */
export async function loadRecogniser(
  options: LoadingOptions,
  environment: Environment,
  screen: Screen,
): Promise<LoadedRecogniser> {
  const started = performance.now();
  try {
    const loading = environment.createRecogniser({
      model: options.model,
      device: options.device,
      threads: options.threads,
      trailingSilence: options.trailingSilence,
      offline: options.offline,
      cacheFolder: options.cache,
      onDownload: (progress) => screen.showDownload(progress),
      signal: environment.signal,
    });
    const recogniser = await untilAborted(loading, environment.signal);
    screen.hideProgress();
    if (options.verbose) {
      await screen.note(
        `loaded ${recogniser.model} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
    }
    return recogniser;
  } finally {
    screen.hideProgress();
  }
}

/** @throws GlossaError as `createRetriever`; the signal's reason when interrupted */
export async function loadRetriever(
  options: LoadingOptions & { head?: string },
  environment: Environment,
  screen: Screen,
): Promise<LoadedRetriever> {
  try {
    const loading = environment.createRetriever({
      model: options.model,
      head: options.head,
      device: options.device,
      threads: options.threads,
      offline: options.offline,
      cacheFolder: options.cache,
      onDownload: (progress) => screen.showDownload(progress),
      signal: environment.signal,
    });
    return await untilAborted(loading, environment.signal);
  } finally {
    screen.hideProgress();
  }
}
