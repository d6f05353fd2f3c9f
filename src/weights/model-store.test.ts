import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { knownModels } from "./known-models.ts";
import type { ModelManifest } from "./manifest.ts";
import { ensureFiles, type DownloadProgress } from "./model-files.ts";
import { listModels, modelPath, pullModel, removeModel, resolveModel } from "./model-store.ts";
import {
  manifestOf,
  modelFile,
  pseudoRandomBytes,
  startServer,
  temporaryFolder,
} from "./testing/weights-fixtures.ts";

const content = pseudoRandomBytes(10_000);

/** A manifest of one file that lies in a folder of its own. */
async function localModel(): Promise<{ manifest: ModelManifest; original: string }> {
  const original = join(await temporaryFolder(), "original.onnx");
  await writeFile(original, content);
  return { manifest: manifestOf([modelFile("encoder.onnx", content, [`file:${original}`])]), original };
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("ensureFiles", () => {
  it("fetches what is missing, with progress, and writes the manifest beside it", async () => {
    const { manifest } = await localModel();
    const folder = join(await temporaryFolder(), "models", "test-model");
    const progress: DownloadProgress[] = [];
    await ensureFiles(manifest, folder, { onDownload: (event) => progress.push(event) });
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
    expect(JSON.parse(await readFile(join(folder, "glossa-model.json"), "utf8"))).toEqual(manifest);
    expect(progress.at(-1)).toEqual({
      file: "test-model/encoder.onnx",
      receivedBytes: content.length,
      totalBytes: content.length,
    });
    expect((await readdir(folder)).sort()).toEqual([".verified.json", "encoder.onnx", "glossa-model.json"]);
  });

  it("does not fetch what is there", async () => {
    const { manifest, original } = await localModel();
    const folder = await temporaryFolder();
    await ensureFiles(manifest, folder);
    await rm(original);
    await expect(ensureFiles(manifest, folder)).resolves.toBeUndefined();
  });

  it("trusts the record for a file that did not change, and hashes one that did", async () => {
    const { manifest } = await localModel();
    const folder = await temporaryFolder();
    const path = join(folder, "encoder.onnx");
    await ensureFiles(manifest, folder);
    const { atime, mtime } = await stat(path);
    await writeFile(path, Buffer.alloc(content.length));
    await utimes(path, atime, mtime);
    const record = join(folder, ".verified.json");
    const entries = JSON.parse(await readFile(record, "utf8"));
    entries["encoder.onnx"].modifiedMilliseconds = (await stat(path)).mtimeMs;
    await writeFile(record, JSON.stringify(entries));
    await ensureFiles(manifest, folder);
    expect(await readFile(path)).toEqual(Buffer.alloc(content.length));

    await writeFile(path, Buffer.alloc(content.length, 1));
    await ensureFiles(manifest, folder);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it("takes the next source when one fails, and says all reasons when all fail", async () => {
    const { manifest, original } = await localModel();
    const file = manifest.files[0]!;
    const withSources = (sources: string[]) => ({ ...manifest, files: [{ ...file, sources }] });
    const folder = await temporaryFolder();
    await ensureFiles(withSources(["file:/absent-one", `file:${original}`]), folder);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);

    const other = await temporaryFolder();
    await expect(
      ensureFiles(withSources(["file:/absent-one", "file:/absent-two"]), other),
    ).rejects.toMatchObject({
      code: "model-unavailable",
      message: expect.stringMatching(/absent-one.*absent-two/),
    });
    await expect(ensureFiles(withSources([]), other)).rejects.toThrow(/No source is known/);
    expect(await readdir(other)).toEqual([]);
  });

  it("refuses wrong content and leaves nothing under the file's name", async () => {
    const { manifest, original } = await localModel();
    await writeFile(original, Buffer.alloc(content.length));
    const folder = await temporaryFolder();
    await expect(ensureFiles(manifest, folder)).rejects.toMatchObject({
      code: "model-corrupt",
      message: expect.stringMatching(/encoder\.onnx has the SHA-256/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("explains a full disk and leaves nothing", async () => {
    const { manifest, original } = await localModel();
    const folder = await temporaryFolder();
    const handle = await open(original);
    const prototype = Object.getPrototypeOf(handle) as typeof handle;
    await handle.close();
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    vi.spyOn(prototype, "writeFile").mockRejectedValue(full);
    await expect(ensureFiles(manifest, folder)).rejects.toMatchObject({
      code: "write-failed",
      message: expect.stringMatching(/encoder\.onnx\.part: the disk is full.*GLOSSA_CACHE/),
      cause: full,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("explains a folder that cannot be made", async () => {
    const { manifest, original } = await localModel();
    await expect(ensureFiles(manifest, join(original, "folder"))).rejects.toMatchObject({
      code: "write-failed",
    });
  });

  it("stops while it waits for another process", async () => {
    const { manifest } = await localModel();
    const folder = await temporaryFolder();
    await mkdir(join(folder, ".lock"));
    const controller = new AbortController();
    const promise = ensureFiles(manifest, folder, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stopped")), 50);
    await expect(promise).rejects.toThrow("stopped");
  });

  it("takes over the lock of a process that is gone", async () => {
    const { manifest } = await localModel();
    const folder = await temporaryFolder();
    await mkdir(join(folder, ".lock"));
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(join(folder, ".lock"), longAgo, longAgo);
    await ensureFiles(manifest, folder);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
  });

  it("downloads once when several ask at the same time", async () => {
    const server = await startServer((_, response) => setTimeout(() => response.end(content), 100));
    vi.stubEnv("HF_ENDPOINT", server.origin);
    const manifest = manifestOf([modelFile("encoder.onnx", content, ["hf:a/b@main/encoder.onnx"])]);
    const folder = await temporaryFolder();
    await Promise.all([1, 2, 3].map(() => ensureFiles(manifest, folder)));
    expect(server.requests).toHaveLength(1);
  });

  it("downloads once when several processes ask at the same time", async () => {
    const server = await startServer((_, response) => setTimeout(() => response.end(content), 1000));
    const manifest = manifestOf([modelFile("encoder.onnx", content, ["hf:a/b@main/encoder.onnx"])]);
    const folder = await temporaryFolder();
    await writeFile(join(folder, "glossa-model.json"), JSON.stringify(manifest));
    const script = new URL("./testing/resolve-model.ts", import.meta.url);
    const exits = [1, 2].map(async () => {
      const child = fork(script, [folder], {
        execArgv: ["--import", "tsx"],
        env: { ...process.env, HF_ENDPOINT: server.origin },
      });
      return (await once(child, "exit"))[0] as number;
    });
    expect(await Promise.all(exits)).toEqual([0, 0]);
    expect(server.requests).toHaveLength(1);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
  });
});

describe("the store", () => {
  it("says offline which files are missing and how to get them", async () => {
    const cacheFolder = await temporaryFolder();
    await expect(resolveModel("silero-vad", { cacheFolder, offline: true })).rejects.toMatchObject({
      code: "model-unavailable",
      message: expect.stringMatching(/silero_vad\.onnx.*glossa models pull silero-vad/),
    });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it("names the known models when a name is unknown", async () => {
    for (const call of [resolveModel, pullModel, removeModel, modelPath]) {
      await expect(call("whisper-huge")).rejects.toMatchObject({
        code: "invalid-argument",
        message: expect.stringMatching(/"whisper-huge".*whisper-small/),
      });
    }
    await expect(resolveModel("")).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("lists all models and which of them are cached; removes them", async () => {
    const cacheFolder = await temporaryFolder();
    const folder = join(cacheFolder, "models", "silero-vad");
    await mkdir(folder, { recursive: true });
    const { bytes } = knownModels.find(({ id }) => id === "silero-vad")!.files[0]!;
    await writeFile(join(folder, "silero_vad.onnx"), Buffer.alloc(bytes));
    const listed = await listModels({ cacheFolder });
    expect(listed.map(({ manifest }) => manifest.id)).toEqual(knownModels.map(({ id }) => id));
    expect(listed.filter(({ isCached }) => isCached)).toMatchObject([{ folder, bytes }]);
    expect(await modelPath("silero-vad", { cacheFolder })).toBe(folder);

    expect(await removeModel("silero-vad", { cacheFolder })).toBeGreaterThanOrEqual(bytes);
    expect(await removeModel("silero-vad", { cacheFolder })).toBe(0);
    expect(await readdir(join(cacheFolder, "models"))).toEqual([]);
    await expect(modelPath("silero-vad", { cacheFolder })).rejects.toMatchObject({
      code: "model-unavailable",
    });
  });

  it("stops before it begins when it is aborted", async () => {
    const reason = new Error("stopped");
    await expect(resolveModel("whisper-tiny", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
