import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import type { RetrievedStretch } from "../recognise/retriever.ts";
import type { LoadedRetriever } from "./environment.ts";
import { runFake } from "./testing/fake-environment.ts";

let folder: string;
let talk: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-retrieve-"));
  talk = join(folder, "talk.wav");
  await writeFile(talk, "audio");
});
afterAll(() => rm(folder, { recursive: true }));

/** Hears every term whose text begins with L, a second after the other. */
function hearingL(
  given: { terms?: readonly Term[]; options?: object } = {},
): Omit<LoadedRetriever, typeof Symbol.asyncDispose> {
  const spotter = (terms: readonly Term[]) => ({
    unspellable: new Map(terms.filter(({ text }) => text === "困惑").map((term) => [term, "it is Chinese"])),
  });
  return {
    model: "fake-model",
    spotter: spotter as unknown as LoadedRetriever["spotter"],
    map: ({ start, kept }) => ({
      start,
      placeSeconds: 0.5,
      rows: kept.map(({ term }) => ({ term: term.text, fits: Float32Array.of(0, 1, 0.5) })),
    }),
    async *retrieve(_input, terms, options) {
      Object.assign(given, { terms, options });
      const sighted = terms.map((term, i) => {
        const score = term.text.startsWith("L") ? 0.9 : 0.05;
        const match = {
          term,
          score,
          start: i,
          end: i + 0.5,
          evidence: { logRatio: -1, labels: 4, rival: 0, terms: 2, isSpelled: true },
        };
        // Somewhere else it is hardly said.
        const elsewhere = { ...match, score: score / 100, start: i + 10, end: i + 10.5 };
        return { term, score, matches: [match, elsewhere] };
      });
      const kept = sighted.filter(({ score }) => score > 0.1);
      const dropped = sighted.filter(({ score }) => score <= 0.1);
      yield { start: 0, end: 2, kept, dropped } as unknown as RetrievedStretch;
    },
  };
}

describe("glossa retrieve", () => {
  it("prints the terms that are spoken where they are, with scores and times", async () => {
    const retriever = hearingL();
    const run = await runFake(["retrieve", talk, "--term", "LoRA", "--term", "Qwen", "--head", "runs/x"], {
      retriever,
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: "", disposed: 1 });
    expect(run.stdout).toBe("term\tscore\tstart\tend\nLoRA\t0.90\t0.00\t0.50\n");
    expect(run.retrieverOptions[0]).toMatchObject({ head: "runs/x" });
  });

  it("gives evidence and what was dropped as JSON, with the limits that were asked for", async () => {
    const given: { options?: object } = {};
    const args = ["retrieve", talk, "--term", "LoRA", "--term", "Qwen", "--threshold", "0.3", "--most", "7"];
    const run = await runFake([...args, "--json"], { retriever: hearingL(given) });
    const { terms, stretches } = JSON.parse(run.stdout) as {
      terms: number;
      stretches: { kept: { term: string; matches: object[] }[]; dropped: { term: string }[] }[];
    };
    expect(terms).toBe(2);
    const [place, elsewhere] = [{ evidence: { logRatio: -1 } }, { score: 0.009 }];
    expect(stretches[0]!.kept).toMatchObject([{ term: "LoRA", matches: [place, elsewhere] }]);
    expect(stretches[0]!.dropped).toMatchObject([{ term: "Qwen" }]);
    expect(given.options).toMatchObject({ threshold: 0.3, most: 7 });
  });

  it("keeps as many as a wanted precision or recall allows, and takes one rule at a time", async () => {
    const args = ["retrieve", talk, "--term", "LoRA", "--term", "Qwen"];
    const given: { options?: object } = {};
    await runFake([...args, "--precision", "0.9", "--find-terms", "both"], { retriever: hearingL(given) });
    expect(given.options).toMatchObject({ precision: 0.9, findTerms: "both" });
    const run = await runFake([...args, "--precision", "0.9", "--recall", "0.5"], { retriever: hearingL() });
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain("cannot be used with option '--recall <share>'");
  });

  it("draws a map in which a term's name can be no markup", async () => {
    const map = join(folder, "map.svg");
    const run = await runFake(["retrieve", talk, "--term", "L<script>&", "--map", map], {
      retriever: hearingL(),
    });
    expect(run.exitCode).toBe(0);
    const svg = await readFile(map, "utf8");
    expect(svg).toContain("L&lt;script&gt;&amp;");
    expect(svg).not.toContain("<script");
    expect(svg).toMatch(/<rect [^>]*fill-opacity="1\.00"/);
  });

  it("draws a map that says so when nothing was found", async () => {
    const map = join(folder, "empty.svg");
    await runFake(["retrieve", talk, "--term", "Qwen", "--map", map], { retriever: hearingL() });
    expect(await readFile(map, "utf8")).toContain("No term was found.");
  });

  it("names terms that the head cannot look for", async () => {
    const run = await runFake(["retrieve", talk, "--term", "LoRA", "--term", "困惑"], {
      retriever: hearingL(),
    });
    expect(run.stderr).toContain(
      '1 of 2 terms cannot be looked for: "困惑" (it is Chinese); give them spoken forms',
    );
  });

  it("refuses to begin without terms or without the recording", async () => {
    expect(await runFake(["retrieve", talk])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("there are no terms"),
    });
    expect((await runFake(["retrieve", join(folder, "none.wav"), "--term", "LoRA"])).exitCode).toBe(1);
  });

  it("says where a map cannot be written", async () => {
    const run = await runFake(["retrieve", talk, "--term", "LoRA", "--map", join(folder, "no/where.svg")], {
      retriever: hearingL(),
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("where.svg");
  });

  it("passes on what is wrong with the recording", async () => {
    const retriever = hearingL();
    retriever.retrieve = () => {
      throw new GlossaError("unsupported-audio", "talk.wav is no audio");
    };
    const run = await runFake(["retrieve", talk, "--term", "LoRA"], { retriever });
    expect(run).toMatchObject({ exitCode: 1, disposed: 1 });
    expect(run.stderr).toContain("talk.wav is no audio");
  });
});
