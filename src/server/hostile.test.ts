/**
 * Clients that mean harm, or are broken: connections that hang, bodies that trickle, foreign pages, archives that unfold
 * without end. None may hold the server up, and nothing of them may be left behind.
 */
import { readdir } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import {
  formOf,
  jobEnd,
  numberedRecording,
  startTestServer,
  type TestServer,
} from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

let test: TestServer;
beforeAll(async () => {
  // A window takes its time, so that there is something to break off.
  vi.stubEnv("GLOSSA_TEST_PAUSE", "20");
  test = await startTestServer(
    { urlHosts: ["*"] },
    {
      times: {
        headersMilliseconds: 500,
        lookMilliseconds: 400,
        leastBytes: 64,
        smallBodyMilliseconds: 1200,
        lingerMilliseconds: 300,
      },
    },
  );
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const health = async () => (await fetch(`${test.url}/health`)).status;
/** The files that requests have brought and that are there still. */
const leftOf = async ({ dataFolder }: Pick<TestServer, "dataFolder">) => [
  ...(await readdir(join(dataFolder, "incoming"))),
  ...(await readdir(join(dataFolder, "recordings"))),
];
const nothingIsLeft = () => vi.waitFor(async () => expect(await leftOf(test)).toEqual([]), 5000);

interface Connection {
  socket: Socket;
  /** All that the server said, once it has closed the connection. */
  closed: Promise<string>;
}

function connect(...lines: string[]): Connection {
  const socket = createConnection(Number(new URL(test.url).port), "127.0.0.1");
  let said = "";
  socket.on("data", (data) => (said += data.toString("latin1")));
  socket.on("error", () => {});
  socket.write(lines.join("\r\n"));
  return { socket, closed: new Promise((resolve) => socket.once("close", () => resolve(said))) };
}

/** Goes on writing a byte at a time until the server has had enough. */
function trickle({ socket }: Connection, milliseconds: number): void {
  const timer = setInterval(() => socket.writable && socket.write("x"), milliseconds);
  socket.once("close", () => clearInterval(timer));
}

/** A zip archive whose entries all are so many zeros; libraries take minutes to make it. */
function zipOf(names: readonly string[], bytes: number): Buffer {
  const packed = deflateRawSync(Buffer.alloc(bytes), { level: 1 });
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const name of names) {
    // Version, flags, method, time, date, checksum, sizes, length of the name, of what is added (APPNOTE.TXT, 4.3.7).
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes, 18);
    common.writeUInt16LE(name.length, 22);
    const header = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name)]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\u0001\u0002\u0014\0"), common, place, Buffer.from(name));
    parts.push(header, packed);
    offset += header.length + packed.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, index, end]);
}

const formBegin = [
  "POST /v1/audio/transcriptions HTTP/1.1",
  "Host: localhost",
  "Content-Type: multipart/form-data; boundary=b",
  "Content-Length: 100000",
  "",
  "--b",
  'Content-Disposition: form-data; name="file"; filename="a.wav"',
  "",
  "RIFF",
];

describe("a connection", () => {
  it.each<[string, string[], RegExp]>([
    ["that says nothing", [""], /^HTTP\/1\.1 408 /],
    ["that never ends its headers", ["GET / HTTP/1.1", "X-Slow: "], /^HTTP\/1\.1 408 /],
    ["that talks nonsense", ["\0\0\0", "", ""], /^HTTP\/1\.1 400 [^]*application\/problem\+json/],
    [
      "with endless headers",
      ["GET /health HTTP/1.1", `X-Large: ${"x".repeat(40_000)}`, "", ""],
      /^HTTP\/1\.1 431 [^]*"status":431/,
    ],
    [
      "that does not send the body it announced",
      [
        "POST /v1/jobs HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        "Content-Length: 99",
        "",
        "{",
      ],
      /^HTTP\/1\.1 408 [^]*application\/problem\+json[^]*came too slowly/,
    ],
    ["that stops in the middle of a file", formBegin, /^HTTP\/1\.1 408 /],
    [
      "that is refused and does not send the body it announced",
      ["POST /v1/nothing HTTP/1.1", "Host: localhost", "Content-Length: 99999", "", "{"],
      /^HTTP\/1\.1 404 /,
    ],
    [
      "with two lengths (request smuggling)",
      [
        "POST /v1/jobs HTTP/1.1",
        "Host: localhost",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "",
        "0",
        "",
        "",
      ],
      /^HTTP\/1\.1 400 /,
    ],
  ])("%s is answered and closed", async (_name, lines, answer) => {
    const connection = connect(...lines);
    expect(await connection.closed).toMatch(answer);
    expect(await health()).toBe(200);
    await nothingIsLeft();
  });

  it("that sends drop by drop is cut off, in headers, bodies, forms and uploads", async () => {
    const upload = await fetch(`${test.url}/v1/uploads`, {
      method: "POST",
      headers: { "tus-resumable": "1.0.0", "upload-length": "100000" },
    });
    const patch = [
      `PATCH ${upload.headers.get("location")} HTTP/1.1`,
      "Host: localhost",
      "Tus-Resumable: 1.0.0",
      "Upload-Offset: 0",
      "Content-Type: application/offset+octet-stream",
      "Content-Length: 100000",
      "",
      "",
    ];
    const json = ["POST /v1/jobs HTTP/1.1", "Host: localhost", "Content-Type: application/json"];
    const connections = [
      connect("GET / HTTP/1.1", "X-Slow: "),
      connect(...json, "Content-Length: 99999", "", "{"),
      connect(...formBegin),
      connect(...patch),
    ];
    for (const connection of connections) trickle(connection, 50);
    // Fast enough for a recording, but this is none.
    const large = connect(...json, "Content-Length: 999999", "", "{");
    const timer = setInterval(() => large.socket.writable && large.socket.write("x".repeat(500)), 50);
    for (const { closed } of [...connections.slice(0, 3), large])
      expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    await connections[3]!.closed;
    clearInterval(timer);
    expect(await health()).toBe(200);
    await nothingIsLeft();
  });
});

