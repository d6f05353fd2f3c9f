/**
 * What recipes that learn from a recogniser's frames have in common: which data, what is held back, which frames, and the numbers
 * that make every dimension of a frame weigh the same.
 */
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { randomGenerator } from "../../random.ts";
import { shuffled } from "../data/batch-loader.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import { type Perturbations, perturbationsSchema } from "../data/perturbations.ts";
import type { PreparedUtterance } from "../data/prepare-frames.ts";
import { prepareTrainingData, type TrainingData } from "../data/training-data.ts";
import type { RecipeContext } from "../recipe.ts";

const setSchema = z.union([
  z.string(),
  z.strictObject({
    path: z.string().describe("A data set, or a folder that holds some; relative to the recipe."),
    weight: z.number().positive().default(1).describe("How often its utterances come in an epoch."),
    perturbations: perturbationsSchema.optional().describe("Instead of those of all sets."),
  }),
]);

export const dataSchema = z.strictObject({
  sets: z.array(setSchema).min(1).describe("Data sets, or folders that hold some; relative to the recipe."),
  exclude: z.array(z.string()).default([]).describe("Names of sets that are left out."),
  languages: z.array(z.string()).min(1).optional().describe("ISO 639-1 codes; others are left out."),
  alone: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "Share of the utterances that is heard without neighbours in the window, as short recordings are.",
    ),
  perturbations: perturbationsSchema.optional(),
  validationShare: z.number().min(0.001).max(0.5).default(0.03),
  mostValidation: z.number().int().positive().default(250).describe("Most utterances held back."),
  frames: z.string().optional().describe("Folder of the frames; default: in the cache."),
  strict: z.boolean().default(false),
});
export type DataRecipe = z.infer<typeof dataSchema>;

/** An utterance in all its versions: the recording, and perturbed copies of it. */
export interface TrainingSample<Label> {
  readonly id: string;
  readonly speaker: string | null;
  /** The recording first. */
  readonly versions: readonly PreparedUtterance[];
  readonly weight: number;
  readonly label: Label;
}

export interface LoadedData {
  readonly data: TrainingData;
  readonly samples: readonly TrainingSample<null>[];
}

/**
 * Reads and prepares the data of a recipe; what is left out is told as a warning.
 *
 * @throws GlossaError as `prepareTrainingData`
 */
export async function loadRecipeData(
  recipe: DataRecipe,
  encoder: string,
  seed: number,
  context: RecipeContext,
): Promise<LoadedData> {
  const from = (path: string) => (isAbsolute(path) ? path : resolve(context.folder, path));
  const sets = recipe.sets.map((set) => (typeof set === "string" ? { path: set, weight: 1 } : set));
  const located = (perturbations: Perturbations): Perturbations => ({
    ...perturbations,
    noise: perturbations.noise && from(perturbations.noise),
    rooms: perturbations.rooms && from(perturbations.rooms),
  });
  const data = await prepareTrainingData({
    sets: sets.map(({ path }) => from(path)),
    exclude: recipe.exclude,
    model: encoder,
    languages: recipe.languages,
    alone: recipe.alone,
    perturbations: recipe.perturbations && located(recipe.perturbations),
    perturbationsOfSets: new Map(
      sets.flatMap((set) =>
        "perturbations" in set && set.perturbations
          ? [[from(set.path), located(set.perturbations)] as const]
          : [],
      ),
    ),
    seed,
    strict: recipe.strict,
    framesFolder: recipe.frames && from(recipe.frames),
    device: context.device,
    threads: context.threads,
    cacheFolder: context.cacheFolder,
    offline: context.offline,
    signal: context.signal,
    onDownload: ({ file, receivedBytes, totalBytes }) =>
      context.onProgress(`downloading ${file}`, totalBytes === null ? null : receivedBytes / totalBytes),
    onProgress: ({ done, total }) =>
      context.onProgress("computing frames", total === 0 ? null : done / total),
  });
  for (const { message } of data.problems) context.onWarning(`left out: ${message}`);
  const weights = new Map(sets.map(({ path, weight }) => [from(path), weight]));
  const byId = new Map<string, PreparedUtterance[]>();
  for (const utterance of data.utterances) {
    const versions = byId.get(utterance.id);
    if (versions) versions.push(utterance);
    else byId.set(utterance.id, [utterance]);
  }
  const samples = [...byId].map(([id, versions]) => {
    const { speaker, given } = versions[0]!;
    return { id, speaker, versions, weight: weights.get(given) ?? 1, label: null };
  });
  return { data, samples };
}

/** Numbers about the data for the record of the run. */
export function describeData({ data }: LoadedData): unknown {
  return data.sets.map((set) => {
    const own = data.utterances.filter((utterance) => utterance.set === set);
    const seconds = own.reduce((sum, { frames }) => sum + frames.seconds, 0);
    return {
      set,
      utterances: own.length,
      hours: Math.round(seconds / 3.6) / 1000,
      leftOut: data.problems.filter((problem) => problem.set === set).length,
    };
  });
}

/**
 * Holds back some speakers with all they say, so that validation hears voices that training has not; where nobody knows who
 * speaks, or there are too few voices, single utterances.
 */
