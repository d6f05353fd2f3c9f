/**
 * Puts a server under load and measures it: uploads that all come at once, jobs and requests that wait in turn, while
 * `/health` is asked again and again.
 *
 *     npx tsx tools/load-server.ts FOLDER_OF_RECORDINGS [--model moonshine-tiny] [--uploads 50] [--rounds 3]
 *
 * Fails when an upload fails, when a recording gives another text than in the first round, or when `/health` takes longer
 * than 50 ms in more than one case of a hundred.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { Agent, get } from "node:http";
import { loadavg } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Agent as FetchAgent, setGlobalDispatcher } from "undici";
import { percentile, startServe } from "./serve-process.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "moonshine-tiny" },
    uploads: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("Usage: npx tsx tools/load-server.ts FOLDER_OF_RECORDINGS");
const uploads = Number(values.uploads);
// The shortest: this is about many uploads, not about long ones.
const files = readdirSync(folder)
  .map((name) => join(folder, name))
  .sort((a, b) => statSync(a).size - statSync(b).size)
  .slice(0, uploads);
if (files.length === 0) throw new Error(`${folder}: no recordings`);

// Who comes last may wait for long; that is no failure.
setGlobalDispatcher(new FetchAgent({ headersTimeout: 0, bodyTimeout: 0 }));

await using server = await startServe(["--model", values.model, "--live-model", values.model]);
const { url } = server;
const agent = new Agent({ keepAlive: true });
const texts = new Map<string, string>();
const failures: string[] = [];
const allLatencies: number[] = [];
// What the machine takes for itself and for others; the difference is ours.
const atRest: number[] = [];
await probe(atRest, AbortSignal.timeout(10_000));
print("at rest", { ...healthOf(atRest), ...server.memory() });
for (let round = 1; round <= Number(values.rounds); round++) {
  const latencies: number[] = [];
  const probing = new AbortController();
  const probes = probe(latencies, probing.signal);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: uploads }, async (_, index) => {
      const file = files[index % files.length]!;
      try {
        const text = index % 2 === 0 ? await asJob(file) : await asRequest(file);
        const first = texts.get(file) ?? text;
        texts.set(file, first);
        if (text !== first) failures.push(`${file}: another text than before`);
      } catch (error) {
        failures.push(`${file}: ${String(error)}`);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  probing.abort();
  await probes;
  allLatencies.push(...latencies);
  print(`round ${round}`, {
    uploads,
    failures: failures.length,
    seconds: seconds.toFixed(1),
    ...healthOf(latencies),
    ...server.memory(),
  });
  await sleep(2000);
}
print("at rest", server.memory());
if (failures.length > 0) throw new Error(failures.join("\n"));
const slow = percentile(allLatencies, 0.99);
if (slow > 50) throw new Error(`/health took ${slow.toFixed(1)} ms in one case of a hundred`);
agent.destroy();

/** Asks for `/health` all the time; notes how long each answer took, in milliseconds. */
async function probe(latencies: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const started = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(`${url}/health`, { agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`/health: ${response.statusCode}`));
        response.resume().once("end", resolve);
      }).once("error", reject);
    });
    latencies.push(performance.now() - started);
    await sleep(10);
  }
}

function healthOf(latencies: readonly number[]): Record<string, unknown> {
  return {
    healthMedian: percentile(latencies, 0.5).toFixed(1),
    health99: percentile(latencies, 0.99).toFixed(1),
    healthMost: Math.max(...latencies).toFixed(1),
    probes: latencies.length,
  };
}

function formOf(file: string): FormData {
  const form = new FormData();
  form.append("file", new Blob([readFileSync(file)]), basename(file));
  return form;
}

async function asRequest(file: string): Promise<string> {
  const response = await fetch(`${url}/v1/audio/transcriptions`, { method: "POST", body: formOf(file) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { text: string }).text;
}

async function asJob(file: string): Promise<string> {
  const response = await fetch(`${url}/v1/jobs`, { method: "POST", body: formOf(file) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const { id } = ((await response.json()) as { jobs: [{ id: string }] }).jobs[0];
  for (;;) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { status: string; error: unknown };
    if (job.status === "done") break;
    if (["failed", "cancelled"].includes(job.status)) throw new Error(JSON.stringify(job.error));
    await sleep(250);
  }
  return ((await (await fetch(`${url}/v1/jobs/${id}/transcript?format=json`)).json()) as { text: string })
    .text;
}

function print(what: string, numbers: Record<string, unknown>): void {
  const load = loadavg()[0]!.toFixed(1);
  process.stdout.write(
    `${what}: ${Object.entries({ ...numbers, load })
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(", ")}\n`,
  );
}
