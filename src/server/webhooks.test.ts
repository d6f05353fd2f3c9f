/**
 * Webhooks: told of the end of jobs, signed, tried again, without one host holding up the others.
 */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { Webhooks } from "./jobs/webhooks.ts";
import { openDatabase, type Database } from "./store/database.ts";
import { formOf, jobEnd, numberedRecording, startTestServer } from "./testing/test-server.ts";

interface Received {
  host: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers with the statuses of `answers` in turn, then with 200; null never answers. */
let answers: (number | null)[] = [];
let received: Received[] = [];
const receiver = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    received.push({ host: request.headers.host!, headers: request.headers, body });
    const status = request.headers.host!.startsWith("slow.") ? null : (answers.shift() ?? 200);
    if (status !== null) response.writeHead(status).end();
  });
});
/** All names lead to this machine. */
const lookup: LookupFunction = (_name, options, callback) =>
  options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);
let port: number;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-webhooks-"));
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  ({ port } = receiver.address() as AddressInfo);
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  answers = [];
  received = [];
});

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

it("tells of the end of a job, with a signature that its receiver can check", async () => {
  await using test = await startTestServer({ urlHosts: ["hooks.example.org"] }, { lookup });
  const url = `http://hooks.example.org:${port}/told`;
  const form = formOf([numberedRecording([12])], { webhook_url: url, webhook_secret: secret });
  const response = await fetch(`${test.url}/v1/jobs`, { method: "POST", body: form });
  const { jobs } = (await response.json()) as { jobs: { id: string; webhook: unknown }[] };
  // The secret is nobody's business.
  expect(jobs[0]!.webhook).toEqual({ url });
  await jobEnd(test.url, jobs[0]!.id);
  await vi.waitFor(() => expect(received).toHaveLength(1), 5000);
  const [{ headers, body }] = received as [Received];
  expect(JSON.parse(body)).toMatchObject({
    type: "job.done",
    data: { id: jobs[0]!.id, status: "done", durationSeconds: null, error: null },
  });
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key)
    .update(`${String(id)}.${String(timestamp)}.${body}`)
    .digest("base64");
  expect(signature).toBe(`v1,${expected}`);
});

function addDelivery(database: Database, id: string, host: string): void {
  database.run(
    "INSERT INTO deliveries (id, job, url, secret, body, next_at) VALUES (:id, 1, :url, NULL, '{}', :at)",
    { id, url: `http://${host}:${port}/`, at: new Date().toISOString() },
  );
}

function webhooksOf(database: Database, stopping: AbortSignal, failures: unknown[] = []): Webhooks {
  return new Webhooks({
    database,
    hosts: ["*"],
    stopping,
    lookup,
    pausesSeconds: [0.05, 0.05],
    onFailure: (url, attempts, isLast) => failures.push([new URL(url).hostname, attempts, isLast]),
  });
}

it("tries again what could not be delivered, under the same identifier, and gives up in the end", async () => {
  using database = openDatabase(join(folder, "again"));
  const failures: unknown[] = [];
  const webhooks = webhooksOf(database, new AbortController().signal, failures);
  answers = [500, 302, 204, 500, 500, 500];
  addDelivery(database, "delivery_1", "a.example.org");
  webhooks.pump();
  await vi.waitFor(() => expect(database.all("SELECT 1 FROM deliveries")).toEqual([]), 5000);
  expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(Array(3).fill("delivery_1"));
  addDelivery(database, "delivery_2", "b.example.org");
  webhooks.pump();
  await vi.waitFor(() => expect(database.all("SELECT 1 FROM deliveries")).toEqual([]), 5000);
  expect(failures).toEqual([
    ["a.example.org", 1, false],
    ["a.example.org", 2, false],
    ["b.example.org", 1, false],
    ["b.example.org", 2, false],
    ["b.example.org", 3, true],
  ]);
  await webhooks.close();
});

it("delivers to others while one host does not answer, and after a restart what was left", async () => {
  using database = openDatabase(join(folder, "slow"));
  const stopping = new AbortController();
  const first = webhooksOf(database, stopping.signal);
  for (let i = 0; i < 20; i++) addDelivery(database, `slow_${i}`, "slow.example.org");
  addDelivery(database, "quick", "quick.example.org");
  first.pump();
  await vi.waitFor(
    () => expect(received.map(({ host }) => host)).toContain(`quick.example.org:${port}`),
    5000,
  );
  expect(received.filter(({ host }) => host.startsWith("slow")).length).toBeLessThanOrEqual(2);
  stopping.abort(new Error("The server stops."));
  await first.close();
  // Nothing that was under way is lost.
  expect(database.get("SELECT count(*) AS left FROM deliveries")).toMatchObject({ left: 20 });
  const second = webhooksOf(database, new AbortController().signal);
  database.run("UPDATE deliveries SET url = :url", { url: `http://quick.example.org:${port}/` });
  second.pump();
  await vi.waitFor(() => expect(database.all("SELECT 1 FROM deliveries")).toEqual([]), 10_000);
  await second.close();
});
