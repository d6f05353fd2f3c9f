/**
 * The data of a training run: data sets read and checked, a recogniser's frames of them at hand.
 *
 *     await using data = await prepareTrainingData({ sets: ["recordings/"], model: "whisper-base" });
 *     const frames = await data.cache.read(data.utterances[0].frames);
 */
import { join } from "node:path";
import { GlossaError } from "../../errors.ts";
import type { FrameSource } from "../../models/speech-model.ts";
import { loadFrameSource } from "../../recognise/load-model.ts";
import type { LoadOptions } from "../../recognise/options.ts";
import { encoderFingerprint } from "../../weights/encoder-fingerprint.ts";
import { resolveCacheFolder } from "../../weights/cache-folder.ts";
import { resolveModel } from "../../weights/model-store.ts";
import type { ResolvedModel } from "../../weights/resolved-model.ts";
import { FrameCache, type FramesShape } from "./frame-cache.ts";
import { type Perturbations, TrainingPerturber } from "./perturbations.ts";
import { prepareFrames, type PrepareProgress, type PreparedUtterance } from "./prepare-frames.ts";
import { type DataProblem, readTrainingSets, refuseProblems } from "./training-utterances.ts";

export interface TrainingDataOptions extends LoadOptions {
  /** Data sets, or folders that hold some. */
  sets: readonly string[];
  /** Names of sets that are left out. */
  exclude?: readonly string[];
  /** A name from `glossa models list`, or a folder with a model. */
  model: string;
  /** ISO 639-1 codes; utterances of other languages are left out. Default: all. */
  languages?: readonly string[] | null;
  /** Share of the utterances that is heard without neighbours in the window; default 0. */
  alone?: number;
  /** Adds perturbed copies. */
  perturbations?: Perturbations | null;
  /** Instead of `perturbations` for some of `sets`, by their paths as given. */
  perturbationsOfSets?: ReadonlyMap<string, Perturbations>;
  /** For perturbations; default 0. */
  seed?: number;
  /** Longest utterance in seconds; default: the model's longest window. Longer ones are heard in several. */
  maximumSeconds?: number;
  /** Refuse data of which anything cannot be used. */
  strict?: boolean;
  /** Where frames are kept; default `frames` in the cache folder. */
  framesFolder?: string;
  onProgress?(progress: PrepareProgress): void;
}

/** Utterances with their frames, and what was left out. */
export interface TrainingData extends AsyncDisposable {
  readonly cache: FrameCache;
  /** Names of the sets, in order. */
  readonly sets: readonly string[];
  readonly utterances: readonly PreparedUtterance[];
  readonly problems: readonly DataProblem[];
  /** Seconds of speech that were encoded; those found in the cache do not count. */
  readonly encodedSeconds: number;
}

/**
 * @throws GlossaError `unreadable-input`, `invalid-argument` when a path is no data set, nothing in it can be used, or
 *   `strict` and something cannot; `model-unavailable`, `write-failed`; the signal's reason
 */
export async function prepareTrainingData(options: TrainingDataOptions): Promise<TrainingData> {
  const { signal, strict = false, perturbations, seed = 0 } = options;
  const read = await readTrainingSets(options.sets, options);
  if (strict) refuseProblems(read.problems);
  const perturberOfAll = perturbations ? await TrainingPerturber.create(perturbations, seed) : null;
  const perturbers = new Map<string, TrainingPerturber>();
  for (const [path, settings] of options.perturbationsOfSets ?? [])
    perturbers.set(path, await TrainingPerturber.create(settings, seed));
  signal?.throwIfAborted();
  const resolved = await resolveModel(options.model, options);
  let loading: Promise<FrameSource> | null = null;
  const model = () => (loading ??= loadFrameSource(options));
  try {
    const cache = await openFrameCache(resolved, options, model);
    try {
      const { onProgress, maximumSeconds = cache.description.maximumSeconds } = options;
      const prepared = await prepareFrames(read.utterances, {
        cache,
        model,
        maximumSeconds,
        alone: options.alone,
        perturberOf: ({ given }) => perturbers.get(given) ?? perturberOfAll,
        signal,
        onProgress,
      });
      const { utterances, encodedSeconds } = prepared;
      const problems = [...read.problems, ...prepared.problems];
      if (strict) refuseProblems(problems);
      if (utterances.length === 0) {
        const reasons = problems.map(({ message }) => `\n  ${message}`).join("");
        throw new GlossaError(
          "invalid-argument",
          `${options.sets.join(", ")}: no utterance can be used${reasons}`,
        );
      }
      return {
        cache,
        sets: read.sets,
        utterances,
        problems,
        encodedSeconds,
        [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
      };
    } catch (error) {
      await cache[Symbol.asyncDispose]();
      throw error;
    }
  } finally {
    await (await (loading as Promise<FrameSource> | null)?.catch(() => null))?.[Symbol.asyncDispose]();
  }
}

/** The cache of a model's frames: a folder named after the model and what its encoder's weights are. */
async function openFrameCache(
  resolved: ResolvedModel,
  options: TrainingDataOptions,
  model: () => Promise<FrameSource>,
): Promise<FrameCache> {
  const { id } = resolved.manifest;
  const fingerprint = await encoderFingerprint(resolved, options.trailingSilence);
  const parent = options.framesFolder ?? join(resolveCacheFolder(options.cacheFolder), "frames");
  const name = `${id.replace(/[^\w.-]+/g, "_")}-${fingerprint.slice(0, 12)}`;
  return FrameCache.open(join(parent, name), { model: id, fingerprint }, async () => shapeOf(await model()));
}

async function shapeOf(model: FrameSource): Promise<FramesShape> {
  // How wide frames are is known when there are some.
  using frames = await model.encode(new Float32Array(16_000));
  return { width: frames.width, frameRate: model.frameRate, maximumSeconds: model.maximumSeconds };
}
