/**
 * `glossa models`: what the model store holds.
 */
import type { ListedModel } from "../weights/model-store.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { formatBytes } from "./quantities.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface ModelsOptions {
  cache?: string;
  json?: boolean;
  offline?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

export async function listModels(options: ModelsOptions, environment: Environment): Promise<number> {
  const models = await environment.models.list({ cacheFolder: options.cache });
  const text = options.json
    ? `${JSON.stringify(models.map(summariseModel), null, 2)}\n`
    : formatTable(models);
  await new Screen(environment, options).print(text);
  return exitCodes.success;
}

export async function pullModels(
  ids: readonly string[],
  options: ModelsOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  for (const id of ids) {
    try {
      const pulling = environment.models.pull(id, {
        cacheFolder: options.cache,
        offline: options.offline,
        onDownload: (progress) => screen.showDownload(progress),
        signal: environment.signal,
      });
      const folder = await untilAborted(pulling, environment.signal);
      screen.hideProgress();
      await screen.print(`${folder}\n`);
    } finally {
      screen.hideProgress();
    }
  }
  return exitCodes.success;
}

export async function printModelPath(
  id: string,
  options: ModelsOptions,
  environment: Environment,
): Promise<number> {
  const folder = await environment.models.path(id, { cacheFolder: options.cache });
  await new Screen(environment, options).print(`${folder}\n`);
  return exitCodes.success;
}

export async function removeModels(
  ids: readonly string[],
  options: ModelsOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  for (const id of ids) {
    const bytes = await environment.models.remove(id, { cacheFolder: options.cache });
    await screen.print(bytes > 0 ? `${id}: ${formatBytes(bytes)} freed\n` : `${id}: was not in the cache\n`);
  }
  return exitCodes.success;
}

function summariseModel({ manifest, bytes, isCached, folder }: ListedModel): object {
  const { id, architecture, description, languages, license } = manifest;
  return { id, architecture, description, languages, license, bytes, isCached, folder };
}

function formatTable(models: readonly ListedModel[]): string {
  const rows = models.map(({ manifest, bytes, isCached }) => [
    manifest.id,
    formatBytes(bytes),
    isCached ? "yes" : "no",
    manifest.description,
  ]);
  const table = [["MODEL", "SIZE", "CACHED", "DESCRIPTION"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}\n`).join("");
}
