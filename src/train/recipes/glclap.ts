/**
 * The recipe `glclap`: recordings and texts as vectors in one space, so that the terms of a long list that are in a recording are
 * found by products of vectors, before anything is recognised.
 */
import { resolve } from "node:path";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { CtcLabels, labelSetNames } from "../../retrieval/ctc-labels.ts";
import { glclapSystems } from "../../retrieval/head-files.ts";
import { fewestFrames } from "../ctc.ts";
import { BatchLoader } from "../data/batch-loader.ts";
import type { Batch, MetricGatherer, OutsideLoss, Outputs } from "../model.ts";
import type { PreparedRecipe, RecipeContext, RecipeKind } from "../recipe.ts";
import { BertEncoder, bertSchema } from "./bert-encoder.ts";
import { ctcOutsideLoss, type CtcTargets, letterHeadSchema } from "./ctc-head.ts";
import {
  describeData,
  holdBackSpeakers,
  measureNormalisation,
  stepsOf,
  type TrainingSample,
} from "./data-recipe.ts";
import { frameRecipeSchema, withLocatedEncoder, withRecipeData } from "./frame-recipe.ts";
import {
  ContrastDrawer,
  GlclapBatcher,
  type GlclapSample,
  type GlclapTargets,
  readable,
} from "./glclap-batches.ts";
import { finishGlclap } from "./glclap-finish.ts";
import { glclapModel, type GlclapShape } from "./glclap-model.ts";
import {
  countFound,
  Distractors,
  type FoundTerms,
  rareWordsOf,
  readWordList,
  termRecall,
  termsOf,
} from "./term-recall.ts";
import { LetterEncoder, type TextEncoder, textEncoderSchema } from "./text-encoder.ts";

const recipeSchema = frameRecipeSchema
  .extend({
    kind: z.literal("glclap"),
    system: z.enum(glclapSystems).default("glclap").describe("Which contrasts are trained."),
    labels: z
      .enum(labelSetNames)
      .default("letters-and-pinyin")
      .describe("Symbols that texts are written in."),
    model: letterHeadSchema.prefault({}).describe("The adapter over the frames."),
    text: z
      .union([textEncoderSchema, bertSchema])
      .prefault({})
      .describe("What reads texts: a transformer over letters from scratch, or a BERT."),
    dimension: z.number().int().min(8).max(2048).default(256).describe("Numbers in a vector."),
    subTexts: z.number().int().min(1).max(16).default(3).describe("Parts of a text that are drawn."),
    negatives: z
      .number()
      .int()
      .min(0)
      .max(64)
      .default(4)
      .describe("Near neighbours of each part that nobody says."),
    ctc: z.number().min(0).default(0).describe("Weight of a letter head's loss on the same adapter."),
    batchSize: z.number().int().min(2).max(4096).default(64),
    distractors: z
      .array(z.string())
      .default([])
      .describe("Word lists that distractors are drawn from; relative to the recipe."),
    listSize: z.number().int().min(1).max(100_000).default(1000).describe("Distractors of an utterance."),
    tests: z
      .array(z.string())
      .default([])
      .describe("Data sets with terms that the finished model is measured on; relative to the recipe."),
  })
  .strict();
type GlclapRecipe = z.infer<typeof recipeSchema>;

/** Found terms over the batches of a validation. */
class TermGatherer implements MetricGatherer<GlclapTargets> {
  readonly #found: FoundTerms[] = [];

  add({ cosines }: Outputs, { targets }: Batch<GlclapTargets>): void {
    const [, columns] = cosines!.shape as [number, number];
    for (const [i, { own, distractors }] of targets.terms.entries()) {
      const scores = (of: readonly number[]) => of.map((column) => cosines!.data[i * columns + column]!);
      if (own.length > 0) this.#found.push(countFound(scores(own), scores(distractors)));
    }
  }

