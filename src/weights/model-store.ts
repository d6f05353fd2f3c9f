/**
 * The model store: from a model's name, or a folder, to its files on this machine.
 *
 *     const model = await resolveModel("whisper-small");
 *     const session = await openSession(model.path("encoder.onnx"));
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { GlossaError } from "../errors.ts";
import { resolveCacheFolder } from "./cache-folder.ts";
import { withFolderLock } from "./folder-lock.ts";
import { writeFailure } from "./incoming-file.ts";
import { knownModels } from "./known-models.ts";
import type { ModelManifest } from "./manifest.ts";
import { ensureFiles, hasAllFiles, type EnsureOptions } from "./model-files.ts";
import { isFolder, resolveModelFolder } from "./model-folder.ts";
import { ResolvedModel } from "./resolved-model.ts";

export interface CacheOptions {
  /** Folder for downloaded models; default `GLOSSA_CACHE`, else the XDG cache folder. */
  cacheFolder?: string;
}

export interface ResolveModelOptions extends CacheOptions, EnsureOptions {}

export interface ListedModel {
  manifest: ModelManifest;
  /** Size of all its files. */
  bytes: number;
  /** Whether it can be used offline. */
  isCached: boolean;
  /** Where it is kept, or would be. */
  folder: string;
}

/**
 * Makes a model available on this machine and says where its files are.
 * @param idOrFolder a name from `glossa models list`, or the path of a folder that holds a model (a name wins over a
 *   folder of the same name; `./name` means the folder)
 * @throws GlossaError `invalid-argument` for an unknown name, `model-unavailable` when files cannot be had,
 *   `model-corrupt` when they are not what they should be, `write-failed`, `unreadable-input`
 */
export async function resolveModel(
  idOrFolder: string,
  options: ResolveModelOptions = {},
): Promise<ResolvedModel> {
  options.signal?.throwIfAborted();
  const known = knownModels.find(({ id }) => id === idOrFolder);
  if (!known) {
    const isPath = /[\\/]/.test(idOrFolder) || (idOrFolder !== "" && (await isFolder(idOrFolder)));
    if (isPath) return resolveModelFolder(idOrFolder, options);
  }
  const manifest = known ?? findKnownModel(idOrFolder);
  const folder = modelFolder(manifest.id, options);
  await ensureFiles(manifest, folder, options);
  return new ResolvedModel(manifest, folder, new Map(manifest.files.map(({ name }) => [name, name])));
}

/** All models known by name, and which of them are in the cache (judged by file sizes). */
export async function listModels(options: CacheOptions = {}): Promise<ListedModel[]> {
  return Promise.all(
    knownModels.map(async (manifest) => {
      const folder = modelFolder(manifest.id, options);
      return {
        manifest,
        bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
        isCached: await hasAllFiles(manifest, folder),
        folder,
      };
    }),
  );
}

/**
 * Fetches a model known by name into the cache, unless it is there already.
 * @throws GlossaError as `resolveModel`
 */
export async function pullModel(id: string, options: ResolveModelOptions = {}): Promise<ResolvedModel> {
  return resolveModel(findKnownModel(id).id, options);
}

/**
 * The folder of a model known by name.
 * @throws GlossaError `invalid-argument` for an unknown name, `model-unavailable` when it is not in the cache
 */
export async function modelPath(id: string, options: CacheOptions = {}): Promise<string> {
  const manifest = findKnownModel(id);
  const folder = modelFolder(id, options);
  if (await hasAllFiles(manifest, folder)) return folder;
  throw new GlossaError(
    "model-unavailable",
    `Model ${id} is not in the cache (${folder}). Run \`glossa models pull ${id}\` to fetch it.`,
  );
}

/**
 * Deletes a model known by name from the cache, with all that a broken download left.
 * @returns bytes that were freed; 0 when it was not there
 * @throws GlossaError `invalid-argument` for an unknown name, `write-failed`
 */
export async function removeModel(
  id: string,
  options: CacheOptions & { signal?: AbortSignal } = {},
): Promise<number> {
  const folder = modelFolder(findKnownModel(id).id, options);
  if (!(await isFolder(folder))) return 0;
  try {
    return await withFolderLock(folder, options.signal, async () => {
      let bytes = 0;
      for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
      await rm(folder, { recursive: true });
      return bytes;
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw writeFailure(error, folder);
  }
}

function modelFolder(id: string, options: CacheOptions): string {
  return join(resolveCacheFolder(options.cacheFolder), "models", id);
}

function findKnownModel(id: string): ModelManifest {
  const manifest = knownModels.find((model) => model.id === id);
  if (manifest) return manifest;
  const names = knownModels.map((model) => model.id).join(", ");
  throw new GlossaError(
    "invalid-argument",
    `There is no model "${id}". Known are ${names}; a folder that holds a model can be given by its path.`,
  );
}
