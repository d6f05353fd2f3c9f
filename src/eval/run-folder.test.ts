import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRun, RunFolder } from "./run-folder.ts";
import { fakeRecord, fakeRun } from "./testing/records.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-run-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(...ids: string[]): Promise<void> {
  const run = await RunFolder.open(folder, fakeRun());
  for (const id of ids) await run.append(fakeRecord({ id }));
}

describe("RunFolder", () => {
  it("is read as it was written", async () => {
    await write("a", "b");
    const { run, utterances } = await readRun(folder);
    expect(run).toEqual(fakeRun());
    expect(utterances).toEqual([fakeRecord({ id: "a" }), fakeRecord({ id: "b" })]);
  });

  it("goes on after what is done, and cuts off what a killed process wrote half", async () => {
    await write("a");
    await appendFile(join(folder, "utterances.jsonl"), '{"id":"b","aud');
    const run = await RunFolder.open(folder, fakeRun());
    expect([run.isDone("a"), run.isDone("b")]).toEqual([true, false]);
    await run.append(fakeRecord({ id: "b" }));
    expect((await readRun(folder)).utterances.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("tries again what failed, and keeps the last record", async () => {
    const error = { code: "unsupported-audio", message: "broken" };
    const run = await RunFolder.open(folder, fakeRun());
    await run.append(fakeRecord({ id: "a", error }));
    expect(run.isDone("a")).toBe(false);
    await run.append(fakeRecord({ id: "a" }));
    expect(run.isDone("a")).toBe(true);
    expect((await readRun(folder)).utterances).toEqual([fakeRecord({ id: "a" })]);
  });

  it("keeps the start and the largest memory of all sessions", async () => {
    const first = await RunFolder.open(folder, fakeRun());
    await first.update({ finishedAt: null, peakMemoryMegabytes: 500 });
    const second = await RunFolder.open(folder, fakeRun({}, { startedAt: "2026-02-02T00:00:00.000Z" }));
    await second.update({ finishedAt: "2026-02-02T01:00:00.000Z", peakMemoryMegabytes: 400 });
    expect((await readRun(folder)).run).toMatchObject({
      startedAt: "2026-01-01T00:00:00.000Z",
      finishedAt: "2026-02-02T01:00:00.000Z",
      peakMemoryMegabytes: 500,
    });
  });

  it("refuses other settings and leaves the run alone", async () => {
    await write("a");
    const before = await readFile(join(folder, "run.json"), "utf8");
    const other = fakeRun({ beamSize: 1, fingerprint: "other", perturbation: { speed: 1.1 } });
    await expect(RunFolder.open(folder, other)).rejects.toThrow(
      /holds a run with other settings \(fingerprint \(other utterances or terms\); beamSize: null, now 1; perturbation: \{\}, now \{"speed":1.1\}\)/,
    );
    expect(await readFile(join(folder, "run.json"), "utf8")).toBe(before);
  });

  it("takes settings that are not given for the same as those not stored", async () => {
    const run = fakeRun({ perturbation: { speed: 1.1, noise: undefined } });
    await RunFolder.open(folder, run);
    await expect(RunFolder.open(folder, run)).resolves.toBeInstanceOf(RunFolder);
  });

  it("says what is wrong with a folder that is none or is damaged", async () => {
    await expect(readRun(folder)).rejects.toThrow(`${folder}: no run of glossa eval in it`);
    await write("a");
    await appendFile(join(folder, "utterances.jsonl"), '{"id":1}\n');
    await expect(readRun(folder)).rejects.toThrow(/utterances.jsonl:2: not as glossa eval writes it/);
    await writeFile(join(folder, "run.json"), "{");
    await expect(readRun(folder)).rejects.toThrow(/run.json: not as glossa eval writes it/);
    const file = join(folder, "run.json");
    await expect(RunFolder.open(file, fakeRun())).rejects.toMatchObject({ code: "write-failed" });
  });
});
