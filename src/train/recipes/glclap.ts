/**
 * The recipe `glclap`: recordings and texts as vectors in one space, so that the terms of a long list that are in a recording are
 * found by products of vectors, before anything is recognised.
 */
import { copyFile, writeFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { writeProgram } from "../../graph/write-program.ts";
import { CtcLabels, labelSetNames } from "../../retrieval/ctc-labels.ts";
import { glclapSystems, headFiles, writeHeadDescription } from "../../retrieval/head-files.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import { modelProgram } from "../build-model.ts";
import { fewestFrames } from "../ctc.ts";
import { BatchLoader } from "../data/batch-loader.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import { HardNegatives } from "../data/hard-negatives.ts";
import type { PreparedUtterance } from "../data/prepare-frames.ts";
import { sampleSubTexts, wordsOfText } from "../data/sub-texts.ts";
import { prepareTrainingData } from "../data/training-data.ts";
import type { Batch, MetricGatherer, OutsideLoss, Outputs } from "../model.ts";
import { commonRecipeSchema, type PreparedRecipe, type RecipeContext, type RecipeKind } from "../recipe.ts";
import { TermVectors } from "../term-vectors.ts";
import { runFiles } from "../run-folder.ts";
import type { TrainingResult } from "../training-options.ts";
import { BertEncoder, bertFiles, bertSchema } from "./bert-encoder.ts";
import { contrastInputs, type ContrastText } from "./contrast-batch.ts";
import { ctcOutsideLoss, type CtcTargets, letterHeadSchema, type LetterHeadShape } from "./ctc-head.ts";
import {
  attentionBias,
  dataSchema,
  describeData,
  holdBackSpeakers,
  loadRecipeData,
  measureNormalisation,
  type Normalisation,
  readFrames,
  stepsOf,
  type TrainingSample,
} from "./data-recipe.ts";
import { glclapModel, type GlclapShape, recordingModel, termModel } from "./glclap-model.ts";
import {
  countFound,
  Distractors,
  type FoundTerms,
  rareWordsOf,
  readWordList,
  termRecall,
  termsOf,
} from "./term-recall.ts";
import { LetterEncoder, type TextEncoder, textEncoderSchema, type WrittenText } from "./text-encoder.ts";

const recipeSchema = commonRecipeSchema
  .extend({
    kind: z.literal("glclap"),
    system: z.enum(glclapSystems).default("glclap").describe("Which contrasts are trained."),
    encoder: z.string().default("whisper-base").describe("Whose frames are read."),
    labels: z
      .enum(labelSetNames)
      .default("letters-and-pinyin")
      .describe("Symbols that texts are written in."),
    data: dataSchema,
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

/** Where in the model's `cosines` an utterance's own terms stand, and those that it does not say. */
interface TermColumns {
  readonly own: readonly number[];
  readonly distractors: readonly number[];
}

interface GlclapTargets extends CtcTargets {
  /** Of each utterance in validation; none in training. */
  readonly terms: readonly TermColumns[];
}

type Sample = TrainingSample<WrittenText>;

/** Test recordings may be longer than training ones; they are heard in several windows. */
const longestTestSeconds = 300;

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

async function prepare(recipe: GlclapRecipe, context: RecipeContext): Promise<PreparedRecipe<GlclapTargets>> {
  const { seed, model: adapter, batchSize, system, dimension } = recipe;
  const labels = new CtcLabels(recipe.labels);
  const encoder = await textEncoderOf(recipe, labels, context);
  const loaded = await loadRecipeData(recipe.data, recipe.encoder, seed, context);
  const { cache } = loaded.data;
  try {
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
    const batcher = new Batcher(encoder, adapter, cache, recipe.ctc > 0 ? labels : null);
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
      training: new BatchLoader<Sample, GlclapTargets>({
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
        finish(result, { recipe, shape, encoder, normalisation, distractors, cache, context }),
      [Symbol.asyncDispose]: () => loaded.data[Symbol.asyncDispose](),
    };
  } catch (error) {
    await loaded.data[Symbol.asyncDispose]();
    throw error;
  }
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

/** A text as the encoder reads it, or nothing. */
function readable(encoder: TextEncoder, term: string): WrittenText[] {
  const found = encoder.write(term);
  return "problem" in found ? [] : [found];
}

/** Draws what an utterance is held against. */
class ContrastDrawer {
  readonly #encoder: TextEncoder;
  readonly #recipe: GlclapRecipe;
  readonly #neighbours: HardNegatives | null = null;

  constructor(samples: readonly Sample[], encoder: TextEncoder, recipe: GlclapRecipe) {
    this.#encoder = encoder;
    this.#recipe = recipe;
    if (recipe.negatives === 0 || recipe.system === "clap") return;
    const words = samples.flatMap(({ label }) => wordsOfText(label.text.toLowerCase()));
    this.#neighbours = new HardNegatives(words.map(({ text }) => text).filter(({ length }) => length > 1));
  }

  draw({ label: whole }: Sample, random: () => number): { text: ContrastText; negatives: WrittenText[] } {
    // CLAP's loss knows whole texts only.
    if (this.#recipe.system === "clap") return { text: { whole, parts: [whole] }, negatives: [] };
    const parts = sampleSubTexts(whole.text, this.#recipe.subTexts, random).flatMap(({ text }) =>
      readable(this.#encoder, text.toLowerCase()),
    );
    const { negatives } = this.#recipe;
    return {
      text: { whole, parts: parts.length > 0 ? parts : [whole] },
      negatives: parts.flatMap(({ text }) =>
        (this.#neighbours?.draw(text, whole.text, negatives, random) ?? []).flatMap((near) =>
          readable(this.#encoder, near),
        ),
      ),
    };
  }
}

interface Item {
  readonly id: string;
  readonly version: PreparedUtterance;
  readonly text: ContrastText;
  /** In validation: the terms that it is asked for. */
  readonly terms?: readonly WrittenText[];
  readonly distractors?: readonly string[];
}

class Batcher {
  readonly #encoder: TextEncoder;
  readonly #shape: LetterHeadShape;
  readonly #cache: FrameCache;
  readonly #labels: CtcLabels | null;

  /** @param labels of the letter head beside the vectors; null for none */
  constructor(encoder: TextEncoder, shape: LetterHeadShape, cache: FrameCache, labels: CtcLabels | null) {
    this.#encoder = encoder;
    this.#shape = shape;
    this.#cache = cache;
    this.#labels = labels;
  }

  async make(items: readonly Item[], others: readonly WrittenText[]): Promise<Batch<GlclapTargets>> {
    const { frames, stepCounts } = await readFrames(
      items.map(({ version }) => version),
      this.#shape.stack,
      this.#cache,
    );
    const { inputs, columns } = contrastInputs(
      this.#encoder,
      items.map(({ text }) => text),
      others,
    );
    const columnsOf = (terms: readonly WrittenText[]) => [
      ...new Set(terms.map(({ key }) => columns.get(key)!)),
    ];
    return {
      names: items.map(({ id }) => id),
      inputs: { frames, bias: attentionBias(stepCounts, frames.shape[1]!), ...inputs },
      targets: {
        labels: items.map(({ text }) => (this.#labels ? lettersOf(text.whole.text, this.#labels) : [])),
        placeCounts: stepCounts.map((steps) => steps * this.#shape.outputs),
        terms: items.flatMap(({ terms, distractors }) => {
          if (!terms || !distractors) return [];
          const own = columnsOf(terms);
          const others = columnsOf(distractors.flatMap((term) => readable(this.#encoder, term)));
          return [{ own, distractors: others.filter((column) => !own.includes(column)) }];
        }),
      },
    };
  }
}

/** Utterances whose text can be written; with a letter head, in versions that have room for it. Others are told. */
function written(
  samples: readonly TrainingSample<null>[],
  encoder: TextEncoder,
  { ctc, labels: labelSet, model: { stack, outputs } }: GlclapRecipe,
  context: RecipeContext,
): Sample[] {
  const result: Sample[] = [];
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

/** @throws RangeError for a text that `written` would have left out */
function lettersOf(text: string, labels: CtcLabels): readonly number[] {
  const encoded = labels.encode(text);
  if ("problem" in encoded)
    throw new RangeError(`"${text}" cannot be written in letters: ${encoded.problem}`);
  return encoded.labels;
}

async function chooseDistractors(
  training: readonly Sample[],
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

interface Finish {
  readonly recipe: GlclapRecipe;
  readonly shape: GlclapShape;
  readonly encoder: TextEncoder;
  readonly normalisation: Normalisation;
  readonly distractors: Distractors;
  readonly cache: FrameCache;
  readonly context: RecipeContext;
}

/** Writes both branches for use, and measures them on the test sets. */
async function finish({ folder }: TrainingResult, parts: Finish): Promise<unknown> {
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
    stack: recipe.model.stack,
    system: recipe.system,
    labels: recipe.labels,
    ...pieces,
    dimension: recipe.dimension,
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
  { recipe, distractors, context }: Finish,
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
    const { frames } = await readFrames([utterance], recipe.model.stack, data.cache);
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
