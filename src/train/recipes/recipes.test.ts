import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isCached } from "../../../test/cached-models.ts";
import { encodeWav } from "../../audio/encode-wav.ts";
import { randomGenerator } from "../../random.ts";
import { recipeKinds } from "../recipe-kinds.ts";
import { readRecipe, runRecipe } from "../run-recipe.ts";
import { Classifier, CtcAligner } from "../use-head.ts";
import { holdBackSpeakers, type TrainingSample } from "./data-recipe.ts";
import { poolingOf } from "./classify.ts";

const encoder = "whisper-tiny";
const hertz: Readonly<Record<string, number>> = { a: 300, b: 900 };

/** Tones for letters, 0.3 s each: what nobody would call speech, but easily told apart. */
function spell(text: string, random: () => number): Float32Array {
  const length = 4800;
  const samples = new Float32Array((text.length + 1) * length);
  for (const [i, letter] of [...text].entries()) {
    for (let n = 0; n < length; n++) {
      const at = i * length + length / 2 + n;
      const tone = Math.sin((2 * Math.PI * (hertz[letter] ?? 0) * n) / 16_000);
      samples[at] = 0.3 * tone * Math.sin((Math.PI * n) / length) + 0.01 * (random() - 0.5);
    }
  }
  return samples;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-recipes-"));
  const random = randomGenerator(1);
  await mkdir(join(folder, "tones"));
  const rows: string[] = [];
  for (let i = 0; i < 60; i++) {
    const only = i % 2 === 0 ? "a" : "b";
    const text =
      i < 20
        ? only.repeat(1)
        : Array.from({ length: 2 + Math.floor(random() * 3) }, () => "ab"[Math.floor(random() * 2)]).join(
            " ",
          );
    await writeFile(join(folder, "tones", `${i}.wav`), encodeWav(spell(text, random), 16_000));
    rows.push(JSON.stringify({ audio: `${i}.wav`, text, language: "en", speaker: i < 20 ? only : `s${i}` }));
  }
  rows.push(JSON.stringify({ audio: "none.wav", text: "a", language: "en" }));
  await writeFile(join(folder, "tones", "manifest.jsonl"), rows.join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(recipe: object) {
  const path = join(folder, "recipe.json");
  await writeFile(path, JSON.stringify({ encoder, seed: 1, ...recipe }));
  const warnings: string[] = [];
  const output = join(folder, `run-${(recipe as { kind: string }).kind}`);
  const result = await runRecipe(path, {
    kinds: recipeKinds,
    output,
    command: "glossa train recipe.json",
    threads: 1,
    onWarning: (message) => warnings.push(message),
  });
  return { result, warnings, output };
}

const data = { sets: ["tones"], frames: "frames", validationShare: 0.15 };
const common = { data, optimiser: { learningRate: 5e-3 }, batchSize: 16 };
const hasModel = isCached(encoder);

describe.skipIf(!hasModel)(`recipes over ${encoder} (skipped when it is not in the cache)`, () => {
  it("train a CTC head that spells what it hears and aligns it", { timeout: 240_000 }, async () => {
    const { result, warnings, output } = await run({
      kind: "ctc-head",
      ...common,
      model: { stack: 2, width: 32, heads: 2, inner: 64, layers: 1, dropout: 0 },
      length: { steps: 120 },
      schedule: { kind: "cosine", warmUpSteps: 10 },
      validateEvery: 40,
      tests: ["tones"],
    });
    expect(warnings[0]).toMatch(/^left out: .*manifest.jsonl:61: no audio file .*none.wav$/);
    const { tests } = result.final as { tests: Record<string, { characterErrorRate: number }> };
    expect(tests.tones).toMatchObject({ utterances: 60, leftOut: 1 });
    expect(tests.tones!.characterErrorRate).toBeLessThan(0.2);
    await using aligner = await CtcAligner.load(output, { threads: 1 });
    const audio = { samples: spell("a b a", randomGenerator(2)), sampleRate: 16_000 };
    const words = await aligner.align(audio, "A b, a.");
    expect(words.map(({ text }) => text)).toEqual(["A", "b,", "a."]);
    const bracketed = await aligner.align(audio, "A (b) a.");
    expect(bracketed.map(({ text }) => text)).toEqual(["A", "b", "a."]);
    // Tones begin at 0.15, 0.75 and 1.35 s.
    for (const [i, word] of words.entries()) {
      expect(Math.abs(word.start - (0.15 + 0.6 * i))).toBeLessThan(0.3);
      expect(word.end).toBeGreaterThan(word.start);
      expect(word.start).toBeGreaterThanOrEqual(words[i - 1]?.end ?? 0);
    }
    await expect(aligner.align(audio, "ab ".repeat(60))).rejects.toThrow("too many for 1.8 s of audio");
    await expect(aligner.align(audio, "设定")).rejects.toThrow("the text cannot be aligned");
    await expect(Classifier.load(output)).rejects.toThrow("holds a model of the kind ctc-head, not classify");
  });

  it("train a classifier that tells recordings apart", { timeout: 240_000 }, async () => {
    const { result, warnings, output } = await run({
      kind: "classify",
      ...common,
      target: "speaker",
      leastUtterances: 5,
      width: 16,
      length: { epochs: 15 },
    });
    expect(warnings.some((text) => /40 classes \(speaker\) of fewer than 5 utterances/.test(text))).toBe(
      true,
    );
    expect(result.best.validation!.accuracy).toBe(1);
    await using classifier = await Classifier.load(output, { threads: 1 });
    expect(classifier.classes).toEqual(["a", "b"]);
    const scores = await classifier.classify({ samples: spell("b", randomGenerator(3)), sampleRate: 16_000 });
    expect(scores[0]!.name).toBe("b");
    expect(scores[0]!.probability + scores[1]!.probability).toBeCloseTo(1, 6);
    await expect(CtcAligner.load(folder)).rejects.toThrow("there is no trained model in it");
  });
});

describe("recipes of the project", () => {
  const recipes = new URL("../../../recipes/", import.meta.url);
  it.each(readdirSync(recipes))("%s can be read", async (name) => {
    const { recipe } = await readRecipe(new URL(name, recipes).pathname, [], recipeKinds);
    expect(recipe.kind).toBe(
      (JSON.parse(readFileSync(new URL(name, recipes), "utf8")) as { kind: string }).kind,
    );
  });

  it("say which field is wrong", async () => {
    const path = join(folder, "wrong.json");
    const right = JSON.parse(await readFile(new URL("ctc-head.json", recipes), "utf8")) as object;
    await writeFile(path, JSON.stringify({ ...right, labels: "hieroglyphs", batchsize: 3 }));
    await expect(readRecipe(path, [], recipeKinds)).rejects.toThrow(
      /labels: .*batchsize|batchsize.*labels: /s,
    );
  });
});

describe("what is held back", () => {
  const samples = Array.from({ length: 100 }, (_, i): TrainingSample<null> => {
    const speaker = i < 60 ? "one" : i < 90 ? `s${i % 10}` : null;
    return { id: `${i}`, speaker, versions: [], weight: 1, label: null };
  });

  it("are speakers with all they say, but not the one who says most", () => {
    const { training, validation } = holdBackSpeakers(samples, 0.1, 50, 1);
    expect(training.length + validation.length).toBe(100);
    expect(validation.length).toBeGreaterThan(5);
    expect(validation.length).toBeLessThanOrEqual(10);
    const held = new Set(validation.map(({ speaker }) => speaker));
    expect(held.has("one")).toBe(false);
    expect(training.filter(({ speaker }) => speaker !== null && held.has(speaker))).toEqual([]);
    expect(holdBackSpeakers(samples, 0.1, 50, 1)).toEqual({ training, validation });
  });
});

describe("what is held back of one voice", () => {
  it("are single utterances", () => {
    const samples = Array.from({ length: 50 }, (_, i): TrainingSample<null> => {
      return { id: `${i}`, speaker: "one", versions: [], weight: 1, label: null };
    });
    const { training, validation } = holdBackSpeakers(samples, 0.1, 50, 1);
    expect([training.length, validation.length]).toEqual([45, 5]);
  });
});

describe("pooling", () => {
  it("is the mean over an utterance's own steps", () => {
    expect(poolingOf([2, 4], 4)).toEqual({
      data: Float32Array.of(0.5, 0.5, 0, 0, 0.25, 0.25, 0.25, 0.25),
      shape: [2, 1, 4],
    });
  });
});
