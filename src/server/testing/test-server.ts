/**
 * A server for tests: a real one, listening on this machine, whose recogniser hears numbers.
 */
import { encodeWav } from "../../audio/encode-wav.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GlossaServer, type ServerOptions } from "../server.ts";
import type { ServerSettings } from "../services.ts";

export const letterWorker = new URL("./letter-worker.ts", import.meta.url);

export const testSettings: ServerSettings = {
  version: "0.0.0-test",
  model: "letters",
  liveModel: "letters",
  models: ["letters", "other-letters"],
  uploadBytes: 64 * 1024 * 1024,
  retentionDays: null,
  urlHosts: [],
  corsOrigins: [],
  isOpen: false,
  requestsPerMinute: 100_000,
  liveSessions: 8,
};

export interface TestServer extends AsyncDisposable {
  readonly server: GlossaServer;
  readonly url: string;
  readonly dataFolder: string;
}

/** Starts a server in a data folder of its own, which is deleted at the end. */
export async function startTestServer(
  settings: Partial<ServerSettings> = {},
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), "glossa-server-")));
  const server = await GlossaServer.create({
    dataFolder,
    settings: { ...testSettings, ...settings },
    load: {},
    workers: 1,
    adminKey: null,
    trustProxy: false,
    logger: false,
    workerFile: letterWorker,
    workerArguments: ["--import", "tsx"],
    ...options,
  });
  const url = await server.listen("127.0.0.1", 0);
  return {
    server,
    url,
    dataFolder,
    async [Symbol.asyncDispose]() {
      await server.stop(0);
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/**
 * A WAV file in which numbers from 1 to 80 stand for what is said, with silence between them: windows of their own.
 */
export function numberedRecording(numbers: readonly number[], { speech = 1, silence = 3 } = {}): Buffer {
  const perNumber = (speech + silence) * 16_000;
  const samples = new Float32Array(numbers.length * perNumber);
  for (const [index, number] of numbers.entries()) {
    for (let i = 0; i < speech * 16_000; i++) {
      samples[index * perNumber + i] = (i % 2 === 0 ? 1 : -1) * (number / 100);
    }
  }
  return Buffer.from(encodeWav(samples, 16_000).buffer);
}

/** Asks until a job has ended. */
export async function jobEnd(url: string, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const response = await fetch(`${url}/v1/jobs/${id}`);
    const job = (await response.json()) as Record<string, unknown>;
    if (!["queued", "fetching", "running"].includes(job.status as string)) return job;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A form with recordings. */
export function formOf(
  files: readonly Uint8Array[],
  fields: Readonly<Record<string, string | readonly string[]>> = {},
): FormData {
  const form = new FormData();
  for (const [index, bytes] of files.entries()) {
    form.append(
      "file",
      new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "audio/wav" }),
      `recording-${index + 1}.wav`,
    );
  }
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) form.append(name, value as string);
  }
  return form;
}
