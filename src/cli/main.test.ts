import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

async function finish(child: ChildProcess) {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += chunk));
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  const [exitCode, signal] = await once(child, "close");
  return { exitCode, signal, stdout, stderr };
}

const glossa = (args: string[], environment: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment } });

describe.skipIf(!existsSync(main))("the built glossa (where `npm run build` has run)", () => {
  it("prints help", async () => {
    const run = await finish(glossa(["--help"]));
    expect(run).toMatchObject({ exitCode: 0, stderr: "", stdout: expect.stringContaining("Usage: glossa") });
  });

  it("loads all that listing models needs", async () => {
    const run = await finish(glossa(["models", "list", "--json"]));
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(run.stdout)[0].id).toBe("whisper-small");
  });

  it("exits with the code of the failure", async () => {
    expect((await finish(glossa(["transcribe"]))).exitCode).toBe(2);
    expect((await finish(glossa(["transcribe", "no/such/file.wav"]))).exitCode).toBe(1);
  });

  it("ends quietly when nobody reads the result", async () => {
    const child = glossa(["transcribe", "--help"]);
    child.stdout.destroy();
    expect(await finish(child)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it.skipIf(process.platform === "win32")("stops a download at once when interrupted", async () => {
    // A registry that takes the question and never answers.
    const server = createServer(() => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const cache = await mkdtemp(join(tmpdir(), "glossa-cache-"));
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const child = glossa(["models", "pull", "whisper-tiny", "--cache", cache], {
        npm_config_registry: registry,
      });
      const finished = finish(child);
      await Promise.race([once(server, "request"), finished]);
      const interrupted = performance.now();
      child.kill("SIGINT");
      expect(await finished).toMatchObject({ exitCode: 130, stdout: "" });
      expect(performance.now() - interrupted).toBeLessThan(5000);
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(cache, { recursive: true });
    }
  });
});
