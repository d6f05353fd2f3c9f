/**
 * What strangers send: wrong types, tricks with paths, forbidden addresses, wrong keys. What means harm is in
 * hostile.test.ts.
 */
import { assert, asyncProperty, constantFrom, jsonValue } from "fast-check";
import { describe, expect, it } from "vitest";
import { checkUrl, isPublicAddress } from "./jobs/url-policy.ts";
import { signature } from "./jobs/webhooks.ts";
import { formOf, jobEnd, numberedRecording, startTestServer } from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

const test = useTestServer({ urlHosts: ["localhost", "*.example.org", "127.0.0.1", "[::1]"] });

const send = (method: string, path: string, body?: unknown) =>
  fetch(`${test.url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  });
const problemOf = async (response: Response) =>
  (await response.json()) as { status: number; detail: string; errors?: { field: string }[] };

describe("problems", () => {
  it.each([
    ["POST", "/v1/jobs", {}, 400, ""],
    ["POST", "/v1/jobs", { url: "ftp://example.org/a.mp3" }, 400, "url"],
    ["POST", "/v1/jobs", { url: "https://elsewhere.net/a.mp3" }, 400, "url"],
    ["POST", "/v1/jobs", { url: "http://127.0.0.1:80/" }, 400, "url"],
    ["POST", "/v1/jobs", { url: "http://[::1]/" }, 400, "url"],
    ["POST", "/v1/jobs", { url: "https://user:pass@a.example.org/" }, 400, "url"],
    ["POST", "/v1/jobs", { urls: ["https://a.example.org/a.mp3", "file:///etc/passwd"] }, 400, "urls.1"],
    ["POST", "/v1/jobs", { url: "https://a.example.org/a.mp3", language: "english" }, 400, "language"],
    ["POST", "/v1/jobs", { url: "https://a.example.org/a.mp3", model: "../../etc" }, 400, "model"],
    ["POST", "/v1/jobs", { url: "https://a.example.org/a.mp3", glossaries: ["x"] }, 400, "glossaries"],
    ["POST", "/v1/jobs", { upload: "../../../etc/passwd" }, 400, "upload"],
    ["POST", "/v1/jobs", { job: "job_none" }, 400, "job"],
    ["POST", "/v1/glossaries", { name: "", terms: [] }, 400, "name"],
    ["POST", "/v1/glossaries", { name: "a", terms: [{ text: "x", weight: 99 }] }, 400, "terms.0"],
    ["POST", "/v1/glossaries", "{", 400, undefined],
    ["POST", "/v1/session", { key: "no such key" }, 400, "key"],
    ["GET", "/v1/jobs?limit=9999", undefined, 400, "limit"],
    ["GET", "/v1/jobs/job_none", undefined, 404, undefined],
    ["GET", "/v1/jobs/..%2f..%2fetc%2fpasswd", undefined, 404, undefined],
    ["GET", "/v1/nothing", undefined, 404, undefined],
    ["DELETE", "/v1/keys/none", undefined, 404, undefined],
  ])("%s %s %j: %i %s", async (method, path, body, status, field) => {
    const response = await send(method, path, body);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await problemOf(response);
    expect([response.status, problem.status], problem.detail).toEqual([status, status]);
    expect(problem.errors?.[0]?.field ?? "").toMatch(new RegExp(`^${(field ?? "").replace(".", "\\.")}`));
  });

  it("tell of forms what is wrong in which field", async () => {
    const wav = numberedRecording([12]);
    const forms: [FormData, number, string][] = [
      [formOf([]), 400, "file"],
      [formOf([Buffer.alloc(0)]), 400, "file"],
      [formOf([wav], { language: "1" }), 400, "language"],
      [formOf([wav], { nonsense: "1" }), 400, ""],
      [formOf([wav, wav], { name: "one" }), 400, "name"],
    ];
    for (const [body, status, field] of forms) {
      const response = await fetch(`${test.url}/v1/jobs`, { method: "POST", body });
      const problem = await problemOf(response);
      expect(response.status).toBe(status);
      expect(problem.errors?.[0]?.field).toContain(field);
    }
    const bomb = new FormData();
    bomb.append("file", new Blob([Buffer.from("PK\u0003\u0004nothing like a document")]), "deck.docx");
    const response = await fetch(`${test.url}/v1/documents`, { method: "POST", body: bomb });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toContain("deck.docx");
  });

  it("never crash the server, whatever is sent", async () => {
    const paths = ["/v1/jobs", "/v1/glossaries", "/v1/keys", "/asr", "/v1/session", "/v1/jobs/x/correction"];
    await assert(
      asyncProperty(
        constantFrom(...paths),
        constantFrom("POST", "PUT", "PATCH", "DELETE"),
        jsonValue(),
        async (path, method, body) => {
          const response = await send(method, path, body);
          expect(response.status).toBeLessThan(500);
          await response.arrayBuffer();
        },
      ),
      { numRuns: 60 },
    );
    expect((await send("GET", "/health")).status).toBe(200);
  });
});

describe("addresses", () => {
  it("are refused unless they are public", () => {
    for (const address of [
      "127.0.0.1",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "::1",
      "::",
      "fe80::1",
      "fc00::1",
      "::ffff:127.0.0.1",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "no address",
    ]) {
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
    }
    expect(isPublicAddress("93.184.216.34")).toBe(true);
    expect(isPublicAddress("2606:2800:220:1::1")).toBe(true);
    // Other ways to write 127.0.0.1.
    for (const host of ["2130706433", "0x7f.1", "0177.0.0.1"]) {
      expect(() => checkUrl(`http://${host}/`, ["*"], "url")).toThrow("no public address");
    }
  });

  it("of names that lead to this machine are not fetched", async () => {
    const response = await send("POST", "/v1/jobs", {
      url: `http://localhost:${new URL(test.url).port}/health`,
    });
    const { jobs } = (await response.json()) as { jobs: { id: string }[] };
    expect(await jobEnd(test.url, jobs[0]!.id)).toMatchObject({
      status: "failed",
      error: { code: "unreadable-input", message: expect.stringContaining("no public address") },
    });
  });
});

