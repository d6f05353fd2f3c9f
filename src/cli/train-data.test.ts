import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isCached } from "../../test/cached-models.ts";
import { writeRecordings } from "../train/data/testing/recordings.ts";
import { runFake } from "./testing/fake-environment.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-train-data-"));
});
afterEach(() => rm(folder, { recursive: true }));

const engine = () => [
  "--model",
  "whisper-tiny",
  "--offline",
  "--threads",
  "1",
  "--frames",
  join(folder, "frames"),
];

describe.skipIf(!isCached("whisper-tiny"))(
  "glossa train prepare (skipped when whisper-tiny is not in the cache)",
  () => {
    it("says what is there, what is left out and why", { timeout: 120_000 }, async () => {
      await writeRecordings(join(folder, "set"), [
        { id: "good", text: "this is fine", seconds: 1 },
        { id: "silent", text: "nothing", seconds: 1, loudness: 0 },
        { id: "chinese", text: "设定", seconds: 1 },
      ]);
      const report = join(folder, "report.json");
      const args = [
        "train",
        "prepare",
        join(folder, "set"),
        ...engine(),
        "--speed",
        "0.9,1.1",
        "--report",
        report,
      ];
      const run = await runFake(args);
      expect(run.exitCode).toBe(0);
      expect(run.stdout).toBe(
        "set\tutterances\tcopies\thours\tleft out\twhy\nset\t1\t1\t0.00\t2\t1 another language; 1 no speech in the audio\n",
      );
      expect(run.stderr.split("\n").filter((line) => line.startsWith("warning"))).toEqual([
        "warning: left out: set/chinese: its text is Chinese, its language en",
        "warning: left out: set/silent: its audio is silent",
      ]);
      const written = JSON.parse(await readFile(report, "utf8")) as { problems: { kind: string }[] };
      expect(written.problems.map(({ kind }) => kind)).toEqual(["language", "audio"]);
      const strict = await runFake([...args, "--strict"]);
      expect(strict.exitCode).toBe(2);
      expect(strict.stderr).toContain("1 utterance cannot be used, and --strict allows none");
    });
  },
);

describe("glossa train prepare and synthesise", () => {
  it.each([
    [["prepare", "none"], 1, "no such file or folder"],
    [["prepare", "x", "--copies", "2"], 2, "--copies makes perturbed copies; say how"],
    [["prepare", "x", "--speed", "0.9,1.1", "--snr", "1,2"], 2, "--snr says nothing without --noise"],
    [["prepare", "x", "--speed", "1.1,0.9"], 2, "the smaller first"],
    [["prepare", "x", "--speed", "0.1,0.9"], 2, "the perturbations cannot be made: speed"],
    [["synthesise", "none.txt", "--output", "o"], 1, "none.txt: cannot read it"],
    [["synthesise", "none.txt"], 2, "--output"],
    [["synthesise", "none.txt", "--output", "o", "--speed", "0.1,9"], 2, "--speed goes from 0.5 to 2"],
  ])("refuse %j", async (args, exitCode, message) => {
    const run = await runFake(["train", ...args]);
    expect(run.stderr).toContain(message);
    expect(run.exitCode).toBe(exitCode);
  });

  it("speaks with any command", async () => {
    const texts = join(folder, "texts.txt");
    await writeFile(texts, "hello there\n");
    // Copies its own recording: what the program says is not looked at.
    const spoken = join(folder, "spoken", "0.wav");
    await writeRecordings(join(folder, "spoken"), [{ text: "hello", seconds: 1 }]);
    const program = join(folder, "speak.mjs");
    await writeFile(
      program,
      `import { copyFileSync } from "node:fs"; copyFileSync(${JSON.stringify(spoken)}, process.argv[2]);`,
    );
    const output = join(folder, "speech");
    const command = `"${process.execPath}" "${program}" {out}`;
    const run = await runFake(["train", "synthesise", texts, "--output", output, "--command", command]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "", stdout: `${join(output, "manifest.jsonl")}\n` });
    const row = JSON.parse(await readFile(join(output, "manifest.jsonl"), "utf8")) as object;
    expect(row).toMatchObject({ text: "hello there", language: "en", duration: 1 });
  });
});
