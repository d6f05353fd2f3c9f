import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlossaError } from "../errors.ts";
import type { RecogniseOptions } from "../recognise/options.ts";
import type { Utterance } from "./datasets/utterance.ts";
import { Perturber } from "./perturber.ts";
import type { Perturbation } from "./records.ts";
import { runDataSet, type EvaluatedRecogniser, type RunPlan, type RunProgress } from "./run.ts";
import { TermLists } from "./term-lists.ts";

const tone = fileURLToPath(new URL("../audio/fixtures/tone.flac", import.meta.url));
const segments = [{ start: 2, end: 4, text: "two" }];
const utterances: Utterance[] = [
  { id: "a", audio: tone, text: "one", language: "en", durationSeconds: 1, terms: ["one"] },
  { id: "b", audio: tone, text: "two", durationSeconds: 1, segments },
  { id: "c", audio: tone, text: null, keywords: ["three"] },
];

async function planOf(more: Partial<RunPlan> = {}, perturbation: Perturbation = {}): Promise<RunPlan> {
  return {
    dataSet: { name: "set", source: "/set", format: "manifest", utterances, skipped: [], glossary: null },
    utterances,
    model: "fake-model",
    language: null,
    beamSize: null,
    protocol: "own",
    listSize: null,
    terms: new TermLists(utterances, {
      protocol: "own",
      listSize: null,
      seed: 0,
      glossary: null,
      distractors: null,
      language: undefined,
    }),
    seed: 0,
    perturbation,
    perturber: await Perturber.create(perturbation, 0),
    ...more,
  };
}

interface Heard {
  input: unknown;
  options: RecogniseOptions;
}

