import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isCached } from "../../../test/cached-models.ts";
import { encodeWav } from "../../audio/encode-wav.ts";
import { gradients } from "../../graph/gradients.ts";
import { concatenate } from "../../graph/operators.ts";
import { loadProgram, type TestTensor } from "../../graph/testing/run-program.ts";
import { randomGenerator } from "../../random.ts";
import { CtcLabels } from "../../retrieval/ctc-labels.ts";
import { glclapSystems } from "../../retrieval/head-files.ts";
import { buildModel } from "../build-model.ts";
import fixture from "../fixtures/glclap.json" with { type: "json" };
import type { TrainableModel } from "../model.ts";
import { recipeKinds } from "../recipe-kinds.ts";
import { runRecipe } from "../run-recipe.ts";
import { TermVectors } from "../term-vectors.ts";
import { runFiles } from "../run-folder.ts";
import { contrastInputs } from "./contrast-batch.ts";
import { attentionBias } from "./data-recipe.ts";
import { contrast, contrastNames, glclapModel } from "./glclap-model.ts";
import { countFound, Distractors, rareWordsOf, termRecall } from "./term-recall.ts";
import { LetterEncoder, type WrittenText } from "./text-encoder.ts";

const shape = { width: 16, heads: 2, inner: 16, layers: 1, dropout: 0 };
const encoder = new LetterEncoder(new CtcLabels("letters-and-pinyin"), shape, 8);

function write(text: string): WrittenText {
  const written = encoder.write(text);
  if ("problem" in written) throw new Error(written.problem);
  return written;
}

/** The texts of the fixture: every letter is a term; recordings 1 and 2 say the same, and 3 says "c" too. */
const texts = ["ab", "cd", "cd", "ec"].map(write);
const batch = contrastInputs(
  encoder,
  texts.map((whole, i) => ({
    whole,
    parts: fixture.pairs.filter(([recording]) => recording === i).map(([, term]) => write("abcdefg"[term!]!)),
  })),
  [write("f"), write("g")],
);

describe("the losses of GLCLAP and the systems beside it", () => {
  it.each(glclapSystems)("%s and its gradients equal PyTorch's", async (system) => {
    const { audio, texts: whole, terms, systems: expected } = fixture;
    const [recordings, steps, dimension] = audio.shape as [number, number, number];
    const model: TrainableModel = {
      name: system,
      build(builder) {
        const { shortTerms, longTerms } = contrastNames;
        const vectors = (name: string, size: string | number) =>
          builder.input(name, "float32", [size, dimension]);
        const hasGlobal = system === "clap" || system === "glclap";
        const parts = {
          ofSteps: builder.input("audio", "float32", ["batch", "steps", dimension]),
          bias: builder.input("bias", "float32", ["batch", 1, 1, "steps"]),
          whole: hasGlobal ? vectors("texts", "batch") : null,
          terms:
            system === "clap"
              ? null
              : concatenate([vectors("short", shortTerms), vectors("long", longTerms)], 0),
        };
        const { loss } = contrast(builder, system, parts);
        return { outputs: {}, loss };
      },
    };
    const { program, graph, parameters } = buildModel(model, { training: true });
    const loss = graph.loss!();
    const wanted = program.inputs.filter(({ name }) => ["audio", "texts", "short", "long"].includes(name));
    program.output("loss", loss);
    for (const [value, gradient] of gradients(new Map([[loss, program.scalar(1)]]), wanted)) {
      program.output(`by_${value.name}`, gradient);
    }
    const values = (of: { values: number[]; shape: number[] }): TestTensor => ({
      data: Float32Array.from(of.values),
      shape: of.shape,
    });
    // As the batch has them: the last of seven is long.
    const rows = (first: number, end: number): TestTensor => ({
      data: Float32Array.from(terms.values.slice(first * dimension, end * dimension)),
      shape: [end - first, dimension],
    });
    expect(batch.inputs[contrastNames.longTerms]!.shape).toEqual([1, 1]);
    await using loaded = await loadProgram(program);
    const found = await loaded.run({
      ...batch.inputs,
      ...Object.fromEntries(
        parameters.map(({ name, initial }) => {
          if (initial.kind !== "constant") throw new Error(name);
          return [name, { data: Float32Array.of(initial.value), shape: [1] }];
        }),
      ),
      audio: values(audio),
      bias: attentionBias(fixture.stepCounts, steps),
      texts: values(whole),
      short: rows(0, 6),
      long: rows(6, 7),
    });
    const { loss: expectedLoss, gradients: byPart } = expected[system];
    expect(found.loss!.data[0]).toBeCloseTo(expectedLoss, 5);
    const ofTerms = [...(found.by_short?.data ?? []), ...(found.by_long?.data ?? [])];
    for (const [name, values] of Object.entries({
      audio: [...found.by_audio!.data],
      texts: [...(found.by_texts?.data ?? [])],
      terms: ofTerms,
    })) {
      const gradient = byPart[name as "audio"]?.values ?? [];
      expect(values).toHaveLength(gradient.length);
      for (const [i, value] of values.entries()) expect(Math.abs(value - gradient[i]!)).toBeLessThan(1e-5);
    }
    expect(recordings).toBe(4);
  });
});