  values() {
    const { topOneRecall, recallAtTruePlusFive } = termRecall(this.#found);
    return {
      topOneRecall: topOneRecall?.value ?? NaN,
      recallAtTruePlusFive: recallAtTruePlusFive?.value ?? NaN,
    };
  }
}

export const glclapRecipe: RecipeKind<GlclapRecipe> = { kind: "glclap", schema: recipeSchema, prepare };

async function prepare(given: GlclapRecipe, context: RecipeContext): Promise<PreparedRecipe<GlclapTargets>> {
  const recipe = withLocatedEncoder(given, context.folder);
  const { seed, model: adapter, batchSize, system, dimension } = recipe;
  const labels = new CtcLabels(recipe.labels);
  const encoder = await textEncoderOf(recipe, labels, context);
  return withRecipeData(recipe, context, async (loaded) => {
    const { cache } = loaded.data;
    const samples = written(loaded.samples, encoder, recipe, context);
    const { validationShare, mostValidation } = recipe.data;
    const { training, validation } = holdBackSpeakers(samples, validationShare, mostValidation, seed);
    const distractors = await chooseDistractors(training, encoder, recipe, context);
    const normalisation = await measureNormalisation(training, cache, seed, context.signal);
    const shape: GlclapShape = {
      system,
      adapter,
      dimension,
      labels: recipe.ctc > 0 ? labels.count : null,
    };
    const drawer = new ContrastDrawer(training, encoder, recipe);
    const batcher = new GlclapBatcher(encoder, adapter, cache, recipe.ctc > 0 ? labels : null);
    const judged = validation.map((sample) => ({
      sample,
      terms: termsOf(sample.versions[0]!).flatMap((term) => readable(encoder, term)),
    }));
    if (judged.every(({ terms }) => terms.length === 0)) {
      throw new GlossaError(
        "invalid-argument",
        "data: no utterance that is held back has a rare word or a term in its row, so nothing can be looked for in them",
      );
    }
    return {
      model: glclapModel(shape, encoder, normalisation),
      loss: recipe.ctc > 0 ? weighted(ctcOutsideLoss, recipe.ctc) : undefined,
      training: new BatchLoader<GlclapSample, GlclapTargets>({
        samples: training,
        lengthOf: ({ versions }) => versions[0]!.frames.frames,
        weightOf: ({ weight }) => weight,
        batchSize,
        seed,
        prepare: (batch, { random }) => {
          const drawn = batch.map((sample) => ({
            id: sample.id,
            version: sample.versions[Math.floor(random() * sample.versions.length)]!,
            ...drawer.draw(sample, random),
          }));
          return batcher.make(
            drawn,
            drawn.flatMap(({ negatives }) => negatives),
          );
        },
      }),
      validation: {
        async *batches() {
          const others = distractors.all.flatMap((term) => readable(encoder, term));
          const order = [...judged].sort(
            (a, b) => a.sample.versions[0]!.frames.frames - b.sample.versions[0]!.frames.frames,
          );
          for (let at = 0; at < order.length; at += batchSize) {
            const items = order.slice(at, at + batchSize).map(({ sample, terms }) => {
              const version = sample.versions[0]!;
              const whole = sample.label;
              return {
                id: sample.id,
                version,
                text: { whole, parts: terms.length > 0 ? terms : [whole] },
                terms,
                distractors: distractors.of(version),
              };
            });
            yield await batcher.make(items, others);
          }
        },
        metrics: () => new TermGatherer(),
        watch: { name: "topOneRecall", better: "higher" },
      },
      data: {
        sets: describeData(loaded),
        training: training.length,
        validation: validation.length,
        validationTerms: judged.reduce((sum, { terms }) => sum + terms.length, 0),
        distractors: distractors.all.length,
      },
      finish: (result) =>
        finishGlclap(result, { recipe, shape, encoder, normalisation, distractors, cache, context }),
    };
  });
}

function textEncoderOf(
  { text, dimension }: GlclapRecipe,
  labels: CtcLabels,
  { folder }: RecipeContext,
): Promise<TextEncoder> | TextEncoder {
  if (!("bert" in text)) return new LetterEncoder(labels, text, dimension);
  const { bert, ...options } = text;
  return BertEncoder.load(resolve(folder, bert), { ...options, dimension });
}

/** Utterances whose text can be written; with a letter head, in versions that have room for it. Others are told. */
function written(
  samples: readonly TrainingSample<null>[],
  encoder: TextEncoder,
  { ctc, labels: labelSet, model: { stack, outputs } }: GlclapRecipe,
  context: RecipeContext,
): GlclapSample[] {
  const result: GlclapSample[] = [];
  const labels = new CtcLabels(labelSet);
  for (const sample of samples) {
    const { text } = sample.versions[0]!;
    const label = encoder.write(text);
    const letters = ctc > 0 ? labels.encode(text) : { labels: [] };
    if ("problem" in label || "problem" in letters) {
      const problem = "problem" in label ? label.problem : (letters as { problem: string }).problem;
      context.onWarning(`left out: ${sample.id}: ${problem}`);
      continue;
    }
    const needed = Math.max(1, fewestFrames(letters.labels));
    const versions = sample.versions.filter(
      ({ frames }) => stepsOf(frames.frames, stack) * outputs >= needed,
    );
    if (versions.length === 0) {
      context.onWarning(
        `left out: ${sample.id}: its text needs ${needed} places for letters, its audio has fewer`,
      );
      continue;
    }
    result.push({ ...sample, versions, label });
  }
  if (result.length === 0) {
    throw new GlossaError("invalid-argument", "data: no text can be written in the labels of the recipe");
  }
  return result;
}

async function chooseDistractors(
  training: readonly GlclapSample[],
  encoder: TextEncoder,
  { distractors, listSize, seed }: GlclapRecipe,
  { folder }: RecipeContext,
): Promise<Distractors> {
  const lists = await Promise.all(distractors.map((path) => readWordList(resolve(folder, path))));
  const pool = lists.length > 0 ? lists.flat() : training.flatMap(({ label }) => rareWordsOf(label.text));
  const chosen = new Distractors(
    pool,
    listSize,
    seedOf(seed, "distractors"),
    (term) => readable(encoder, term).length > 0,
  );
  if (chosen.all.length === 0) {
    throw new GlossaError(
      "invalid-argument",
      lists.length > 0
        ? `distractors: ${distractors.join(", ")}: there is no word in it that can be written in the labels of the recipe`
        : "data: there are no rare words to draw distractors from; name word lists in `distractors`",
    );
  }
  return chosen;
}

function weighted(loss: OutsideLoss<CtcTargets>, weight: number): OutsideLoss<GlclapTargets> {
  return async (outputs, batch) => {
    const { loss: value, gradients } = await loss(outputs, batch);
    return {
      loss: weight * value,
      gradients: Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [name, gradient.map((x) => weight * x)]),
      ),
    };
  };
}
