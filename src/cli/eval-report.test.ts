import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeRun } from "../report/testing/fake-runs.ts";
import { runFake } from "./testing/fake-environment.ts";

describe("glossa eval --report", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "glossa-eval-report-"));
    for (const [name, hypothesis] of [
      ["none", "we tuned Laura"],
      ["own", "we tuned LoRA"],
    ]) {
      const score = fakeRun({
        utterances: [{ reference: "we tuned LoRA", hypothesis, terms: ["LoRA"] }],
        settings: { terms: name as "none" | "own" },
      });
      const records = score.utterances.map(({ record }) => `${JSON.stringify(record)}\n`);
      await mkdir(join(folder, "runs", name), { recursive: true });
      await writeFile(join(folder, "runs", name, "run.json"), JSON.stringify(score.run));
      await writeFile(join(folder, "runs", name, "utterances.jsonl"), records.join(""));
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes the page of recorded runs, with the command that can be pasted", async () => {
    const report = join(folder, "all runs.html");
    const { exitCode } = await runFake(["eval", "score", join(folder, "runs"), "--report", report]);
    expect(exitCode).toBe(0);
    const page = await readFile(report, "utf8");
    expect(page).toContain(`glossa eval score ${join(folder, "runs")} --report &#39;${report}&#39;`);
    expect(page).toContain("<ins><u>laura</u></ins>");
  });

  it("writes the page of a comparison", async () => {
    const report = join(folder, "compare.html");
    const runs = ["none", "own"].map((name) => join(folder, "runs", name));
    const { exitCode } = await runFake(["eval", "compare", ...runs, "--report", report, "--embed-audio"]);
    expect(exitCode).toBe(0);
    expect(await readFile(report, "utf8")).toContain("Against <b>no terms</b>");
  });

  it("refuses a place that is not there, before anything is done", async () => {
    const missing = await runFake([
      "eval",
      "score",
      join(folder, "runs"),
      "--report",
      join(folder, "no", "x.html"),
    ]);
    expect(missing).toMatchObject({ exitCode: 2, stdout: "" });
    expect(missing.stderr).toContain(`--report: no folder ${join(folder, "no")}`);
    const alone = await runFake(["eval", "score", join(folder, "runs"), "--embed-audio"]);
    expect(alone.exitCode).toBe(2);
    expect(alone.stderr).toContain("--embed-audio needs --report FILE");
  });
});