describe("what a batch holds against each other", () => {
  const { inputs, columns } = contrastInputs(
    encoder,
    [
      { whole: write("the note book"), parts: [write("note book"), write("book")] },
      { whole: write("a notebook is here"), parts: [write("here")] },
      { whole: write("the note-book"), parts: [write("the")] },
    ],
    [write("hare"), write("is"), write("hear")],
  );
  const isMasked = (name: string, row: number, column: number) => {
    const { data, shape } = inputs[name]!;
    return (data as Float32Array)[row * shape[1]! + column]! < 0;
  };

  it("are terms, each once, the longest apart", () => {
    expect(columns.size).toBe(7);
    const rows = [contrastNames.shortTerms, contrastNames.longTerms].map((name) => inputs[name]!.shape[0]);
    expect(rows).toEqual([6, 1]);
    expect(columns.get(write("notebook").key)).toBe(6);
  });

  it("is no negative where it is said as well, whatever the spaces", () => {
    const column = (text: string) => columns.get(write(text).key)!;
    // Pairs in order: note book and book of the first, here of the second, the of the third.
    const masks = (pair: number) =>
      ["note book", "book", "here", "the", "hare", "is"].filter((text) =>
        isMasked(contrastNames.otherTerms, pair, column(text)),
      );
    expect(masks(0)).toEqual(["book", "the"]);
    expect(masks(1)).toEqual(["note book", "the"]);
    expect(masks(2)).toEqual(["note book", "book", "is"]);
    expect(masks(3)).toEqual(["note book", "book"]);
    const recordings = (pair: number) =>
      [0, 1, 2].filter((other) => isMasked(contrastNames.otherRecordings, pair, other));
    expect([0, 1, 2, 3].map(recordings)).toEqual([[1, 2], [1, 2], [], [0]]);
  });

  it("are texts, but not the same text twice", () => {
    const same = [0, 1, 2].map((row) =>
      [0, 1, 2].filter((column) => isMasked(contrastNames.sameTexts, row, column)),
    );
    expect(same).toEqual([[2], [], [0]]);
  });

  it("may be a single term", () => {
    const one = contrastInputs(encoder, [{ whole: write("only"), parts: [write("only")] }], []);
    expect(one.inputs[contrastNames.otherTerms]).toEqual({ data: Float32Array.of(-1e4, 0), shape: [1, 2] });
  });

  it("holds the sounds of Mandarin against each other, not its characters", () => {
    const { inputs } = contrastInputs(
      encoder,
      [
        { whole: write("他在北京"), parts: [write("北京")] },
        { whole: write("她在背景里"), parts: [write("背景")] },
      ],
      [write("备景")],
    );
    // 背景 and 备景 sound the same: one term.
    expect(inputs[contrastNames.shortTerms]!.shape[0]! + inputs[contrastNames.longTerms]!.shape[0]!).toBe(2);
  });
});

describe("the adapter", () => {
  it("has the names of a letter head's, so that it can begin as one", () => {
    const adapter = { stack: 2, width: 16, heads: 2, inner: 16, layers: 2, dropout: 0.1, outputs: 2 };
    const normalisation = { mean: new Float32Array(3), scale: new Float32Array(3) };
    const parts = { system: "glclap", adapter, dimension: 8, labels: 29 } as const;
    const { parameters } = buildModel(glclapModel(parts, encoder, normalisation), { training: true });
    const names = parameters.map(({ name }) => name);
    for (const name of ["normalisation.mean", "input.weight", "layers.1.outer.bias", "norm.weight"]) {
      expect(names).toContain(name);
    }
    expect(parameters.find(({ name }) => name === "labels.weight")!.shape).toEqual([16, 58]);
    const own = names.filter((name) => !/^(normalisation|input|layers\.\d|norm|labels)\./.test(name));
    expect(own.every((name) => /^(text|vectors|scale)\./.test(name))).toBe(true);
  });
});

