import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchFromHub } from "./hub-source.ts";
import type { HubSource } from "./manifest.ts";
import { modelFile, pseudoRandomBytes, startServer, temporaryFolder } from "./testing/weights-fixtures.ts";

const content = pseudoRandomBytes(150_000);
const file = modelFile("encoder.onnx", content);
const source: HubSource = { type: "hf", repository: "owner/repo", revision: "main", path: "onnx/a b.onnx" };
const quick = { retryDelaySeconds: 0.01, stallSeconds: 0.3 };

describe("fetchFromHub", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    vi.stubEnv("HF_TOKEN", "");
    vi.stubEnv("HTTP_PROXY", "");
    vi.stubEnv("http_proxy", "");
  });
  afterEach(() => vi.unstubAllEnvs());

  async function serve(...parameters: Parameters<typeof startServer>) {
    const server = await startServer(...parameters);
    vi.stubEnv("HF_ENDPOINT", `${server.origin}/`);
    return server;
  }

  it("fetches a file from its address and reports the bytes", async () => {
    const server = await serve((_, response) => response.end(content));
    const received: number[] = [];
    await fetchFromHub(file, source, folder, { onBytes: (_, bytes) => received.push(bytes) });
    expect(server.requests[0]!.url).toBe("/owner/repo/resolve/main/onnx/a%20b.onnx");
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
    expect(received.at(-1)).toBe(content.length);
    expect(await readdir(folder)).toEqual(["encoder.onnx"]);
  });

  it("continues after a connection that is cut", async () => {
    const server = await serve((request, response, number) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (start > 0) {
        response.statusCode = 206;
        response.setHeader("content-range", `bytes ${start}-${content.length - 1}/${content.length}`);
      }
      response.setHeader("content-length", content.length - start);
      if (number < 3) response.write(content.subarray(start, start + 50_000), () => response.destroy());
      else response.end(content.subarray(start));
    });
    await fetchFromHub(file, source, folder, quick);
    const starts = server.requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? "0")![0]));
    expect(starts).toHaveLength(3);
    expect(starts[1]).toBeGreaterThan(0);
    expect(starts[2]).toBeGreaterThan(starts[1]!);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
  });

  it("starts over when the server does not continue", async () => {
    await writeFile(join(folder, "encoder.onnx.part"), content.subarray(0, 1000));
    await serve((_, response) => response.end(content));
    await fetchFromHub(file, source, folder, quick);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
  });

  it("starts over when what an earlier download left is wrong", async () => {
    await writeFile(join(folder, "encoder.onnx.part"), pseudoRandomBytes(file.bytes).fill(0, 0, 100));
    await serve((_, response) => response.end(content));
    await fetchFromHub(file, source, folder, quick);
    expect((await readFile(join(folder, "encoder.onnx"))).equals(content)).toBe(true);
  });

  it("keeps a part but no file when the server stands still", async () => {
    await serve((request, response) => {
      if (!request.headers.range) response.write(content.subarray(0, 1000));
    });
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toMatchObject({
      code: "model-unavailable",
      message: expect.stringMatching(/sent nothing for 0\.3 seconds/),
    });
    expect(await readdir(folder)).toEqual(["encoder.onnx.part"]);
  });

  it("refuses wrong content and leaves nothing", async () => {
    await serve((_, response) => response.end(Buffer.alloc(content.length)));
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toMatchObject({
      code: "model-corrupt",
      message: expect.stringContaining(file.sha256),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses more content than there should be and leaves nothing", async () => {
    await serve((_, response) => response.end(Buffer.concat([content, content])));
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toMatchObject({ code: "model-corrupt" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("tries again when the server is busy, and gives up in the end", async () => {
    const server = await serve((_, response) => response.writeHead(503).end());
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toThrow(/answered 503 \(tried 4 times\)/);
    expect(server.requests).toHaveLength(4);
  });

  it.each([
    [404, /does not exist/],
    [401, /set HF_TOKEN/],
    [403, /set HF_TOKEN/],
    [418, /answered 418/],
  ])("explains %i at once", async (statusCode, message) => {
    const server = await serve((_, response) => response.writeHead(statusCode).end("no"));
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toThrow(message);
    expect(server.requests).toHaveLength(1);
  });

  it("sends the token to the hub but not where it redirects to", async () => {
    vi.stubEnv("HF_TOKEN", "secret");
    const storage = await startServer((_, response) => response.end(content));
    const hub = await serve((_, response) =>
      response.writeHead(302, { location: `${storage.origin}/blob` }).end(),
    );
    await fetchFromHub(file, source, folder, quick);
    expect(hub.requests[0]!.headers.authorization).toBe("Bearer secret");
    expect(storage.requests[0]!.url).toBe("/blob");
    expect(storage.requests[0]!.headers.authorization).toBeUndefined();
  });

  it("ends a circle of redirects", async () => {
    await serve((_, response) => response.writeHead(302, { location: "/again" }).end());
    await expect(fetchFromHub(file, source, folder, quick)).rejects.toThrow(/redirects more than 5 times/);
  });

  it("stops at once when it is aborted", async () => {
    const controller = new AbortController();
    await serve((_, response) => response.write(content.subarray(0, 1000)));
    const reason = new Error("stopped by the user");
    const promise = fetchFromHub(file, source, folder, {
      signal: controller.signal,
      onBytes: () => controller.abort(reason),
    });
    await expect(promise).rejects.toBe(reason);
  });
});
