/**
 * Loads what a command names, with the progress of its download.
 */
import type { Device } from "../runtime/session.ts";
import type { DownloadProgress } from "../weights/model-files.ts";
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
  const { trailingSilence } = options;
  const recogniser = await loaded(
    environment.createRecogniser({ ...loadOptions(options, environment, screen), trailingSilence }),
    environment,
    screen,
  );
  if (options.verbose) {
    await screen.note(`loaded ${recogniser.model} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  return recogniser;
}

/** @throws GlossaError as `createRetriever`; the signal's reason when interrupted */
export function loadRetriever(
  options: LoadingOptions & { head?: string },
  environment: Environment,
  screen: Screen,
): Promise<LoadedRetriever> {
  const { head } = options;
  return loaded(
    environment.createRetriever({ ...loadOptions(options, environment, screen), head }),
    environment,
    screen,
  );
}

function loadOptions(
  { model, device, threads, offline, cache }: LoadingOptions,
  { signal }: Environment,
  screen: Screen,
) {
  return {
    model,
    device,
    threads,
    offline,
    cacheFolder: cache,
    onDownload: (progress: DownloadProgress) => screen.showDownload(progress),
    signal,
  };
}

async function loaded<T extends AsyncDisposable>(
  loading: Promise<T>,
  { signal }: Environment,
  screen: Screen,
): Promise<T> {
  try {
    return await untilAborted(loading, signal);
  } finally {
    screen.hideProgress();
  }
}
