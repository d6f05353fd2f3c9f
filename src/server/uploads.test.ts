/**
 * Resumable uploads by the tus protocol, as any of its clients sends them.
 */
import { readdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobEnd, numberedRecording, startTestServer } from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-uploads-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tus = { "tus-resumable": "1.0.0" };
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A client of a server, with a key if there is one. */
function clientOf(url: string, key?: string) {
  const authorization: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
  const ask = (method: string, path: string, headers: Record<string, string>, body?: RequestInit["body"]) =>
    fetch(new URL(path, url), { method, headers: { ...tus, ...authorization, ...headers }, body });
  return {
    ask,
    begin: (length: number, name = "talk.wav") =>
      ask("POST", "/v1/uploads", {
        "upload-length": String(length),
        "upload-metadata": `filename ${base64(name)},filetype ${base64("audio/wav")}`,
      }),
    send: (path: string, offset: number, body: RequestInit["body"]) =>
      ask(
        "PATCH",
        path,
        { "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
        body,
      ),
    createJobs: (body: object) =>
      ask("POST", "/v1/jobs", { "content-type": "application/json" }, JSON.stringify(body)),
  };
}

const identifierOf = (path: string) => path.split("/").at(-1)!;

describe("a resumable upload", () => {
  it("goes on where it broke off, after a restart of the server too, and becomes a job", async () => {
    const bytes = numberedRecording([12, 34]);
    const dataFolder = join(folder, "restart");
    let path: string;
    {
      await using test = await startTestServer({}, { dataFolder });
      const client = clientOf(test.url);
      const begun = await client.begin(bytes.length, "../../etc/Vortrag №1.wav");
      expect(begun.status).toBe(201);
      path = begun.headers.get("location")!;
      expect(path).toMatch(/^\/v1\/uploads\/file_/);
      // The connection breaks in the middle of a part.
      const aborting = new AbortController();
      const broken = new ReadableStream({
        async start(controller) {
          controller.enqueue(bytes.subarray(0, 100_000));
          await new Promise((resolve) => setTimeout(resolve, 300));
          aborting.abort();
        },
      });
      await expect(
        fetch(new URL(path, test.url), {
          method: "PATCH",
          headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
          body: broken,
          signal: aborting.signal,
          duplex: "half",
        } as RequestInit),
      ).rejects.toThrow("aborted");
      expect((await client.createJobs({ upload: identifierOf(path) })).status).toBe(409);
    }
    await using test = await startTestServer({}, { dataFolder });
    const client = clientOf(test.url);
    const state = await client.ask("HEAD", path, {});
    const offset = Number(state.headers.get("upload-offset"));
    expect(offset).toBe(100_000);
    // Anything but the next byte is refused.
    expect((await client.send(path, 5, bytes.subarray(5))).status).toBe(409);
    expect((await client.send(path, offset, bytes.subarray(offset))).status).toBe(204);
    const made = await client.createJobs({ upload: identifierOf(path), terms: ["word"] });
    expect(made.status).toBe(202);
    const { jobs } = (await made.json()) as { jobs: { id: string }[] };
    expect(await jobEnd(test.url, jobs[0]!.id)).toMatchObject({
      status: "done",
      name: "Vortrag №1.wav",
      mediaType: "audio/wav",
      bytes: bytes.length,
      durationSeconds: 8,
    });
    expect(await readdir(join(dataFolder, "uploads"))).toEqual([]);
    // It is used up.
    expect((await client.createJobs({ upload: identifierOf(path) })).status).toBe(400);
  });
});

describe("uploads", () => {
  const adminKey = "an-admin-key-for-tests";
  const test = useTestServer({ uploadBytes: 1_000_000 }, { adminKey });
  const makeKey = async (limits: object) => {
    const response = await clientOf(test.url, adminKey).ask(
      "POST",
      "/v1/keys",
      { "content-type": "application/json" },
      JSON.stringify({ name: "client", scopes: ["transcribe"], limits }),
    );
    return ((await response.json()) as { secret: string }).secret;
  };

  it("belong to whoever began them", async () => {
    const [owner, other] = [clientOf(test.url, await makeKey({})), clientOf(test.url, await makeKey({}))];
    expect((await clientOf(test.url).begin(10)).status).toBe(401);
    const path = (await owner.begin(10)).headers.get("location")!;
    for (const method of ["HEAD", "DELETE"]) expect((await other.ask(method, path, {})).status).toBe(404);
    expect((await other.send(path, 0, "0123456789")).status).toBe(404);
    expect((await owner.send(path, 0, "0123456789")).status).toBe(204);
    expect((await other.createJobs({ upload: identifierOf(path) })).status).toBe(400);
    expect((await owner.ask("DELETE", path, {})).status).toBe(204);
    expect((await owner.ask("HEAD", path, {})).status).toBe(404);
  });

  it("are no larger than the server, or the key, allows", async () => {
    expect((await clientOf(test.url, adminKey).begin(1_000_001)).status).toBe(413);
    const small = clientOf(test.url, await makeKey({ uploadBytes: 100 }));
    expect((await small.begin(101)).status).toBe(413);
    const path = (await small.begin(100)).headers.get("location")!;
    // More than was announced is not taken.
    expect((await small.send(path, 0, "x".repeat(200))).status).toBeGreaterThanOrEqual(400);
    expect(Number((await small.ask("HEAD", path, {})).headers.get("upload-offset"))).toBeLessThanOrEqual(100);
  });

  it("are all taken, or none", async () => {
    const client = clientOf(test.url, await makeKey({}));
    const bytes = numberedRecording([12]);
    const complete = (await client.begin(bytes.length)).headers.get("location")!;
    await client.send(complete, 0, bytes);
    const open = (await client.begin(bytes.length)).headers.get("location")!;
    const uploads = [complete, open].map(identifierOf);
    expect((await client.createJobs({ uploads })).status).toBe(409);
    const twice = await client.createJobs({ uploads: [uploads[0], uploads[0]] });
    expect(twice.status).toBe(400);
    expect(await twice.json()).toMatchObject({ errors: [{ field: "uploads.1" }] });
    await client.send(open, 0, bytes);
    const made = await client.createJobs({ uploads });
    expect(made.status, await made.clone().text()).toBe(202);
    const { batch, jobs } = (await made.json()) as { batch: string; jobs: unknown[] };
    expect(batch).toMatch(/^batch_/);
    expect(jobs).toHaveLength(2);
  });
});
