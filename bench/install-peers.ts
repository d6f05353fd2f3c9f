/**
 * The peers' packages are big and wanted by few, so the first run installs them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GlossaError } from "../src/errors.ts";

/** @throws GlossaError `unreadable-input` when they cannot be installed */
export async function installPeers(): Promise<void> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  // npm writes this file last.
  if (existsSync(join(folder, "node_modules", ".package-lock.json"))) return;
  const npm = process.env.npm_execpath;
  let exitCode: number | null = null;
  if (npm) {
    process.stderr.write("Installing the peers into bench/node_modules.\n");
    const child = spawn(process.execPath, [npm, "ci", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: ["ignore", 2, 2],
    });
    [exitCode] = (await once(child, "exit")) as [number | null];
  }
  if (exitCode !== 0) {
    throw new GlossaError("unreadable-input", "The peers are not installed; run `npm ci` in bench/.");
  }
}
