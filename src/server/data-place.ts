/**
 * Where the server keeps its data when nobody says where.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * `option`, else `GLOSSA_DATA`, else the place the system has for data of programs: `$XDG_DATA_HOME/glossa`,
 * `%LOCALAPPDATA%\glossa\Data` on Windows, `~/Library/Application Support/glossa` on macOS, `~/.local/share/glossa`
 * elsewhere (XDG Base Directory Specification).
 */
export function resolveDataFolder(
  option?: string,
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = option || environment.GLOSSA_DATA;
  if (chosen) return resolve(chosen);
  if (environment.XDG_DATA_HOME?.startsWith("/")) return join(environment.XDG_DATA_HOME, "glossa");
  if (platform === "win32" && environment.LOCALAPPDATA)
    return join(environment.LOCALAPPDATA, "glossa", "Data");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "glossa");
  return join(homedir(), ".local", "share", "glossa");
}