describe("forms", () => {
  // Where slow clients are waited for as long as ever: this one is busy being the server too.
  const test = useTestServer();
  const post = (path: string, body: FormData) => fetch(`${test.url}${path}`, { method: "POST", body });
  const nothingIsLeft = () => vi.waitFor(async () => expect(await leftOf(test)).toEqual([]), 5000);

  it("whose client vanishes leave nothing behind, and no task at work", async () => {
    const { recognition } = test.server.services;
    const aborting = new AbortController();
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const long = numberedRecording(numbers, { speech: 0.5, silence: 1 });
    const requests = Array.from({ length: 12 }, () =>
      fetch(`${test.url}/v1/audio/transcriptions`, {
        method: "POST",
        body: formOf([long], { model: "letters" }),
        signal: aborting.signal,
      }),
    );
    await vi.waitFor(() => expect(recognition.urgentTasks).toBe(12), 10_000);
    aborting.abort();
    await Promise.allSettled(requests);
    await vi.waitFor(() => expect(recognition.urgentTasks).toBe(0), 10_000);
    await nothingIsLeft();
  });

  it("with huge or endless fields are refused", async () => {
    const wav = numberedRecording([12]);
    const attempts: Record<string, string | string[]>[] = [
      { language: "x".repeat(2_000_000) },
      { "terms[]": Array.from({ length: 20 }, () => "x".repeat(1_000_000)) },
      { "terms[]": Array.from({ length: 10_300 }, () => "x") },
    ];
    for (const fields of attempts) {
      const response = await post("/v1/audio/transcriptions", formOf([wav], fields));
      expect(response.status).toBe(413);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    const odd = formOf([wav], { __proto__: "x", constructor: "x", "a[b][c]": "x" });
    expect((await post("/v1/jobs", odd)).status).toBe(400);
    const misplaced = new FormData();
    misplaced.append("terms", new Blob(["x"]), "terms.txt");
    expect(await (await post("/v1/jobs", misplaced)).json()).toMatchObject({ errors: [{ field: "terms" }] });
    await nothingIsLeft();
  });

  it("with names that lead elsewhere keep to their folder", async () => {
    const names = [
      "../../../etc/passwd",
      "..\\..\\evil.wav",
      "/abs.wav",
      "a\u0000b.wav",
      "con\r\nX: y.wav",
      "..",
      "‮gpj.wav",
    ];
    const form = new FormData();
    for (const name of names) form.append("file", new Blob([numberedRecording([12])]), name);
    const response = await post("/v1/jobs", form);
    expect(response.status).toBe(202);
    const { jobs } = (await response.json()) as { jobs: { id: string; name: string }[] };
    for (const { id, name } of jobs) {
      expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^\.\.?$/u);
      expect(await jobEnd(test.url, id)).toMatchObject({ status: "done" });
      const download = await fetch(`${test.url}/v1/jobs/${id}/transcript?format=srt&download=1`);
      expect(download.status).toBe(200);
      await fetch(`${test.url}/v1/jobs/${id}`, { method: "DELETE" });
    }
    await nothingIsLeft();
  });

  it("with archives that unfold without end are refused, whatever they pretend to be", async () => {
    const bomb = zipOf(
      ["word/document.xml", "ppt/presentation.xml", "META-INF/container.xml"],
      400 * 1024 * 1024,
    );
    expect(bomb.length).toBeLessThan(10_000_000);
    for (const name of ["deck.docx", "deck.pptx", "deck.epub"]) {
      const documents = new FormData();
      documents.append("file", new Blob([bomb]), name);
      const refused = await post("/v1/documents", documents);
      expect([name, refused.status]).toEqual([name, 400]);
      expect(await refused.json()).toMatchObject({
        detail: expect.stringContaining(name),
        errors: [{ field: "file" }],
      });
    }
    const job = formOf([numberedRecording([12])]);
    job.append("context", new Blob([bomb]), "deck.docx");
    expect(await (await post("/v1/jobs", job)).json()).toMatchObject({
      status: 400,
      errors: [{ field: "context" }],
    });
    const transcription = formOf([numberedRecording([12])], { model: "letters" });
    transcription.append("context[]", new Blob([bomb]), "deck.docx");
    expect((await post("/v1/audio/transcriptions", transcription)).status).toBe(400);
    await nothingIsLeft();
  }, 120_000);
});