describe("recall of terms", () => {
  it("counts the best and as many as are true and five more", () => {
    expect(countFound([0.9, 0.2], [0.8, 0.5, 0.4, 0.3, 0.25, 0.1])).toEqual({
      topOne: 1,
      found: 2,
      terms: 2,
    });
    expect(
      countFound(
        [0.9, 0.2],
        Array.from({ length: 7 }, () => 0.5),
      ),
    ).toEqual({
      topOne: 1,
      found: 1,
      terms: 2,
    });
    // Equal scores say nothing.
    expect(countFound([0.5], [0.5])).toEqual({ topOne: 0, found: 1, terms: 1 });
    expect(
      countFound(
        [0],
        Array.from({ length: 1000 }, () => 0),
      ),
    ).toEqual({ topOne: 0, found: 0, terms: 1 });
  });

  it("is given with its interval", () => {
    const recall = termRecall([
      { topOne: 1, found: 3, terms: 4 },
      { topOne: 0, found: 0, terms: 1 },
    ]);
    expect(recall.topOneRecall).toMatchObject({ value: 0.5, low: 0, high: 1 });
    expect(recall.recallAtTruePlusFive!.value).toBeCloseTo(0.6, 10);
    expect(termRecall([]).topOneRecall).toBeNull();
  });

  it("asks for rare words, and for distractors of the script that nobody says", () => {
    expect(rareWordsOf("The wapiti was seen near the wapiti and Murtagh")).toEqual(["wapiti", "murtagh"]);
    const pool = ["wapiti", "murtagh", "quokka", "北京", "x9x"];
    const isReadable = (term: string) => term !== "x9x";
    const distractors = new Distractors(pool, 10, 1, isReadable);
    expect([...distractors.all].sort()).toEqual(["murtagh", "quokka", "wapiti", "北京"]);
    expect(distractors.of({ text: "A Wapiti!", language: "en" }).sort()).toEqual(["murtagh", "quokka"]);
    expect(distractors.of({ text: "我在北京", language: "zh" })).toEqual([]);
    expect(new Distractors(pool, 1, 1, isReadable).all).toHaveLength(2);
    expect(new Distractors(pool, 2, 3, isReadable).all).toEqual(new Distractors(pool, 2, 3, isReadable).all);
  });
});

const model = "whisper-tiny";
const hertz: Readonly<Record<string, number>> = { a: 300, b: 700, c: 1500 };
const words = ["abc", "acb", "bac", "bca", "cab", "cba", "aab", "cca", "bbc", "abba"];

