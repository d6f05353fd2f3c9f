/**
 * The recipe `ctc-head`: a small transformer over a recogniser's frozen frames that spells what is said, trained with CTC. It tells
 * where words are (`glossa align`), and is the ground that GLCLAP is trained on.
 */
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { alignTokens } from "../../eval/align.ts";
import { reshape } from "../../graph/operators.ts";
import type { Value } from "../../graph/program.ts";
import { createSession, tensorFactory } from "../../runtime/session.ts";
import { ctcGreedy, ctcLoss, fewestFrames } from "../ctc.ts";
import { CtcLabels, labelSetNames } from "../../retrieval/ctc-labels.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import { prepareTrainingData } from "../data/training-data.ts";
import type { Batch, MetricGatherer, ModelBuilder, OutsideLoss, Outputs, TrainableModel } from "../model.ts";
import type { PreparedRecipe, RecipeContext, RecipeKind } from "../recipe.ts";
import type { TrainingResult } from "../training-options.ts";
import {
  attentionBias,
  describeData,
  type FramesBatch,
  holdBackSpeakers,
  measureNormalisation,
  type Normalisation,
  readFrames,
  stepsOf,
  type TrainingSample,
} from "./data-recipe.ts";
import { encoderSchema, frameEncoder, linear } from "./frame-layers.ts";
import {
  type BatchMaker,
  type ChosenVersion,
  frameRecipeSchema,
  trainingBatches,
  validationBatches,
  withLocatedEncoder,
  withRecipeData,
  writeHead,
} from "./frame-recipe.ts";
import { maskFrames, masksSchema } from "./mask-frames.ts";

/** Layers over frames that letters are read from. */
export const letterHeadSchema = encoderSchema.extend({
  outputs: z
    .number()
    .int()
    .min(1)
    .max(8)
    .default(2)
    .describe("Places for labels that each step gives: fast speech has more letters than steps."),
});
export type LetterHeadShape = z.infer<typeof letterHeadSchema>;

const recipeSchema = frameRecipeSchema
  .extend({
    kind: z.literal("ctc-head"),
    labels: z.enum(labelSetNames).default("letters"),
    model: letterHeadSchema.prefault({}),
    masks: masksSchema.optional().describe("Stretches of frames that are hidden while training."),
    tests: z
      .array(z.string())
      .default([])
      .describe("Data sets that the finished model is measured on; relative to the recipe."),
  })
  .strict();
type CtcHeadRecipe = z.infer<typeof recipeSchema>;

/** What a batch is compared with. */
export interface CtcTargets {
  readonly labels: readonly (readonly number[])[];
  /** Places for labels that each utterance has. */
  readonly placeCounts: readonly number[];
}

type Sample = TrainingSample<readonly number[]>;

/** Test recordings may be longer than training ones; they are heard in several windows. */
const longestTestSeconds = 300;
const testBatchSize = 8;

/** @param normalisation of frames; with zeros of the right length when the values come from a file */
export function ctcHeadModel(
  shape: LetterHeadShape,
  labels: number,
  normalisation: Normalisation,
): TrainableModel {
  return {
    name: "ctc-head",
    build(builder) {
      const inputs = shape.stack * normalisation.mean.length;
      const frames = builder.input("frames", "float32", ["batch", "steps", inputs]);
      const bias = builder.input("bias", "float32", ["batch", 1, 1, "steps"]);
      const heard = frameEncoder(builder, frames, bias, shape, normalisation);
      return { outputs: { logits: letterLogits(builder, heard, shape, labels) } };
    },
  };
}

/** Scores of labels over what `frameEncoder` gives: `[batch, steps · outputs, labels]`. */
export function letterLogits(
  builder: ModelBuilder,
  heard: Value,
  { width, outputs }: LetterHeadShape,
  labels: number,
): Value {
  const logits = linear(builder, "labels", heard, width, outputs * labels);
  return reshape(logits, ["batch", "places", labels]);
}

