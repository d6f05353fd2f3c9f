import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecognitionEvent } from "../recognise/options.ts";
import { fakeSegment, fakeTranscript, runFake } from "./testing/fake-environment.ts";

let folder: string;
let talk: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-prune-"));
  talk = join(folder, "talk.wav");
  await writeFile(talk, "audio");
  await writeFile(join(folder, "deck.md"), "# Qwen2-VL\n\nTrained with LoRA on the A100 by Lena Hoffmann.\n");
});
afterAll(() => rm(folder, { recursive: true }));

/** Hears the words of texts, the best first, half a second each. */
const hearing = (...texts: string[]) =>
  async function* (): AsyncGenerator<RecognitionEvent, void, undefined> {
    const alternatives = texts.map((text) =>
      text.split(" ").map((word, i) => ({ text: word, start: i / 2, end: i / 2 + 0.5, confidence: 0.8 })),
    );
    const segment = { ...fakeSegment(texts[0]!), words: alternatives[0]! };
    yield { type: "segment", segment };
    yield { type: "alternatives", alternatives };
    yield { type: "transcript", transcript: fakeTranscript([segment]) };
  };

describe("glossa prune", () => {
  it("prints the terms that are spoken, with scores, times and what was heard", async () => {
    const run = await runFake(["prune", talk, "--context", join(folder, "deck.md"), "--term", "GLCLAP"], {
      stream: hearing("today we adapt Quentoo VL with lora again"),
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: "", disposed: 1 });
    const rows = run.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows[0]).toEqual(["term", "score", "start", "end", "heard"]);
    expect(rows).toContainEqual(["Qwen2-VL", expect.any(String), "1.5", "2.5", "Quentoo VL"]);
    expect(rows).toContainEqual(["LoRA", expect.any(String), "3.0", "3.5", "lora"]);
    expect(run.stdout).not.toMatch(/GLCLAP|Hoffmann/);
    expect(run.recognised[0]!.options.terms).toBeUndefined();
  });

  it("finds terms in what the search nearly wrote", async () => {
    const run = await runFake(["prune", talk, "--term", "Qwen2-VL"], {
      stream: hearing("we adapt when to feel", "we adapt Quentoo VL"),
    });
    expect(run.stdout).toContain("Quentoo VL");
    expect(run.recognised[0]!.options.alternatives).toBe(true);
  });

  it("gives the evidence and what was dropped as JSON", async () => {
    const run = await runFake(
      ["prune", talk, "--term", "LoRA", "--term", "Laurel", "--threshold", "0.3", "--json"],
      {
        stream: hearing("we use lora here"),
      },
    );
    const { terms, stretches } = JSON.parse(run.stdout) as {
      terms: number;
      stretches: { kept: { term: string; matches: { evidence: object }[] }[]; dropped: { term: string }[] }[];
    };
    expect(terms).toBe(2);
    expect(stretches[0]!.kept.map(({ term }) => term)).toEqual(["LoRA"]);
    expect(stretches[0]!.kept[0]!.matches[0]!.evidence).toMatchObject({ phonetic: 1, orthographic: 1 });
    expect(stretches[0]!.dropped.map(({ term }) => term)).toEqual(["Laurel"]);
  });

  it("takes a recording without speech", async () => {
    const stream = async function* (): AsyncGenerator<RecognitionEvent, void, undefined> {
      yield { type: "transcript", transcript: fakeTranscript([]) };
    };
    const run = await runFake(["prune", talk, "--term", "LoRA"], { stream });
    expect(run).toMatchObject({ exitCode: 0, stdout: "term\tscore\tstart\tend\theard\n" });
  });

  it.each([
    [[], 2, "there are no terms"],
    [["--term", "a", "--threshold", "2"], 2, "Expected a number from 0 to 1"],
  ])("refuses %j before a model is loaded", async (args, exitCode, message) => {
    const run = await runFake(["prune", talk, ...args]);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr).toContain(message);
    expect(run.loaded).toEqual([]);
  });

  it("fails when the recording is not there", async () => {
    expect((await runFake(["prune", join(folder, "none.wav"), "--term", "a"])).exitCode).toBe(1);
  });
});
