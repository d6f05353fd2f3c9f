/**
 * Small stand-ins for what the store talks to: a folder, files with their manifests, HTTP servers on this machine.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ModelFile, ModelManifest } from "../manifest.ts";

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "glossa-weights-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function modelFile(name: string, content: Buffer, sources: string[] = []): ModelFile {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { name, sha256, bytes: content.length, sources };
}

export function manifestOf(files: ModelFile[]): ModelManifest {
  return {
    id: "test-model",
    architecture: "whisper",
    description: "A model for tests",
    languages: ["en"],
    license: "MIT",
    files,
  };
}

/** Bytes that do not repeat early, so that a file put together wrongly has another hash. */
export function pseudoRandomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export interface TestServer {
  /** Such as `http://127.0.0.1:40123`. */
  origin: string;
  requests: IncomingMessage[];
}

/** Starts a server that is stopped when the test ends. */
export async function startServer(
  respond: (request: IncomingMessage, response: ServerResponse, requestNumber: number) => void,
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    respond(request, response, requests.length);
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