/** Mean loss a label, so that long utterances do not drown short ones and the learning rate means the same for any data. */
export const ctcOutsideLoss: OutsideLoss<CtcTargets> = ({ logits }, { targets }) => {
  const [, places, labels] = logits!.shape as [number, number, number];
  const total = targets.labels.reduce((sum, { length }) => sum + length, 0);
  const { losses, gradient } = ctcLoss(
    {
      logits: logits!.data,
      labels,
      frames: places,
      frameCounts: targets.placeCounts,
      targets: targets.labels,
    },
    new Float64Array(targets.labels.length).fill(1 / total),
  );
  return { loss: losses.reduce((sum, loss) => sum + loss, 0) / total, gradients: { logits: gradient } };
};

/** Errors of greedy decoding over all labels. */
export class LabelErrors implements MetricGatherer<CtcTargets> {
  errors = 0;
  total = 0;

  add({ logits }: Outputs, { targets }: Batch<CtcTargets>): void {
    const [, places, labels] = logits!.shape as [number, number, number];
    for (const [i, target] of targets.labels.entries()) {
      const said = ctcGreedy(logits!.data, targets.placeCounts[i]!, labels, i * places * labels);
      const alignment = alignTokens(target.map(String), said.map(String));
      this.errors += alignment.filter(({ kind }) => kind !== "match").length;
      this.total += target.length;
    }
  }

  values() {
    return { characterErrorRate: this.total === 0 ? 0 : this.errors / this.total };
  }
}

export const ctcHeadRecipe: RecipeKind<CtcHeadRecipe> = { kind: "ctc-head", schema: recipeSchema, prepare };

function prepare(given: CtcHeadRecipe, context: RecipeContext): Promise<PreparedRecipe<CtcTargets>> {
  const recipe = withLocatedEncoder(given, context.folder);
  const { seed, model: shape, batchSize } = recipe;
  return withRecipeData(recipe, context, async (loaded) => {
    const { cache } = loaded.data;
    const labels = new CtcLabels(recipe.labels);
    const samples = labelled(loaded.samples, labels, shape, context);
    const { validationShare, mostValidation } = recipe.data;
    const { training, validation } = holdBackSpeakers(samples, validationShare, mostValidation, seed);
    const normalisation = await measureNormalisation(training, cache, seed, context.signal);
    const model = ctcHeadModel(shape, labels.count, normalisation);
    const { masks } = recipe;
    const batchOf: BatchMaker<readonly number[], CtcTargets> = (chosen, random) =>
      makeBatch(chosen, shape, cache, (batch) => {
        if (masks && random)
          maskFrames(batch, masks, normalisation.mean, cache.description.frameRate, random);
      });
    return {
      model,
      loss: ctcOutsideLoss,
      training: trainingBatches(training, recipe, batchOf),
      validation: {
        batches: () => validationBatches(validation, batchSize, batchOf),
        metrics: () => new LabelErrors(),
        watch: { name: "characterErrorRate", better: "lower" },
      },
      data: {
        sets: describeData(loaded),
        training: training.length,
        validation: validation.length,
        labels: labels.symbols.length,
      },
      finish: (result) => finish(result, recipe, model, labels, cache, context),
    };
  });
}

async function makeBatch(
  chosen: readonly ChosenVersion<readonly number[]>[],
  { stack, outputs }: CtcHeadRecipe["model"],
  cache: FrameCache,
  change?: (batch: FramesBatch) => void,
): Promise<Batch<CtcTargets>> {
  const batch = await readFrames(
    chosen.map(({ version }) => version),
    stack,
    cache,
  );
  change?.(batch);
  const { frames, stepCounts } = batch;
  const labels = chosen.map(({ sample }) => sample.label);
  return {
    names: chosen.map(({ sample }) => sample.id),
    inputs: { frames, bias: attentionBias(stepCounts, frames.shape[1]!) },
    targets: { labels, placeCounts: stepCounts.map((steps) => outputs * steps) },
    weight: labels.reduce((sum, { length }) => sum + length, 0),
  };
}

