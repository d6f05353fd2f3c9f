import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlossaError } from "../errors.ts";
import type { RecogniseOptions, RecognitionEvent } from "../recognise/options.ts";
import { type FakeOptions, fakeTranscript, runFake, saying } from "./testing/fake-environment.ts";

const tone = fileURLToPath(new URL("../audio/fixtures/tone.flac", import.meta.url));
const words = ["red", "green", "blue", "gold"];

let root: string;
let home: string;
let temporary: string | undefined;
beforeEach(async () => {
  home = process.cwd();
  root = await mkdtemp(join(tmpdir(), "glossa-eval-test-"));
  process.chdir(root);
  // Runs without --output go to the temporary folder, and should be gone with the test.
  temporary = process.env.TMPDIR;
  process.env.TMPDIR = root;
  await mkdir("dev");
  await mkdir("noises");
  const rows = words.map((word) => ({
    audio: `${word}.flac`,
    text: `the ${word} lora`,
    language: "en",
    duration: 1,
    terms: [word, "LoRA"],
    keywords: [word],
  }));
  await writeFile("dev/manifest.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  for (const word of words) await copyFile(tone, `dev/${word}.flac`);
  await copyFile(tone, "noises/tone.flac");
  await writeFile("rare-words.txt", Array.from({ length: 1500 }, (_, index) => `rare${index}\n`).join(""));
  await writeFile("names.txt", "LoRA\nRoPE\n");
});
afterEach(async () => {
  process.chdir(home);
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await rm(root, { recursive: true });
});

/** Hears its file's name, and terms that it was given among them. */
const hearing: NonNullable<FakeOptions["stream"]> = async function* (
  input: unknown,
  options: RecogniseOptions,
) {
  const word = words.find((word) => String(input).includes(word)) ?? "samples";
  const spelling = Array.isArray(options.terms) && options.terms.includes("LoRA") ? "LoRA" : "Laura";
  yield* said(`the ${word} ${spelling}`);
};

/** Finds what the file is called, a wrong term, and LoRA without being sure of it. */
const retrieving: NonNullable<FakeOptions["retriever"]> = {
  model: "fake-model",
  spotter: () => {
    throw new Error("not expected to be called");
  },
  map: () => {
    throw new Error("not expected to be called");
  },
  async *retrieve(input, terms) {
    const scores = new Map([
      [words.find((word) => String(input).includes(word)), 0.9],
      ["rare7", 0.4],
      ["LoRA", 0.05],
    ]);
    const kept = terms.flatMap((term) => {
      const score = scores.get(term.text);
      if (score === undefined) return [];
      const match = {
        term,
        score,
        start: 0,
        end: 1,
        evidence: { logRatio: -1, labels: 4, rival: 0, terms: 2, isSpelled: true },
      };
      return [{ term, score, matches: [match] }];
    });
    const scoresOfLabels = { logits: new Float32Array(0), places: 0 };
    yield { start: 0, end: 2, kept, dropped: [], scores: scoresOfLabels };
  },
};

async function* said(text: string): AsyncGenerator<RecognitionEvent, void, undefined> {
  const transcript = { ...fakeTranscript([]), text, durationSeconds: 2 };
  yield { type: "transcript", transcript };
}

const protocol = ["--terms", "own+distractors", "--distractors", "rare-words.txt"];

describe("glossa eval", () => {
  it("prints one object of runs as JSON, one run for every list size", async () => {
    const args = [
      "eval",
      "dev/manifest.jsonl",
      "--model",
      "m",
      ...protocol,
      "--list-size",
      "10",
      "--list-size",
      "50",
    ];
    const run = await runFake([...args, "--json"], { stream: hearing });
    expect(run).toMatchObject({ exitCode: 0, stderr: "", disposed: 1, loaded: [{ model: "m" }] });
    const { runs } = JSON.parse(run.stdout) as { runs: Record<string, unknown>[] };
    expect(runs).toHaveLength(2);
    expect(runs[0]).toMatchObject({
      set: "dev",
      model: "m",
      terms: "own+distractors",
      listSize: 10,
      utterances: 4,
    });
    expect(runs[1]).toMatchObject({ listSize: 50 });
    expect(runs[0].hours).toBeCloseTo(8 / 3600, 10);
    expect(Object.keys(runs[0].metrics as object)).toEqual([
      "wer",
      "cer",
      "uWer",
      "bWer",
      "termRecall",
      "termPrecision",
      "termF1",
      "caseAccuracy",
      "falseInsertionsPerHour",
      "keywordRecall",
      "topOneRecall",
      "recallAtTruePlusFive",
      "retrievalPrecision",
      "retrievalRecall",
      "retrievalF1",
      "termsKept",
      "realTimeFactor",
      "peakMemoryMegabytes",
    ]);
    expect(runs[0].metrics).toMatchObject({ wer: 0, cer: null, bWer: 0, termRecall: 100, caseAccuracy: 100 });
    expect(run.recognised.map(({ options }) => options.terms!.length)).toEqual([
      12, 12, 12, 12, 52, 52, 52, 52,
    ]);
  });

  it("prints a table with a column for every metric that there is", async () => {
    const run = await runFake(["eval", "dev", ...protocol, "--list-size", "100"], { stream: hearing });
    const lines = run.stdout.split("\n");
    expect(lines[0]).toBe("fake-model");
    expect(lines[1].trim().split(/ +/)).toEqual([
      "WER",
      "U-WER",
      "B-WER",
      "RECALL",
      "PREC",
      "F1",
      "CASE",
      "FALSE/H",
      "KEYW",
      "SPEED",
    ]);
    expect(lines[2]).toMatch(/^dev +0\.00 +0\.00 +0\.00 +100\.0 /);
    expect(lines[3]).toMatch(/^ {2}own\+dis.* ±0\.00/);
    expect(lines[4]).toMatch(/^ {2}4 utterances, 0:08, \d+ MB$/);
  });

  it("scores what is found in the speech alone with --retrieval-only", async () => {
    await writeFile("few.txt", "rare7\nrare8\n");
    const args = [
      "eval",
      "dev",
      "--retrieval-only",
      "--terms",
      "own+distractors",
      "--distractors",
      "few.txt",
    ];
    const run = await runFake([...args, "--list-size", "2", "--json"], { retriever: retrieving });
    expect(run).toMatchObject({ exitCode: 0, stderr: "", disposed: 1, recognised: [] });
    const [summary] = (JSON.parse(run.stdout) as { runs: { metrics: object }[] }).runs;
    expect(summary!.metrics).toMatchObject({
      wer: null,
      bWer: null,
      termRecall: null,
      keywordRecall: null,
      topOneRecall: 100,
      recallAtTruePlusFive: 100,
      retrievalRecall: 50,
      retrievalPrecision: 50,
      termsKept: 2,
    });
    const lower = await runFake(
      [...args, "--list-size", "2", "--json", "--threshold", "0.01", "--most", "3"],
      {
        retriever: retrieving,
      },
    );
    expect(JSON.parse(lower.stdout)).toMatchObject({
      runs: [{ metrics: { retrievalRecall: 100, termsKept: 3 } }],
    });
  });

  it("runs every protocol with every way to find the terms of long lists", async () => {
    const run = await runFake(
      [
        "eval",
        "dev",
        "--limit",
        "1",
        "--terms",
        "none",
        "--terms",
        "own+distractors",
        "--list-size",
        "5",
        "--list-size",
        "9",
      ].concat([
        "--distractors",
        "rare-words.txt",
        "--find-terms",
        "text",
        "--find-terms",
        "sounds",
        "--json",
      ]),
      { stream: hearing },
    );
    expect(run.exitCode).toBe(0);
    expect(run.recognised.map(({ options }) => [options.terms!.length, options.findTerms])).toEqual([
      [0, undefined],
      [7, "text"],
      [7, "sounds"],
      [11, "text"],
      [11, "sounds"],
    ]);
    const { runs } = JSON.parse(run.stdout) as { runs: { folder: string; settings: object }[] };
    expect(new Set(runs.map(({ folder }) => folder)).size).toBe(5);
    expect(runs[2]!.settings).toMatchObject({ findTerms: "sounds" });
  });

  it("refuses --retrieval-only without terms, and its options without it", async () => {
    expect((await runFake(["eval", "dev", "--retrieval-only"])).stderr).toContain("needs terms to look for");
    expect((await runFake(["eval", "dev", "--threshold", "0.5"])).stderr).toContain("need --retrieval-only");
    const byText = ["eval", "dev", "--retrieval-only", "--terms", "own", "--find-terms", "text"];
    expect((await runFake(byText)).stderr).toContain("finds terms by sounds or both, not by text");
  });

  it("gives the terms that the protocol asks for", async () => {
    const given = async (...args: string[]) => {
      const run = await runFake(["eval", "dev", ...args], { stream: hearing });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      return run.recognised.map(({ options }) => options.terms);
    };
    expect((await given())[0]).toEqual([]);
    expect((await given("--terms", "own"))[1]).toEqual(["green", "LoRA"]);
    expect((await given("--terms", "all"))[0]).toEqual(["red", "LoRA", "green", "blue", "gold"]);
    expect((await given("--glossary", "names.txt"))[0]).toEqual(["LoRA", "RoPE"]);
    expect(await given("--glossary", "names.txt", "--terms", "own", "--limit", "2")).toEqual([
      ["LoRA"],
      ["LoRA"],
    ]);
    expect((await given("--terms", "distractors", "--list-size", "3"))[0]).toHaveLength(3);
  });

  it("passes on beam, language and the model's options", async () => {
    const options = ["--beam", "2", "--language", "de", "--threads", "1", "--offline", "--cache", "/c"];
    const run = await runFake(["eval", "dev", ...options, "--limit", "1"], { stream: hearing });
    expect(run.loaded[0]).toMatchObject({ threads: 1, offline: true, cacheFolder: "/c" });
    expect(run.recognised).toHaveLength(1);
    expect(run.recognised[0].options).toMatchObject({ beamSize: 2, language: "de" });
  });

  it("perturbs what is recognised", async () => {
    const args = ["--speed", "1.25", "--noise", "noises", "--snr", "-5", "--telephone", "--output", "out"];
    const run = await runFake(["eval", "dev", ...args, "--limit", "1"], { stream: hearing });
    expect(run.exitCode).toBe(0);
    expect(run.recognised[0].input).toMatchObject({ sampleRate: 16_000 });
    expect(await readdir("out")).toEqual(["dev_fake-model_none_speed-1.25_noise--5dB_telephone"]);
  });

  it("keeps what is done when interrupted, and goes on with the same command", async () => {
    const args = ["eval", "dev", "--output", "out"];
    let heard = 0;
    const first = await runFake(args, (interrupt) => ({
      async *stream(input, options) {
        if (heard++ === 2) {
          interrupt();
          await new Promise(() => {});
        }
        yield* hearing(input, options);
      },
    }));
    expect(first).toMatchObject({ exitCode: 130, stdout: "" });
    expect(first.stderr).toBe(`warning: interrupted; what is done is kept in ${join(root, "out")}\n`);
    const second = await runFake([...args, "--json"], { stream: hearing });
    expect(second.exitCode).toBe(0);
    expect(second.recognised).toHaveLength(2);
    expect(JSON.parse(second.stdout).runs[0].utterances).toBe(4);
    const other = await runFake([...args, "--beam", "1"], { stream: hearing });
    expect(other.exitCode).toBe(0);
    const limited = await runFake([...args, "--limit", "2"], { stream: hearing });
    expect(limited).toMatchObject({ exitCode: 2, stdout: "", recognised: [] });
    expect(limited.stderr).toContain("holds a run with other settings");
  });

  it("counts what fails and says so", async () => {
    const run = await runFake(["eval", "dev", "--json"], {
      async *stream(input, options) {
        if (String(input).includes("blue")) throw new GlossaError("unsupported-audio", "no audio in it");
        yield* hearing(input, options);
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe(
      "error: blue: no audio in it\nerror: 1 of 4 utterances failed, and count as empty\n",
    );
    expect(JSON.parse(run.stdout).runs[0]).toMatchObject({ failed: 1, utterances: 4 });
  });

  it("lists every bad row before anything is loaded, and skips them when told", async () => {
    await rm("dev/red.flac");
    await rm("dev/gold.flac");
    const refused = await runFake(["eval", "dev"]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "", loaded: [] });
    expect(refused.stderr).toContain("2 of 4 rows cannot be used");
    expect(refused.stderr).toMatch(
      /manifest.jsonl:1: no audio file .*red.flac\n +manifest.jsonl:4: no audio file .*gold.flac/,
    );
    const skipped = await runFake(["eval", "dev", "--skip-bad", "--json"], { stream: hearing });
    expect(skipped.exitCode).toBe(0);
    expect(skipped.stderr.match(/warning: dev: skipped manifest.jsonl:/g)).toHaveLength(2);
    expect(JSON.parse(skipped.stdout).runs[0]).toMatchObject({ utterances: 2, skipped: 2 });
  });

  it.each([
    [["--noise", "noises"], "--noise and --snr belong together"],
    [
      ["--list-size", "5"],
      "--list-size and --distractors need --terms own+distractors or distractors, not none",
    ],
    [["--terms", "own+distractors"], "needs --list-size"],
    [["--terms", "distractors", "--list-size", "99"], "there are only 5 distractors"],
    [["--terms", "most"], "Allowed choices are none, own, own+distractors, distractors, all"],
    [["--speed", "9"], "Expected a number from 0.5 to 2"],
    [["--glossary", "nowhere.txt"], "nowhere.txt: cannot read the glossary"],
    [["--dataset-format", "csv"], "Allowed choices are manifest"],
  ])("refuses %j before anything is loaded", async (args, message) => {
    const run = await runFake(["eval", "dev", ...args]);
    expect(run).toMatchObject({ stdout: "", loaded: [], recognised: [] });
    expect(run.exitCode).toBeGreaterThan(0);
    expect(run.stderr).toContain(message);
  });
});

/** Records a run and gives its folder. */
async function recorded(output: string, ...args: string[]): Promise<string> {
  await runFake(["eval", "dev", "--output", output, ...args], { stream: hearing });
  return join(output, (await readdir(output)).sort().at(-1)!);
}

describe("glossa eval score", () => {
  it("prints what the run printed", async () => {
    const run = await runFake(["eval", "dev", "--terms", "own", "--output", "out", "--json"], {
      stream: hearing,
    });
    expect(await runFake(["eval", "score", "out", "--json"])).toMatchObject({
      exitCode: 0,
      stdout: run.stdout,
    });
    const table = await runFake(["eval", "score", "out/dev_fake-model_own"]);
    expect(table.stdout).toContain("  own ");
  });

  it("warns of runs that are not complete, and refuses other folders", async () => {
    const folder = await recorded("out");
    const lines = (await readFile(join(folder, "utterances.jsonl"), "utf8")).split("\n");
    await writeFile(join(folder, "utterances.jsonl"), `${lines[0]}\n`);
    const partial = await runFake(["eval", "score", folder]);
    expect(partial.stderr).toContain("the run is not complete: 1 of 4 utterances");
    expect(await runFake(["eval", "score", "dev"])).toMatchObject({ exitCode: 1, stdout: "" });
  });
});

describe("glossa eval compare", () => {
  it("prints differences with their intervals", async () => {
    const [none, own] = [await recorded("none"), await recorded("own", "--terms", "own")];
    const table = await runFake(["eval", "compare", none, "own"]);
    expect(table).toMatchObject({ exitCode: 0, stderr: "" });
    expect(table.stdout).toContain("A: dev_fake-model_none\nB: dev_fake-model_own\n4 utterances in both\n");
    expect(table.stdout).toMatch(/^WER +33\.33 +0\.00 +-33\.33 +-33\.33 to -33\.33 +better$/m);
    expect(table.stdout).toMatch(/^keyword recall +100\.0 +100\.0 +0\.00 +0\.00 to 0\.00 +not significant$/m);
    const json = await runFake(["eval", "compare", none, own, "--json"]);
    const { metrics, matched } = JSON.parse(json.stdout);
    expect(matched).toBe(4);
    expect(metrics[0]).toMatchObject({ metric: "wer", second: 0, significant: true });
  });

  it("wants one run on each side", async () => {
    await recorded("out");
    await recorded("out", "--terms", "own");
    const run = await runFake(["eval", "compare", "out", "out"]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(
      "out holds 2 runs; name one of them: dev_fake-model_none, dev_fake-model_own",
    );
  });
});

describe("the commands of docs/evaluation.md", () => {
  it("work as printed", async () => {
    const page = await readFile(new URL("../../docs/evaluation.md", import.meta.url), "utf8");
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
    const commands = blocks.flatMap((block) => block.replaceAll("\\\n", " ").trim().split("\n"));
    expect(commands.length).toBeGreaterThan(5);
    await cp("dev", "en-lj001", { recursive: true });
    for (const command of commands) {
      expect(command).toMatch(/^glossa eval /);
      const run = await runFake(command.split(/\s+/).slice(1), { stream: hearing, retriever: retrieving });
      expect({ command, exitCode: run.exitCode, stderr: run.stderr }).toEqual({
        command,
        exitCode: 0,
        stderr: "",
      });
    }
  });
});

describe("eval", () => {
  it("shows progress on a terminal and nothing but the result when piped", async () => {
    const piped = await runFake(["eval", "dev"], { stream: saying("hello") });
    expect(piped.stderr).toBe("");
    const watched = await runFake(["eval", "dev"], { stream: hearing, stderrIsTerminal: true });
    expect(watched.stderr).toContain("dev 4/4");
    expect(watched.stderr).toMatch(/recorded in .*glossa-eval-/);
  });
});