describe("keys", () => {
  it("are needed once there is one, and allow what their scopes say", async () => {
    await using locked = await startTestServer({}, { adminKey: "an-admin-key-for-tests" });
    const ask = (path: string, key?: string, init: RequestInit = {}) =>
      fetch(`${locked.url}${path}`, {
        ...init,
        headers: { ...(key && { authorization: `Bearer ${key}` }), "content-type": "application/json" },
      });
    expect((await ask("/v1/jobs")).status).toBe(401);
    expect((await ask("/v1/jobs", "wrong")).status).toBe(401);
    expect((await ask("/health")).status).toBe(200);
    expect(await (await ask("/v1/server")).json()).toMatchObject({ keyRequired: true, authenticated: false });
    const made = await ask("/v1/keys", "an-admin-key-for-tests", {
      method: "POST",
      body: JSON.stringify({ name: "page", scopes: ["transcribe"], limits: { requestsPerMinute: 8 } }),
    });
    expect(made.status).toBe(201);
    const { id, secret } = (await made.json()) as { id: string; secret: string };
    expect((await ask("/v1/jobs", secret)).status).toBe(200);
    expect((await ask("/v1/keys", secret)).status).toBe(403);
    const glossary = { method: "POST", body: JSON.stringify({ name: "a", terms: ["b"] }) };
    expect((await ask("/v1/glossaries", secret, glossary)).status).toBe(403);
    // Of others' glossaries a key sees nothing.
    const theirs = (await (await ask("/v1/glossaries", "an-admin-key-for-tests", glossary)).json()) as {
      id: string;
    };
    expect((await ask(`/v1/glossaries/${theirs.id}`, secret)).status).toBe(404);
    const session = await fetch(`${locked.url}/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: secret }),
    });
    expect(session.status).toBe(204);
    const cookie = session.headers.get("set-cookie")!;
    expect(cookie).toContain("HttpOnly");
    const withCookie = await fetch(`${locked.url}/v1/jobs`, { headers: { cookie: cookie.split(";")[0]! } });
    expect(withCookie.status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await ask("/v1/jobs", secret)).status);
    expect(statuses).toContain(429);
    await ask(`/v1/keys/${id}`, "an-admin-key-for-tests", { method: "DELETE", headers: {} });
    expect(locked.server.services.keys.list()[0]!.name).toBe("page");
  });
});

describe("the interface", () => {
  it("has measurements", async () => {
    expect(await (await send("GET", "/metrics")).text()).toContain('glossa_jobs{status="done"}');
  });

  it("signs webhooks as Standard Webhooks says", () => {
    // The example of the specification's reference implementation.
    expect(
      signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
      ),
    ).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});
