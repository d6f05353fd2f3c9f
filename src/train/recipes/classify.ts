/**
 * The recipe `classify`: tells recordings apart by a pooled head over a recogniser's frozen frames, trained with cross-entropy: who
 * speaks, which language, or which set a recording is like.
 */
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { crossEntropy } from "../../graph/losses.ts";
import { gelu, matmul, reshape } from "../../graph/operators.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import type { Batch, MetricGatherer, Outputs, TrainableModel } from "../model.ts";
import type { PreparedRecipe, RecipeContext, RecipeKind } from "../recipe.ts";
import type { TrainingResult } from "../training-options.ts";
import {
  describeData,
  holdBackOfEachClass,
  measureNormalisation,
  type Normalisation,
  readFrames,
  type TrainingSample,
} from "./data-recipe.ts";
import { linear, normaliseFrames } from "./frame-layers.ts";
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

export const classTargets = ["speaker", "language", "set"] as const;

const recipeSchema = frameRecipeSchema
  .extend({
    kind: z.literal("classify"),
    target: z.enum(classTargets).describe("What recordings are told apart by."),
    leastUtterances: z
      .number()
      .int()
      .min(2)
      .default(10)
      .describe("Classes with fewer utterances are left out."),
    width: z.number().int().min(1).max(4096).default(192),
    dropout: z.number().min(0).max(0.9).default(0.2),
  })
  .strict();
type ClassifyRecipe = z.infer<typeof recipeSchema>;

/** Numbers of the classes. */
type ClassifyTargets = readonly number[];
type Sample = TrainingSample<number>;

export interface ClassifierShape {
  readonly width: number;
  readonly dropout: number;
  readonly classes: number;
}

/**
 * Every frame goes through a layer, the mean over an utterance's frames through another.
 *
 * @param normalisation of frames; with zeros of the right length when the values come from a file
 */
export function classifierModel(shape: ClassifierShape, normalisation: Normalisation): TrainableModel {
  const { width, dropout, classes } = shape;
  const inputs = normalisation.mean.length;
  return {
    name: "classify",
    build(builder) {
      const frames = builder.input("frames", "float32", ["batch", "steps", inputs]);
      const pooling = builder.input("pooling", "float32", ["batch", 1, "steps"]);
      const normal = normaliseFrames(builder, frames, normalisation, 1);
      const heard = gelu(linear(builder, "input", normal, inputs, width));
      const pooled = builder.dropout(reshape(matmul(pooling, heard), ["batch", width]), dropout);
      const logits = linear(builder, "classes", pooled, width, classes);
      return {
        outputs: { logits },
        loss: () => crossEntropy(logits, builder.input("labels", "int64", ["batch"])),
      };
    },
  };
}

/** Share of utterances that got their class. */
class Accuracy implements MetricGatherer<ClassifyTargets> {
  #right = 0;
  #total = 0;

  add({ logits }: Outputs, { targets }: Batch<ClassifyTargets>): void {
    const classes = logits!.shape[1]!;
    for (const [i, target] of targets.entries()) {
      const scores = logits!.data.subarray(i * classes, (i + 1) * classes);
      this.#right += Number(scores.indexOf(Math.max(...scores)) === target);
    }
    this.#total += targets.length;
  }

  values() {
    return { accuracy: this.#total === 0 ? 0 : this.#right / this.#total };
  }
}

export const classifyRecipe: RecipeKind<ClassifyRecipe> = { kind: "classify", schema: recipeSchema, prepare };

function prepare(given: ClassifyRecipe, context: RecipeContext): Promise<PreparedRecipe<ClassifyTargets>> {
  const recipe = withLocatedEncoder(given, context.folder);
  const { seed, width, dropout, batchSize, target } = recipe;
  return withRecipeData(recipe, context, async (loaded) => {
    const { cache } = loaded.data;
    const { samples, classes } = classified(loaded.samples, recipe, context);
    const { validationShare, mostValidation } = recipe.data;
    const { training, validation } = holdBackOfEachClass(samples, validationShare, mostValidation, seed);
    const normalisation = await measureNormalisation(training, cache, seed, context.signal);
    const model = classifierModel({ width, dropout, classes: classes.length }, normalisation);
    const batchOf: BatchMaker<number, ClassifyTargets> = (chosen) => makeBatch(chosen, cache);
    return {
      model,
      training: trainingBatches(training, recipe, batchOf),
      validation: {
        batches: () => validationBatches(validation, batchSize, batchOf),
        metrics: () => new Accuracy(),
        watch: { name: "accuracy", better: "higher" },
      },
      data: {
        sets: describeData(loaded),
        target,
        classes: classes.length,
        training: training.length,
        validation: validation.length,
      },
      finish: (result) => finish(result, recipe, model, classes, cache),
    };
  });
}

/** Samples with the number of their class; classes in the order of their names. */
function classified(
  samples: readonly TrainingSample<null>[],
  { target, leastUtterances }: ClassifyRecipe,
  context: RecipeContext,
): { samples: Sample[]; classes: string[] } {
  const nameOf = ({ versions: [first], speaker }: TrainingSample<null>) =>
    target === "speaker" ? speaker : first![target];
  const counts = new Map<string, number>();
  let nameless = 0;
  for (const sample of samples) {
    const name = nameOf(sample);
    if (name === null) nameless++;
    else counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const classes = [...counts].filter(([, count]) => count >= leastUtterances).map(([name]) => name);
  classes.sort();
  const small = counts.size - classes.length;
  if (nameless > 0) context.onWarning(`left out: ${nameless} utterances without a ${target}`);
  if (small > 0) {
    context.onWarning(`left out: ${small} classes (${target}) of fewer than ${leastUtterances} utterances`);
  }
  if (classes.length < 2) {
    throw new GlossaError(
      "invalid-argument",
      `data: there are ${classes.length} classes (${target}) with ${leastUtterances} utterances or more; two are needed`,
    );
  }
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const kept = samples.flatMap((sample): Sample[] => {
    const label = numbers.get(nameOf(sample) ?? "");
    return label === undefined ? [] : [{ ...sample, label }];
  });
  return { samples: kept, classes };
}

async function makeBatch(
  chosen: readonly ChosenVersion<number>[],
  cache: FrameCache,
): Promise<Batch<ClassifyTargets>> {
  const { frames, stepCounts } = await readFrames(
    chosen.map(({ version }) => version),
    1,
    cache,
  );
  const labels = chosen.map(({ sample }) => sample.label);
  return {
    names: chosen.map(({ sample }) => sample.id),
    inputs: {
      frames,
      pooling: poolingOf(stepCounts, frames.shape[1]!),
      labels: { data: BigInt64Array.from(labels, BigInt), shape: [labels.length] },
    },
    targets: labels,
  };
}

/** `[batch, 1, steps]`: what each step counts in the mean of its utterance. */
export function poolingOf(stepCounts: readonly number[], steps: number) {
  const data = new Float32Array(stepCounts.length * steps);
  for (const [i, count] of stepCounts.entries()) data.fill(1 / count, i * steps, i * steps + count);
  return { data, shape: [stepCounts.length, 1, steps] };
}

async function finish(
  result: TrainingResult,
  { encoder, target }: ClassifyRecipe,
  model: TrainableModel,
  classes: readonly string[],
  cache: FrameCache,
): Promise<unknown> {
  const { fingerprint, frameRate } = cache.description;
  await writeHead(result.folder, model, {
    kind: "classify",
    encoder,
    fingerprint,
    frameRate,
    stack: 1,
    target,
    classes: [...classes],
  });
  return { classes: classes.length };
}
