/**
 * A server as a process of its own, for the tools that measure one: `glossa serve` from the sources, in a data folder that
 * is deleted at the end.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const commandLine = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

export interface ServeProcess extends AsyncDisposable {
  readonly url: string;
  /** Memory that is held by the server itself and by its recognition processes, in megabytes (Linux). */
  memory(): { server: number; workers: number };
}

/** Starts a server and waits until it is ready. */
export async function startServe(options: readonly string[]): Promise<ServeProcess> {
  const data = await mkdtemp(join(tmpdir(), "glossa-measure-"));
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      commandLine,
      "serve",
      "--port",
      "0",
      "--data",
      data,
      "--offline",
      "--log-level",
      "warn",
    ].concat(options),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  // Also when the tool fails.
  process.once("exit", () => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(line.toString())![0];
  while (!(await fetch(`${url}/ready`)).ok) await sleep(100);
  return {
    url,
    memory() {
      const workers = childrenOf(child.pid!).map(residentMegabytes);
      return { server: residentMegabytes(child.pid!), workers: workers.reduce((sum, next) => sum + next, 0) };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
      await rm(data, { recursive: true, force: true });
    },
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync(`/proc/${parent}/task`).flatMap((task) =>
    readFileSync(`/proc/${parent}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

function residentMegabytes(process: number): number {
  return Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, "utf8"))![1]) / 1024,
  );
}

/** The value that a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
