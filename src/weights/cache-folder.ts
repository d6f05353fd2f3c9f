/**
 * Where downloaded models are kept.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The cache folder: `option`, else `GLOSSA_CACHE`, else the place the system has for caches: `$XDG_CACHE_HOME/glossa`,
 * `%LOCALAPPDATA%\glossa\Cache` on Windows, `~/Library/Caches/glossa` on macOS, `~/.cache/glossa` elsewhere (XDG Base
 * Directory Specification).
 */
export function resolveCacheFolder(
  option?: string,
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = option || environment.GLOSSA_CACHE;
  if (chosen) return resolve(chosen);
  // The specification says that a relative XDG_CACHE_HOME is to be ignored.
  if (environment.XDG_CACHE_HOME?.startsWith("/")) return join(environment.XDG_CACHE_HOME, "glossa");
  if (platform === "win32" && environment.LOCALAPPDATA)
    return join(environment.LOCALAPPDATA, "glossa", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "glossa");
  return join(homedir(), ".cache", "glossa");
}