describe("a page from elsewhere", () => {
  const ask = (headers: Record<string, string>, url = test.url, path = "/v1/jobs") =>
    new Promise<string>((resolve) => {
      const { port } = new URL(url);
      const socket = createConnection(Number(port), "127.0.0.1");
      let said = "";
      socket.on("data", (data) => (said += data.toString()));
      socket.on("close", () => resolve(said.slice(9, 12)));
      const lines = Object.entries({ host: `127.0.0.1:${port}`, connection: "close", ...headers });
      socket.write(
        `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
      );
    });

  it("cannot use a server without keys in its reader's place", async () => {
    const { host } = new URL(test.url);
    expect(await ask({})).toBe("200");
    expect(await ask({ origin: `http://${host}` })).toBe("200");
    expect(await ask({ origin: "https://evil.example" })).toBe("403");
    expect(await ask({ origin: "null" })).toBe("403");
    // A name of its own that it made lead to this machine.
    expect(await ask({ host: "evil.example", origin: "http://evil.example" })).toBe("403");
    expect(await ask({ host: "localhost:1234", origin: "http://localhost:1234" })).toBe("200");
    // What watches the server calls it as it likes.
    expect(await ask({ host: "server.internal" }, test.url, "/health")).toBe("200");
    const socket = new WebSocket(`${test.url.replace("http", "ws")}/v1/listen`, {
      origin: "https://evil.example",
    });
    const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
    expect(error.message).toContain("403");
  });

  it("can where it is allowed, and at any name with a key or on an open server", async () => {
    await using allowed = await startTestServer({ corsOrigins: ["https://page.example"] });
    expect(await ask({ origin: "https://page.example" }, allowed.url)).toBe("200");
    expect(await ask({ origin: "https://evil.example" }, allowed.url)).toBe("403");
    await using open = await startTestServer({ isOpen: true });
    expect(await ask({ host: "glossa.example.org" }, open.url)).toBe("200");
    await using locked = await startTestServer({}, { adminKey: "an-admin-key-for-tests" });
    const authorization = "Bearer an-admin-key-for-tests";
    expect(await ask({ host: "glossa.example.org", authorization }, locked.url)).toBe("200");
    expect(await ask({ host: "glossa.example.org" }, locked.url)).toBe("401");
  });
});

describe("guesses of keys", () => {
  it("are limited like requests", async () => {
    await using locked = await startTestServer(
      { requestsPerMinute: 5 },
      { adminKey: "an-admin-key-for-tests" },
    );
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) {
      const headers = { authorization: `Bearer guess-${i}` };
      statuses.push((await fetch(`${locked.url}/v1/jobs`, { headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    // Those that watch the server are not limited.
    for (let i = 0; i < 20; i++) {
      expect((await fetch(`${locked.url}/health`)).status).toBe(200);
      expect([200, 503]).toContain((await fetch(`${locked.url}/ready`)).status);
      const headers = { authorization: "Bearer an-admin-key-for-tests" };
      expect((await fetch(`${locked.url}/metrics`, { headers })).status).toBe(200);
    }
  });
});

describe("recordings from elsewhere", () => {
  it.each([
    "http://localhost:PORT/health",
    "http://127.0.0.1.nip.io/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://0/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://localhost./",
    "http://user@127.0.0.1/",
    "gopher://127.0.0.1/",
    "file:///etc/passwd",
    "data:audio/wav;base64,AAAA",
    "//127.0.0.1/",
    "http://",
  ])("are not fetched from %s", async (target) => {
    const url = target.replace("PORT", new URL(test.url).port);
    const response = await fetch(`${test.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url }),
    });
    if (response.status === 400) return;
    // A name, which is looked up when the recording is fetched.
    expect(response.status).toBe(202);
    const { jobs } = (await response.json()) as { jobs: { id: string }[] };
    const ended = await jobEnd(test.url, jobs[0]!.id);
    expect(ended).toMatchObject({ status: "failed", error: { code: "unreadable-input" } });
    expect((ended["error"] as { message: string }).message).toMatch(/no public address|ENOTFOUND|EAI_AGAIN/);
  });
});