/** Utterances whose text can be written in labels, in versions that have room for them; others are told. */
function labelled(
  samples: readonly TrainingSample<null>[],
  labels: CtcLabels,
  { stack, outputs }: CtcHeadRecipe["model"],
  context: RecipeContext,
): Sample[] {
  const result: Sample[] = [];
  for (const sample of samples) {
    const encoded = labels.encode(sample.versions[0]!.text);
    if ("problem" in encoded) {
      context.onWarning(`left out: ${sample.id}: ${encoded.problem}`);
      continue;
    }
    const needed = fewestFrames(encoded.labels);
    const versions = sample.versions.filter(
      ({ frames }) => outputs * stepsOf(frames.frames, stack) >= needed,
    );
    if (versions.length === 0) {
      context.onWarning(`left out: ${sample.id}: its text needs ${needed} places, its audio has fewer`);
      continue;
    }
    result.push({ ...sample, versions, label: encoded.labels });
  }
  if (result.length === 0) {
    throw new GlossaError("invalid-argument", "data: no text can be written in the labels of the recipe");
  }
  return result;
}

/** Writes the model for use, and measures it on the test sets. */
async function finish(
  result: TrainingResult,
  recipe: CtcHeadRecipe,
  model: TrainableModel,
  labels: CtcLabels,
  cache: FrameCache,
  context: RecipeContext,
): Promise<unknown> {
  const { fingerprint, frameRate } = cache.description;
  const description = {
    kind: "ctc-head",
    encoder: recipe.encoder,
    fingerprint,
    frameRate,
    stack: recipe.model.stack,
    outputs: recipe.model.outputs,
    labels: labels.name,
  } as const;
  const graph = await writeHead(result.folder, model, description, { inBytes: true });
  await using session = await createSession(graph, { device: context.device, threads: context.threads });
  const tensors = await tensorFactory();
  const tests: Record<string, unknown> = {};
  for (const path of recipe.tests) {
    const source = isAbsolute(path) ? path : resolve(context.folder, path);
    await using data = await prepareTrainingData({
      sets: [source],
      model: recipe.encoder,
      maximumSeconds: longestTestSeconds,
      framesFolder: recipe.data.frames && resolve(context.folder, recipe.data.frames),
      device: context.device,
      threads: context.threads,
      cacheFolder: context.cacheFolder,
      offline: context.offline,
      signal: context.signal,
      onProgress: ({ done, total }) => context.onProgress(`computing frames of ${path}`, done / total),
    });
    for (const { message } of data.problems) context.onWarning(`not measured: ${message}`);
    const errors = new LabelErrors();
    const versions = data.utterances.flatMap((version): ChosenVersion<readonly number[]>[] => {
      const encoded = labels.encode(version.text);
      if ("problem" in encoded) context.onWarning(`not measured: ${version.id}: ${encoded.problem}`);
      return "problem" in encoded ? [] : [{ sample: { id: version.id, label: encoded.labels }, version }];
    });
    versions.sort((a, b) => a.version.frames.frames - b.version.frames.frames);
    for (let at = 0; at < versions.length; at += testBatchSize) {
      context.signal?.throwIfAborted();
      const batch = await makeBatch(versions.slice(at, at + testBatchSize), recipe.model, data.cache);
      const { logits } = await session.run(
        Object.fromEntries(
          Object.entries(batch.inputs).map(([name, { data: values, shape }]) => [
            name,
            tensors.float32(values as Float32Array, shape),
          ]),
        ),
      );
      errors.add({ logits: { data: logits!.data as Float32Array, shape: logits!.dims } }, batch);
    }
    tests[data.sets.join(", ")] = {
      ...errors.values(),
      characters: errors.total,
      utterances: versions.length,
      leftOut: data.problems.length + data.utterances.length - versions.length,
    };
  }
  return { tests };
}
