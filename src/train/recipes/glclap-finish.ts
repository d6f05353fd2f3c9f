/** A finished run of the recipe `glclap`: both branches written for use, and measured on test sets. */
import { copyFile, writeFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { writeProgram } from "../../graph/write-program.ts";
import type { CtcLabels } from "../../retrieval/ctc-labels.ts";
import { headFiles, writeHeadDescription } from "../../retrieval/head-files.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import { modelProgram } from "../build-model.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import { prepareTrainingData } from "../data/training-data.ts";
import type { RecipeContext } from "../recipe.ts";
import { runFiles } from "../run-folder.ts";
import { TermVectors } from "../term-vectors.ts";
import type { TrainingResult } from "../training-options.ts";
import { BertEncoder, bertFiles } from "./bert-encoder.ts";
import { type DataRecipe, type Normalisation, readFrames } from "./data-recipe.ts";
import { type GlclapShape, recordingModel, termModel } from "./glclap-model.ts";
import { countFound, type Distractors, type FoundTerms, termRecall, termsOf } from "./term-recall.ts";
import type { TextEncoder } from "./text-encoder.ts";

/** Test recordings may be longer than training ones; they are heard in several windows. */
const longestTestSeconds = 300;

interface FinishedRecipe {
  readonly encoder: string;
  readonly labels: CtcLabels["name"];
  readonly data: DataRecipe;
  readonly listSize: number;
  readonly tests: readonly string[];
}

interface Finish {
  readonly recipe: FinishedRecipe;
  readonly shape: GlclapShape;
  readonly encoder: TextEncoder;
  readonly normalisation: Normalisation;
  readonly distractors: Distractors;
  readonly cache: FrameCache;
  readonly context: RecipeContext;
}

/** Writes both branches for use, and measures them on the test sets. */
export async function finishGlclap({ folder }: TrainingResult, parts: Finish): Promise<unknown> {
  const { recipe, shape, encoder, normalisation, cache, context } = parts;
  {
    using values = openSafetensors(join(folder, runFiles.model));
    const recordings = modelProgram(recordingModel(shape, normalisation), values);
    await writeFile(join(folder, headFiles.graph), writeProgram(recordings));
    await writeFile(join(folder, headFiles.terms), writeProgram(modelProgram(termModel(encoder), values)));
  }
  const pieces = encoder instanceof BertEncoder ? { mostPieces: encoder.mostPieces } : {};
  if (encoder instanceof BertEncoder) {
    await copyFile(join(encoder.folder, bertFiles.tokenizer), join(folder, headFiles.tokenizer));
  }
  await writeHeadDescription(folder, {
    kind: "glclap",
    encoder: recipe.encoder,
    fingerprint: cache.description.fingerprint,
    frameRate: cache.description.frameRate,
    stack: shape.adapter.stack,
    system: shape.system,
    labels: recipe.labels,
    ...pieces,
    dimension: shape.dimension,
  });
  await using vectors = await TermVectors.load(folder, { device: context.device, threads: context.threads });
  const tests: Record<string, unknown> = {};
  for (const path of recipe.tests) {
    const [name, numbers] = await measure(path, vectors, parts);
    tests[name] = numbers;
  }
  return { tests };
}

/** How well the terms of a test set are found among distractors. */
async function measure(
  path: string,
  vectors: TermVectors,
  { recipe, shape, distractors, context }: Finish,
): Promise<[string, unknown]> {
  const { device, threads, cacheFolder, offline, signal } = context;
  await using data = await prepareTrainingData({
    sets: [isAbsolute(path) ? path : resolve(context.folder, path)],
    model: recipe.encoder,
    maximumSeconds: longestTestSeconds,
    framesFolder: recipe.data.frames && resolve(context.folder, recipe.data.frames),
    device,
    threads,
    cacheFolder,
    offline,
    signal,
    onProgress: ({ done, total }) => context.onProgress(`computing frames of ${path}`, done / total),
  });
  for (const { message } of data.problems) context.onWarning(`not measured: ${message}`);
  const pool = distractors.all;
  const places = new Map(pool.map((term, place) => [term, place]));
  const poolVectors = await vectors.ofTerms(pool, signal);
  const found: FoundTerms[] = [];
  let withoutTerms = 0;
  for (const [number, utterance] of data.utterances.entries()) {
    signal?.throwIfAborted();
    context.onProgress(`looking for the terms of ${path}`, number / data.utterances.length);
    const own = termsOf({ terms: utterance.terms, text: "" }).filter((term) => {
      const problem = vectors.problemWith(term);
      if (problem !== null) context.onWarning(`not measured: ${utterance.id}: "${term}": ${problem}`);
      return problem === null;
    });
    if (own.length === 0) {
      withoutTerms++;
      continue;
    }
    const { frames } = await readFrames([utterance], shape.adapter.stack, data.cache);
    const heard = await vectors.ofFrames(frames);
    const ownScores = vectors.score(heard, await vectors.ofTerms(own, signal));
    const poolScores = vectors.score(heard, poolVectors);
    const others = distractors.of(utterance).filter((term) => !own.includes(term));
    found.push(
      countFound(
        [...ownScores],
        others.map((term) => poolScores[places.get(term)!]!),
      ),
    );
  }
  return [
    data.sets.join(", "),
    {
      ...termRecall(found),
      terms: found.reduce((sum, { terms }) => sum + terms, 0),
      utterances: found.length,
      listSize: recipe.listSize,
      withoutTerms,
      leftOut: data.problems.length,
    },
  ];
}
