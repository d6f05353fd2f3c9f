import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeWav } from "../../audio/encode-wav.ts";
import { createRetriever } from "../../recognise/retriever.ts";
import { readHeadDescription } from "../../retrieval/head-files.ts";
import { recipeKinds } from "../recipe-kinds.ts";
import { runRecipe } from "../run-recipe.ts";
import { TermVectors } from "../term-vectors.ts";

const encoder = fileURLToPath(new URL("../../models/audio-encoder/fixtures", import.meta.url));
const bert = fileURLToPath(new URL("../fixtures/bert", import.meta.url));
const texts = ["lora", "rope", "lora rope", "rope lora", "attention"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-paper-shape-"));
  await mkdir(join(folder, "tones"));
  const rows: string[] = [];
  for (let i = 0; i < 20; i++) {
    const samples = Float32Array.from(
      { length: 16_000 },
      (_, n) => 0.3 * Math.sin(n * (0.02 + 0.01 * (i % 5))),
    );
    await writeFile(join(folder, "tones", `${i}.wav`), encodeWav(samples, 16_000));
    const text = texts[i % texts.length]!;
    rows.push(
      JSON.stringify({ audio: `${i}.wav`, text, language: "en", speaker: `s${i}`, terms: text.split(" ") }),
    );
  }
  await writeFile(join(folder, "tones", "manifest.jsonl"), rows.join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(name: string, recipe: object) {
  const path = join(folder, "recipe.json");
  const common = {
    seed: 1,
    encoder: `./${relative(folder, encoder)}`,
    data: { sets: ["tones"], frames: "frames", validationShare: 0.25 },
    model: { stack: 2, width: 16, heads: 2, inner: 16, layers: 1, dropout: 0 },
    batchSize: 8,
    length: { steps: 2 },
    optimiser: { learningRate: 1e-3 },
    schedule: { kind: "cosine", warmUpSteps: 1 },
    validateEvery: 2,
  };
  await writeFile(path, JSON.stringify({ ...common, ...recipe }));
  const command = "glossa train recipe.json";
  return runRecipe(path, {
    kinds: recipeKinds,
    output: join(folder, name),
    command,
    threads: 1,
    resume: true,
  });
}

describe("heads over an encoder that only hears", { timeout: 120_000 }, () => {
  it("are trained with a BERT beside, as GLCLAP's paper has it", async () => {
    const { best } = await run("glclap", {
      kind: "glclap",
      text: { bert },
      dimension: 16,
      subTexts: 1,
      negatives: 1,
    });
    expect(best.validation!.loss).toBeGreaterThan(0);
    await using vectors = await TermVectors.load(join(folder, "glclap"), { threads: 1 });
    expect((await vectors.ofTerms(["LoRA", "RoPE"])).count).toBe(2);
    expect(await readHeadDescription(join(folder, "glclap"), "glclap")).toMatchObject({
      encoder,
      frameRate: 50,
    });
  });

  it("find terms, by sounds alone", async () => {
    await run("letters", { kind: "ctc-head" });
    const head = join(folder, "letters");
    await using retriever = await createRetriever({ model: encoder, head, threads: 1 });
    const terms = ["LoRA", "RoPE"].map((text) => ({ text, spokenForms: [], weight: 1 }));
    const look = (findTerms: "sounds" | "both") => {
      const options = { findTerms, voiceActivity: false } as const;
      return retriever.retrieve(join(folder, "tones", "0.wav"), terms, options).next();
    };
    const { value: stretch } = await look("sounds");
    expect(stretch!.scores.places).toBeGreaterThan(0);
    await expect(look("both")).rejects.toThrow("by sounds, not by both");
  });
});