/** Tones for letters, 0.2 s each, a pause for a space. */
function spell(text: string, random: () => number): Float32Array {
  const length = 3200;
  const samples = new Float32Array((text.length + 1) * length);
  for (const [i, letter] of [...text].entries()) {
    for (let n = 0; n < length; n++) {
      const tone = Math.sin((2 * Math.PI * (hertz[letter] ?? 0) * n) / 16_000);
      samples[i * length + length / 2 + n] =
        0.3 * tone * Math.sin((Math.PI * n) / length) + 0.01 * (random() - 0.5);
    }
  }
  return samples;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-glclap-"));
  const random = randomGenerator(7);
  await mkdir(join(folder, "tones"));
  const rows: string[] = [];
  for (let i = 0; i < 120; i++) {
    const said = Array.from({ length: 2 }, () => words[Math.floor(random() * words.length)]!);
    await writeFile(join(folder, "tones", `${i}.wav`), encodeWav(spell(said.join(" "), random), 16_000));
    // Some rows list their terms, the others are asked for their rare words.
    const terms = i % 2 === 0 ? { terms: said } : {};
    rows.push(
      JSON.stringify({ audio: `${i}.wav`, text: said.join(" "), language: "en", speaker: `s${i}`, ...terms }),
    );
  }
  await writeFile(join(folder, "tones", "manifest.jsonl"), rows.join("\n"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!isCached(model))(`glclap over ${model} (skipped when it is not in the cache)`, () => {
  const recipe = {
    kind: "glclap",
    encoder: model,
    seed: 1,
    data: { sets: ["tones"], frames: "frames", validationShare: 0.25 },
    model: { stack: 2, width: 32, heads: 2, inner: 64, layers: 1, dropout: 0 },
    text: { width: 32, heads: 2, inner: 64, layers: 1, dropout: 0 },
    dimension: 32,
    subTexts: 2,
    negatives: 1,
    batchSize: 16,
    optimiser: { learningRate: 4e-3 },
    schedule: { kind: "cosine", warmUpSteps: 10 },
    length: { steps: 200 },
    validateEvery: 100,
    checkpointEvery: 20,
  };
  const run = async (name: string, changes: object, signal?: AbortSignal, stopAt = Infinity) => {
    const path = join(folder, "recipe.json");
    await writeFile(path, JSON.stringify({ ...recipe, ...changes }));
    const stop = new AbortController();
    return runRecipe(path, {
      kinds: recipeKinds,
      output: join(folder, name),
      command: "glossa train recipe.json",
      threads: 1,
      resume: true,
      signal: signal ?? stop.signal,
      onProgress: ({ step }) => step === stopAt && stop.abort(new Error("enough")),
    });
  };

  it("learns which of some tone patterns are there", { timeout: 240_000 }, async () => {
    const { best, final } = await run("learnt", { tests: ["tones"] });
    // Thirty recordings; one of ten words at random is right in a fifth of them.
    expect(best.validation!.topOneRecall).toBeGreaterThan(0.6);
    const { tests } = final as { tests: Record<string, Record<string, { value: number; low: number }>> };
    expect(tests.tones).toMatchObject({ utterances: 60, withoutTerms: 60, leftOut: 0, listSize: 1000 });
    const { topOneRecall, recallAtTruePlusFive } = tests.tones!;
    expect(topOneRecall!.value).toBeGreaterThan(0.8);
    expect(topOneRecall!.low).toBeGreaterThan(0.7);
    expect(recallAtTruePlusFive!.value).toBeGreaterThan(0.9);

    // As its users load it.
    await using vectors = await TermVectors.load(join(folder, "learnt"), { threads: 1 });
    expect(vectors.description).toMatchObject({ kind: "glclap", system: "glclap", dimension: 32, stack: 2 });
    const asked = await vectors.ofTerms(["abc", "a longer term", "abc"]);
    expect(asked.count).toBe(3);
    const row = (i: number) => [...asked.data.subarray(i * 32, (i + 1) * 32)];
    for (const [i, value] of row(0).entries()) expect(value).toBeCloseTo(row(2)[i]!, 5);
    expect(row(1).reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
    await expect(vectors.ofTerms(["123456"])).rejects.toThrow('the term "123456" cannot be looked for');
    const steps = await vectors.ofFrames({ data: new Float32Array(5 * 768).fill(0.1), shape: [1, 5, 768] });
    expect(steps.count).toBe(5);
    const scores = vectors.score(steps, asked);
    expect(scores[0]).toBeCloseTo(scores[2]!, 5);
  });

  it(
    "goes on after a stop as if nothing had been, with a letter head beside it",
    { timeout: 240_000 },
    async () => {
      const changes = { length: { steps: 8 }, validateEvery: 4, ctc: 0.5 };
      await run("undisturbed", changes);
      await expect(run("stopped", changes, undefined, 5)).rejects.toThrow("enough");
      await run("stopped", changes);
      const bytes = (name: string) => readFile(join(folder, name, runFiles.model));
      expect((await bytes("stopped")).equals(await bytes("undisturbed"))).toBe(true);
    },
  );

  it.each(["clap", "subtext-clap", "lclap"] as const)("trains %s", { timeout: 240_000 }, async (system) => {
    const { best, step } = await run(system, { system, length: { steps: 3 }, tests: ["tones"] });
    expect(step).toBe(3);
    expect(best.validation!.loss).toBeGreaterThan(0);
    await using vectors = await TermVectors.load(join(folder, system), { threads: 1 });
    const heard = await vectors.ofFrames({ data: new Float32Array(5 * 768).fill(0.1), shape: [1, 5, 768] });
    expect(heard.count).toBe(system === "lclap" ? 5 : 1);
  });

  it("reads texts by a BERT, with letters beside it", { timeout: 240_000 }, async () => {
    const text = { bert: fileURLToPath(new URL("../fixtures/bert", import.meta.url)) };
    const { best } = await run("bert", { text, ctc: 0.5, length: { steps: 3 }, tests: ["tones"] });
    expect(best.validation!.loss).toBeGreaterThan(0);
    await using vectors = await TermVectors.load(join(folder, "bert"), { threads: 1 });
    expect(vectors.description).toMatchObject({ mostPieces: 24 });
    const { data } = await vectors.ofTerms(["LoRA", "rope", "lora"]);
    const row = (i: number) => [...data.subarray(i * 32, (i + 1) * 32)];
    for (const [i, value] of row(0).entries()) expect(value).toBeCloseTo(row(2)[i]!, 5);
    expect(row(1)).not.toEqual(row(0));
  });

  it("says what it has nothing to do with", { timeout: 240_000 }, async () => {
    await expect(run("none", { distractors: ["nowhere.txt"] })).rejects.toThrow(
      /distractors: .*nowhere\.txt/,
    );
    await writeFile(join(folder, "digits.txt"), "123456\n");
    await expect(run("none", { distractors: ["digits.txt"] })).rejects.toThrow(
      /digits\.txt: there is no word in it that can be written/,
    );
  });
});
