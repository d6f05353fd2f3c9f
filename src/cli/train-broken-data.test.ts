/** A data set in which everything is wrong that can be, through the commands that read it. */
import { open, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isCached } from "../../test/cached-models.ts";
import { encodeWav } from "../audio/encode-wav.ts";
import { writeRecordings } from "../train/data/testing/recordings.ts";
import { recipeKinds } from "../train/recipe-kinds.ts";
import { runFake } from "./testing/fake-environment.ts";

const hourBytes = 44 + 3600 * 16_000 * 2;
const good = 6;

/** What is said about every row that cannot be used, in the order of the rows as far as they are read together. */
const expected = [
  /manifest\.jsonl:17: no audio file .*missing\.wav$/,
  /manifest\.jsonl:18: the utterance twice stands at manifest\.jsonl:16 already$/,
  /manifest\.jsonl:19: audio: /,
  /manifest\.jsonl:20: no valid JSON/,
  /set\/chinese: its text is Chinese, its language en$/,
  /set\/mandarin: its language is zh, not en$/,
  /set\/wordless: its text has no words$/,
  /set\/textless: its text has no words$/,
  /set\/silent: its audio is silent$/,
  /set\/short: its audio lasts only 50 ms$/,
  /set\/crammed: its text has 150 letters, its audio lasts 1\.0 s: too little for them$/,
  /set\/sparse: its text has 1 letters, its audio lasts 20\.0 s: too much for them$/,
  /set\/empty: .*empty\.wav is empty/,
  /set\/noise: .*noise\.wav is .*not audio$/,
  /set\/cut: /,
  /set\/hour: its audio is longer than the 30 s that an utterance may have; cut it up$/,
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-broken-"));
  const set = join(folder, "set");
  await writeRecordings(set, [
    ...Array.from({ length: good }, (_, i) => ({ id: `good-${i}`, text: "this is fine", seconds: 1.5 })),
    { id: "silent", text: "this is silent", seconds: 1, loudness: 0 },
    { id: "short", text: "a", seconds: 0.05 },
    { id: "chinese", text: "设定三十度", seconds: 2 },
    { id: "mandarin", text: "设定三十度", seconds: 2, language: "zh" },
    { id: "crammed", text: "far too many words ".repeat(10), seconds: 1 },
    { id: "sparse", text: "a", seconds: 20 },
    { id: "wordless", text: " (silence) … ", seconds: 1 },
    { id: "textless", text: null, seconds: 1 },
  ]);
  await writeFile(join(set, "empty.wav"), "");
  await writeFile(join(set, "noise.wav"), "this is not audio at all, it is text");
  // The header promises a second, of which nothing is there.
  await writeFile(
    join(set, "cut.wav"),
    encodeWav(new Float32Array(16_000).fill(0.1), 16_000).subarray(0, 44),
  );
  const hour = encodeWav(new Float32Array(0), 16_000);
  const view = new DataView(hour.buffer, hour.byteOffset);
  view.setUint32(4, hourBytes - 8, true);
  view.setUint32(40, hourBytes - 44, true);
  await writeFile(join(set, "hour.wav"), hour);
  await truncate(join(set, "hour.wav"), hourBytes);
  const rows = [
    JSON.stringify({ id: "empty", audio: "empty.wav", text: "nothing there", language: "en" }),
    JSON.stringify({ id: "twice", audio: "0.wav", text: "this is fine", language: "en" }),
    JSON.stringify({ id: "missing", audio: "missing.wav", text: "missing", language: "en" }),
    JSON.stringify({ id: "twice", audio: "0.wav", text: "this is fine", language: "en" }),
    JSON.stringify({ text: "no audio named" }),
    "{ not json",
    JSON.stringify({ id: "noise", audio: "noise.wav", text: "no audio", language: "en" }),
    JSON.stringify({ id: "cut", audio: "cut.wav", text: "cut off", language: "en" }),
    JSON.stringify({ id: "hour", audio: "hour.wav", text: "an hour of speech", language: "en" }),
  ];
  await using manifest = await open(join(set, "manifest.jsonl"), "a");
  await manifest.write(rows.map((row) => `${row}\n`).join(""));
});
afterAll(() => rm(folder, { recursive: true }));

/** The most memory of buffers that is in use at any time while something runs, beyond what was before. */
async function peakOf<T>(run: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  const before = process.memoryUsage().arrayBuffers;
  let bytes = 0;
  const watch = setInterval(() => {
    bytes = Math.max(bytes, process.memoryUsage().arrayBuffers - before);
  }, 2);
  try {
    return { result: await run(), bytes };
  } finally {
    clearInterval(watch);
  }
}

function leftOut(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("warning: left out: "))
    .map((line) => line.replace("warning: left out: ", ""));
}

function expectAllNamed(stderr: string): void {
  const named = leftOut(stderr);
  for (const pattern of expected) expect(named).toContainEqual(expect.stringMatching(pattern));
  expect(named).toHaveLength(expected.length);
}

const isThere = isCached("whisper-tiny");

describe.skipIf(!isThere)("broken data (skipped when whisper-tiny is not in the cache)", () => {
  const loading = ["--offline", "--threads", "1"];

  it("are named by prepare one by one, without the hour in memory", { timeout: 120_000 }, async () => {
    const args = ["train", "prepare", join(folder, "set"), "--model", "whisper-tiny", "--language", "en"];
    const frames = ["--frames", join(folder, "frames")];
    const { result: run, bytes } = await peakOf(() => runFake([...args, ...frames, ...loading]));
    expectAllNamed(run.stderr);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain(`set\t${good + 1}\t0\t0.00\t${expected.length}\t`);
    expect(bytes).toBeLessThan(hourBytes / 2);
    const strict = await runFake([...args, ...frames, ...loading, "--strict"]);
    expect(strict.exitCode).toBe(2);
    expect(strict.stderr).toContain("and --strict allows none");
  });

  it("are named by a recipe's run and written into its log", { timeout: 120_000 }, async () => {
    const recipe = join(folder, "recipe.json");
    await writeFile(
      recipe,
      JSON.stringify({
        kind: "ctc-head",
        encoder: "whisper-tiny",
        data: { sets: ["set"], languages: ["en"], frames: "frames", validationShare: 0.2 },
        model: { stack: 2, width: 8, heads: 1, inner: 8, layers: 1, dropout: 0 },
        batchSize: 4,
        length: { steps: 2 },
        optimiser: { learningRate: 1e-3 },
      }),
    );
    const output = join(folder, "run");
    const run = await runFake(["train", recipe, "--output", output, ...loading], { recipeKinds });
    expectAllNamed(run.stderr);
    expect(run.exitCode).toBe(0);
    const lines = (await readFile(join(output, "log.jsonl"), "utf8")).trim().split("\n");
    const warnings = lines.flatMap((line) => {
      const entry = JSON.parse(line) as { type: string; message: string };
      return entry.type === "warning" ? [`warning: ${entry.message}`] : [];
    });
    expectAllNamed(warnings.join("\n"));
    const record = JSON.parse(await readFile(join(output, "run.json"), "utf8")) as {
      data: { sets: object[]; training: number; validation: number };
    };
    expect(record.data.sets).toMatchObject([{ set: "set", utterances: good + 1, leftOut: expected.length }]);
    expect(record.data.training + record.data.validation).toBe(good + 1);
    const strict = await runFake(
      ["train", recipe, "--output", join(folder, "strict"), "--set", "data.strict=true", ...loading],
      { recipeKinds },
    );
    expect(strict.exitCode).toBe(2);
    expect(strict.stderr).toContain("and --strict allows none");
  });
});
