/**
 * What recipes over a recogniser's frames begin and end with: the fields that all of them have, their data at hand while they run,
 * batches of samples in one of their versions, and the files of the finished head.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { writeProgram } from "../../graph/write-program.ts";
import { type HeadDescription, headFiles, writeHeadDescription } from "../../retrieval/head-files.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import { modelProgram } from "../build-model.ts";
import { BatchLoader } from "../data/batch-loader.ts";
import type { PreparedUtterance } from "../data/prepare-frames.ts";
import type { Batch, TrainableModel } from "../model.ts";
import { commonRecipeSchema, type PreparedRecipe, type RecipeContext } from "../recipe.ts";
import { runFiles } from "../run-folder.ts";
import { dataSchema, type LoadedData, loadRecipeData, type TrainingSample } from "./data-recipe.ts";

export const frameRecipeSchema = commonRecipeSchema.extend({
  encoder: z
    .string()
    .default("whisper-base")
    .describe("Whose frames are read: a model's name, or a folder, from the recipe's."),
  data: dataSchema,
  batchSize: z.number().int().min(1).max(4096).default(64),
});
type FrameRecipe = z.infer<typeof frameRecipeSchema>;

/** The recipe with its encoder's folder, if it is one, as an absolute path; any `/` makes it one. */
export function withLocatedEncoder<Recipe extends FrameRecipe>(recipe: Recipe, folder: string): Recipe {
  return /[\\/]/.test(recipe.encoder) ? { ...recipe, encoder: resolve(folder, recipe.encoder) } : recipe;
}

/**
 * Prepares a recipe over its data, which stay open as long as the run.
 *
 * @throws GlossaError as `prepareTrainingData` and `prepare`
 */
export async function withRecipeData<Targets>(
  { data, encoder, seed }: FrameRecipe,
  context: RecipeContext,
  prepare: (loaded: LoadedData) => Promise<PreparedRecipe<Targets>>,
): Promise<PreparedRecipe<Targets>> {
  const loaded = await loadRecipeData(data, encoder, seed, context);
  const dispose = () => loaded.data[Symbol.asyncDispose]();
  try {
    return { ...(await prepare(loaded)), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A sample in one of its versions. */
export interface ChosenVersion<Label> {
  readonly sample: Pick<TrainingSample<Label>, "id" | "label">;
  readonly version: PreparedUtterance;
}

/** @param random while training; none where batches are measured */
export type BatchMaker<Label, Targets> = (
  chosen: readonly ChosenVersion<Label>[],
  random?: () => number,
) => Promise<Batch<Targets>>;

/** Batches of samples of like lengths, each in a version that is drawn anew in every epoch. */
export function trainingBatches<Label, Targets>(
  samples: readonly TrainingSample<Label>[],
  { batchSize, seed }: Pick<FrameRecipe, "batchSize" | "seed">,
  batchOf: BatchMaker<Label, Targets>,
): BatchLoader<TrainingSample<Label>, Targets> {
  return new BatchLoader({
    samples,
    lengthOf: ({ versions }) => versions[0]!.frames.frames,
    weightOf: ({ weight }) => weight,
    batchSize,
    seed,
    prepare: (batch, { random }) =>
      batchOf(
        batch.map((sample) => {
          const { versions } = sample;
          return { sample, version: versions[Math.floor(random() * versions.length)]! };
        }),
        random,
      ),
  });
}

/** The recordings themselves, the short ones first. */
export async function* validationBatches<Label, Targets>(
  samples: readonly TrainingSample<Label>[],
  batchSize: number,
  batchOf: BatchMaker<Label, Targets>,
): AsyncGenerator<Batch<Targets>> {
  const order = samples.map((sample) => ({ sample, version: sample.versions[0]! }));
  order.sort((a, b) => a.version.frames.frames - b.version.frames.frames);
  for (let at = 0; at < order.length; at += batchSize) yield batchOf(order.slice(at, at + batchSize));
}

/**
 * Writes the best parameters of a run as a model for use.
 *
 * @param options as `modelProgram` takes them
 * @returns the graph
 */
export async function writeHead(
  folder: string,
  model: TrainableModel,
  description: HeadDescription,
  options: Parameters<typeof modelProgram>[2] = {},
): Promise<Uint8Array> {
  using values = openSafetensors(join(folder, runFiles.model));
  const graph = writeProgram(modelProgram(model, values, options));
  await writeFile(join(folder, headFiles.graph), graph);
  await writeHeadDescription(folder, description);
  return graph;
}