/** Says what the test wants for the n-th recording, or throws it. */
function recogniserOf(say: (index: number) => string | Error, heard: Heard[] = []): EvaluatedRecogniser {
  return {
    async *stream(input, options = {}) {
      heard.push({ input, options });
      const text = say(heard.length - 1);
      if (text instanceof Error) throw text;
      const transcript = {
        text,
        language: "de",
        durationSeconds: 3,
        model: "fake",
        segments: [],
        warnings: [],
      };
      const report = { term: "one", score: 0.5, occurrences: [] };
      const terms = [
        { ...report, status: "written" as const },
        { ...report, status: "boosted" as const },
      ];
      yield { type: "transcript", transcript: { ...transcript, terms } };
    },
  };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-run-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("runDataSet", () => {
  it("records every utterance with what it was given", async () => {
    const heard: Heard[] = [];
    const progress: RunProgress[] = [];
    const { run, utterances: records } = await runDataSet(
      await planOf({ beamSize: 2 }),
      recogniserOf((index) => ["one", "too", "three"][index], heard),
      folder,
      { onProgress: (value) => progress.push(value) },
    );
    expect(records.map(({ hypothesis }) => hypothesis)).toEqual(["one", "too", "three"]);
    expect(records.map(({ language }) => language)).toEqual(["en", "de", "de"]);
    expect(records[0]).toMatchObject({
      terms: { own: ["one"], listSize: 1, distractors: [] },
      durationSeconds: 3,
      termReports: [{ status: "written" }],
    });
    expect(records[0].computeSeconds).toBeGreaterThan(0);
    expect(records[1].referenceSegments).toEqual(segments);
    expect(records[2]).toMatchObject({ reference: null, keywords: ["three"] });
    expect(heard.map(({ input }) => input)).toEqual([tone, tone, tone]);
    expect(heard[0].options).toMatchObject({ language: "en", beamSize: 2, terms: ["one"] });
    expect(heard[1].options.language).toBeUndefined();
    expect(run).toMatchObject({
      set: "set",
      utterances: 3,
      settings: { terms: "own", listSize: 0, beamSize: 2 },
    });
    expect(run.finishedAt).not.toBeNull();
    expect(run.peakMemoryMegabytes).toBeGreaterThan(10);
    expect(progress.map(({ done, total }) => `${done}/${total}`)).toEqual(["0/3", "1/3", "2/3", "3/3"]);
    expect(progress[0].audioSecondsTotal).toBeCloseTo(3, 10);
    expect(progress[3].audioSecondsDone).toBe(progress[3].audioSecondsTotal);
  });

  it("records what fails and goes on; a second run tries it again", async () => {
    const broken = new GlossaError("unsupported-audio", "no audio in it");
    const say = (index: number) => [broken, new TypeError("a bug"), "three"][index];
    const first = await runDataSet(await planOf(), recogniserOf(say), folder);
    expect(first.utterances.map(({ error }) => error?.code)).toEqual([
      "unsupported-audio",
      "unexpected",
      undefined,
    ]);
    expect(first.utterances[0]).toMatchObject({
      hypothesis: "",
      durationSeconds: 1,
      error: { message: "no audio in it" },
    });
    const heard: Heard[] = [];
    const second = await runDataSet(
      await planOf(),
      recogniserOf(() => "again", heard),
      folder,
    );
    expect(heard).toHaveLength(2);
    expect(second.utterances.map(({ hypothesis }) => hypothesis)).toEqual(["again", "again", "three"]);
  });

  it("keeps what is done when aborted, and goes on from there", async () => {
    const stop = new AbortController();
    const aborted = runDataSet(
      await planOf(),
      recogniserOf((index) =>
        index === 1 ? (stop.abort(new Error("enough")), stop.signal.reason as Error) : "first",
      ),
      folder,
      { signal: stop.signal },
    );
    await expect(aborted).rejects.toThrow("enough");
    const heard: Heard[] = [];
    const { run, utterances: records } = await runDataSet(
      await planOf(),
      recogniserOf(() => "second", heard),
      folder,
    );
    expect(records.map(({ hypothesis }) => hypothesis)).toEqual(["first", "second", "second"]);
    expect(heard).toHaveLength(2);
    expect(run.finishedAt).not.toBeNull();
  });

  it("stops at options that do not fit the model", async () => {
    const refusal = new GlossaError("invalid-argument", "does not know the language");
    await expect(
      runDataSet(
        await planOf(),
        recogniserOf(() => refusal),
        folder,
      ),
    ).rejects.toBe(refusal);
  });

  it("gives perturbed samples, with the reference's times moved along", async () => {
    const heard: Heard[] = [];
    const plan = await planOf({}, { speed: 2, telephone: true });
    const { utterances: records } = await runDataSet(
      plan,
      recogniserOf(() => "x", heard),
      folder,
    );
    const { samples, sampleRate } = heard[0].input as { samples: Float32Array; sampleRate: number };
    expect(sampleRate).toBe(16_000);
    const slow = await (await Perturber.create({ speed: 1 }, 0)).apply(tone, "a");
    expect(samples.length).toBeCloseTo((slow.samples as Float32Array).length / 2, -1);
    expect(records[1].referenceSegments).toEqual([{ start: 1, end: 2, text: "two" }]);
  });
});

describe("Perturber", () => {
  const noises = fileURLToPath(new URL("../audio/fixtures", import.meta.url));

  it("chooses noise by seed and utterance", async () => {
    const apply = async (seed: number, id: string) => {
      const perturber = await Perturber.create({ noise: tone, snrDecibels: 0 }, seed);
      return [...((await perturber.apply(tone, id)).samples as Float32Array).subarray(0, 500)];
    };
    const once = await apply(0, "a");
    expect(await apply(0, "a")).toEqual(once);
    expect(await apply(0, "b")).not.toEqual(once);
    expect(await apply(1, "a")).not.toEqual(once);
  });

  it("says what is wrong with noises", async () => {
    await expect(Perturber.create({ noise: join(noises, "nowhere") }, 0)).rejects.toThrow(
      "--noise: no such file",
    );
    await expect(Perturber.create({ reverb: folder }, 0)).rejects.toThrow(
      `--reverb: no audio files in ${folder}`,
    );
  });
});