export function holdBackSpeakers<Label>(
  samples: readonly TrainingSample<Label>[],
  share: number,
  most: number,
  seed: number,
): { training: TrainingSample<Label>[]; validation: TrainingSample<Label>[] } {
  const wanted = Math.max(1, Math.min(most, Math.round(share * samples.length)));
  const groups = new Map<string, TrainingSample<Label>[]>();
  for (const sample of samples) {
    const name = sample.speaker === null ? `utterance ${sample.id}` : `speaker ${sample.speaker}`;
    groups.set(name, [...(groups.get(name) ?? []), sample]);
  }
  const held = new Set<TrainingSample<Label>>();
  for (const [, group] of shuffled([...groups], randomGenerator(seedOf(seed, "validation")))) {
    // One voice that says most of it would be all that is validated.
    if (groups.size > 1 && group.length > Math.max(1, wanted / 3)) continue;
    if (held.size + group.length > wanted) continue;
    for (const sample of group) held.add(sample);
  }
  if (held.size < wanted / 2) {
    // Too few voices to spare one.
    for (const sample of shuffled(samples, randomGenerator(seedOf(seed, "held back")))) {
      if (held.size < wanted) held.add(sample);
    }
  }
  return split(samples, held);
}

/** Holds back utterances of every class, so that each is judged. */
export function holdBackOfEachClass<Label>(
  samples: readonly TrainingSample<Label>[],
  share: number,
  most: number,
  seed: number,
): { training: TrainingSample<Label>[]; validation: TrainingSample<Label>[] } {
  const classes = new Map<Label, TrainingSample<Label>[]>();
  for (const sample of samples) classes.set(sample.label, [...(classes.get(sample.label) ?? []), sample]);
  const part = Math.min(share, most / samples.length);
  const held = new Set<TrainingSample<Label>>();
  for (const [label, group] of classes) {
    const order = shuffled(group, randomGenerator(seedOf(seed, `validation ${String(label)}`)));
    for (const sample of order.slice(0, Math.max(1, Math.round(part * group.length)))) held.add(sample);
  }
  return split(samples, held);
}

function split<Label>(
  samples: readonly TrainingSample<Label>[],
  held: ReadonlySet<TrainingSample<Label>>,
): { training: TrainingSample<Label>[]; validation: TrainingSample<Label>[] } {
  const training = samples.filter((sample) => !held.has(sample));
  const validation = samples.filter((sample) => held.has(sample));
  if (training.length === 0 || validation.length === 0) {
    throw new GlossaError(
      "invalid-argument",
      `data: ${samples.length} utterances are too few to train with and to validate`,
    );
  }
  return { training, validation };
}

/** What every dimension of frames is less, and what it is then multiplied by. */
export interface Normalisation {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/** Enough for two digits of every mean and deviation. */
const mostMeasured = 400;

/**
 * Mean and deviation of every dimension. Whisper's frames have a few dimensions hundreds of times larger than the others, which
 * drown them where they are not brought to the same size.
 */
export async function measureNormalisation(
  samples: readonly TrainingSample<unknown>[],
  cache: FrameCache,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Normalisation> {
  const { width } = cache.description;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let count = 0;
  const order = shuffled(samples, randomGenerator(seedOf(seed, "normalisation")));
  for (const { versions } of order.slice(0, mostMeasured)) {
    signal?.throwIfAborted();
    const frames = await cache.read(versions[0]!.frames);
    for (let at = 0; at < frames.length; at += width) {
      for (let i = 0; i < width; i++) {
        const value = frames[at + i]!;
        sums[i]! += value;
        squares[i]! += value * value;
      }
      count++;
    }
  }
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const scale = Float32Array.from(squares, (square, i) => {
    const variance = square / count - (sums[i]! / count) ** 2;
    return 1 / Math.sqrt(Math.max(variance, 1e-8));
  });
  return { mean, scale };
}

/** Frames of some utterances side by side, `[batch, steps, stack · width]`: `stack` frames make a step. */
export interface FramesBatch {
  readonly frames: { readonly data: Float32Array; readonly shape: readonly number[] };
  /** Steps that each utterance has of its own. */
  readonly stepCounts: readonly number[];
}

/** @throws GlossaError `invalid-argument` naming an utterance whose frames hold what is no number */
export async function readFrames(
  utterances: readonly PreparedUtterance[],
  stack: number,
  cache: FrameCache,
): Promise<FramesBatch> {
  const { width } = cache.description;
  const stepCounts = utterances.map(({ frames }) => stepsOf(frames.frames, stack));
  const steps = Math.max(...stepCounts);
  const data = new Float32Array(utterances.length * steps * stack * width);
  await Promise.all(
    utterances.map(async ({ id, frames }, i) => {
      const start = i * steps * stack * width;
      const own = data.subarray(start, start + frames.frames * width);
      await cache.read(frames, own);
      // The sum is no number when any of them is none.
      let sum = 0;
      for (let at = 0; at < own.length; at++) sum += own[at]!;
      if (!Number.isFinite(sum)) {
        throw new GlossaError("invalid-argument", `${id}: its frames hold what is no number`);
      }
    }),
  );
  return { frames: { data, shape: [utterances.length, steps, stack * width] }, stepCounts };
}

/** Steps that so many frames make; the last may be filled up with zeros. */
export function stepsOf(frames: number, stack: number): number {
  return Math.ceil(frames / stack);
}

/** `[batch, 1, 1, steps]` for attention: 0 where there is sound, a large negative number where there is none. */
export function attentionBias(stepCounts: readonly number[], steps: number) {
  const data = new Float32Array(stepCounts.length * steps);
  for (const [i, count] of stepCounts.entries()) data.fill(-1e4, i * steps + count, (i + 1) * steps);
  return { data, shape: [stepCounts.length, 1, 1, steps] };
}
