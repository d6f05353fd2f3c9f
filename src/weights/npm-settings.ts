/**
 * The user's npm settings, found the way npm finds them.
 */
import { dirname, join } from "node:path";
import Config from "@npmcli/config";
import npmSettings from "@npmcli/config/lib/definitions/index.js";
import type npmFetch from "npm-registry-fetch";

export type NpmSettings = npmFetch.Options & { replaceRegistryHost?: string };

/** All that `.npmrc` files (project, user, global) and `npm_config_*` variables say, as npm's own libraries take it. */
export async function loadNpmSettings(
  environment: NodeJS.ProcessEnv = process.env,
  workingFolder: string = process.cwd(),
): Promise<NpmSettings> {
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
