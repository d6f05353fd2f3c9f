import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runFake } from "./testing/fake-environment.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-doctor-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const models = { list: async () => [] };

it("doctor says what there is and what is missing, and changes nothing", async () => {
  const data = join(folder, "not/there/yet");
  const run = await runFake(["doctor", "--json", "--no-speed", "--data", data, "--cache", folder], {
    models,
  });
  expect(run.exitCode).toBe(0);
  const findings = JSON.parse(run.stdout) as { name: string; state: string; detail: string }[];
  expect(findings.map(({ name }) => name)).toEqual([
    "glossa",
    "machine",
    "ONNX Runtime",
    "ffmpeg",
    "model cache",
    "data folder",
    "models",
  ]);
  expect(findings.at(-1)).toMatchObject({
    state: "missing",
    detail: expect.stringContaining("glossa models pull"),
  });
  expect(findings.at(-2)).toMatchObject({
    state: "ok",
    detail: expect.stringContaining(`${data} (not there yet)`),
  });
  expect(existsSync(data)).toBe(false);
});

it("doctor fails when something is broken", async () => {
  const file = join(folder, "a file");
  await writeFile(file, "");
  const run = await runFake(["doctor", "--no-speed", "--data", file], { models });
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/^broken +data folder +.*is no folder$/m);
});
