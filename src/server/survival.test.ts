/**
 * The server is killed at random moments while twenty jobs run: each must end as if nothing had happened. Set `GLOSSA_KILLS`
 * to kill it more often; the results of 20 kills stand in docs/experiments.md.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomGenerator } from "../random.ts";
import type { Job } from "./schemas.ts";
import { formOf, jobEnd, numberedRecording } from "./testing/test-server.ts";

const script = fileURLToPath(new URL("./testing/serve-letters.ts", import.meta.url));
const jobCount = 20;
const kills = Number(process.env.GLOSSA_KILLS ?? 4);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-survival-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(data: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(script, [data], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: { ...process.env, GLOSSA_TEST_PAUSE: "20" },
  });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

const recordings = Array.from({ length: jobCount }, (_, job) =>
  numberedRecording(
    Array.from({ length: 6 + (job % 9) }, (_, window) => 1 + ((job * 31 + window * 7) % 80)),
    { speech: 1, silence: 3 },
  ),
);
const terms = ["word", "after", "never said"];

async function transcripts(url: string, jobs: readonly Job[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const { id } of jobs) {
    const ended = await jobEnd(url, id);
    expect(ended).toMatchObject({ status: "done", error: null });
    results.push(await (await fetch(`${url}/v1/jobs/${id}/transcript`)).json());
  }
  return results;
}

async function create(url: string): Promise<Job[]> {
  const response = await fetch(`${url}/v1/jobs`, { method: "POST", body: formOf(recordings, { terms }) });
  return ((await response.json()) as { jobs: Job[] }).jobs;
}

it(
  `gives the same transcripts after ${kills} kills`,
  async () => {
    const undisturbed = await start(join(folder, "undisturbed"));
    const expected = await transcripts(undisturbed.url, await create(undisturbed.url));
    await kill(undisturbed.child);

    const random = randomGenerator(7);
    const data = join(folder, "disturbed");
    let server = await start(data);
    const jobs = await create(server.url);
    let killedWhileRunning = 0;
    for (let i = 0; i < kills; i++) {
      await sleep(random() * 400);
      const { jobs: running } = (await (await fetch(`${server.url}/v1/jobs?status=running`)).json()) as {
        jobs: Job[];
      };
      if (running.length > 0) killedWhileRunning++;
      await kill(server.child);
      server = await start(data);
    }
    const actual = await transcripts(server.url, jobs);
    // A job that had to start over would have more attempts, but no more windows.
    expect(actual).toEqual(expected);
    expect(killedWhileRunning).toBeGreaterThan(0);
    await kill(server.child);
  },
  120_000 + kills * 30_000,
);
