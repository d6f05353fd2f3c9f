import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isCached } from "../../test/cached-models.ts";
import { encodeWav } from "../audio/encode-wav.ts";
import { readSamples } from "../audio/read-samples.ts";
import { runFake } from "./testing/fake-environment.ts";

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const model = ["--recogniser", "whisper-tiny", "--offline", "--threads", "1"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-align-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!isCached("whisper-tiny"))(
  "glossa align (skipped when whisper-tiny is not in the cache)",
  () => {
    it("tells when words are spoken, and how badly another text fits", { timeout: 120_000 }, async () => {
      const text = (await readFile(example("talk.txt"), "utf8")).trim();
      const samples = await readSamples(example("talk.ogg"));
      const clip = join(folder, "clip.wav");
      await writeFile(clip, encodeWav(samples.subarray(0, 30 * 16_000), 16_000));
      const words = text.split(/\s+/).slice(0, 12);
      const run = await runFake([
        "align",
        clip,
        words.join(" "),
        ...model,
        "--format",
        "json",
        "--language",
        "en",
      ]);
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      const aligned = JSON.parse(run.stdout) as { text: string; start: number; end: number; score: number }[];
      expect(aligned.map((word) => word.text)).toEqual(words);
      for (const [i, word] of aligned.entries()) {
        expect(word.end).toBeGreaterThanOrEqual(word.start);
        expect(word.start).toBeGreaterThanOrEqual(aligned[i - 1]?.start ?? 0);
      }
      const other = join(folder, "other.txt");
      await writeFile(other, "Purple elephants juggle quietly underwater\n");
      const table = await runFake(["align", clip, other, ...model, "--language", "en"]);
      const scores = table.stdout.trim().split("\n").slice(1);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(table.stdout).toMatch(/^start\tend\tscore\tword\n/);
      expect(mean(scores.map((line) => Number(line.split("\t")[2])))).toBeLessThan(
        mean(aligned.map(({ score }) => score)) / 2,
      );
    });

    it("says when a recording is too long for attention", async () => {
      const long = join(folder, "long.wav");
      await writeFile(long, encodeWav(new Float32Array(31 * 16_000).fill(0.01), 16_000));
      const run = await runFake(["align", long, "some words", ...model]);
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain("whisper-tiny aligns up to 30 s at once; cut the recording up");
    });
  },
);

describe("glossa align and classify", () => {
  it.each([
    [["align", "none.wav", "words"], 1, "none.wav"],
    [["align", example("talk.ogg"), "mistyped.txt"], 1, "mistyped.txt: cannot read the text"],
    [["align", example("talk.ogg"), "words", "--model", "none"], 1, "there is no trained model in it"],
    [
      ["align", example("talk.ogg"), "words", "--model", "a", "--recogniser", "b"],
      2,
      "--recogniser says nothing",
    ],
    [["classify", example("talk.ogg"), "--model", "none"], 1, "there is no trained model in it"],
    [["classify", example("talk.ogg")], 2, "--model"],
  ])("refuse %j before a recogniser is loaded", async (args, exitCode, message) => {
    const run = await runFake(args);
    expect(run.stderr).toContain(message);
    expect(run.exitCode).toBe(exitCode);
  });
});
