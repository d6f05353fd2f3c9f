/**
 * Runs a recogniser's encoder over utterances, once: frames go to the cache, and what cannot be used is named.
 *
 * Encoders take windows of up to 30 s and cost nearly the same for short ones, so utterances are packed into windows with gaps of
 * silence. Their frames then have heard their neighbours, as in recognition of long recordings; those of a short recording have
 * heard nothing else, and what has learnt from neighbours only understands them less. So a share can be given windows of its own.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { readSamples } from "../../audio/read-samples.ts";
import { encodeLong, framesOf } from "./encode-long.ts";
import { GlossaError } from "../../errors.ts";
import { power } from "../../eval/perturb.ts";
import type { FrameSource } from "../../models/speech-model.ts";
import {
  type CachedFrames,
  type CachedProblem,
  type FrameCache,
  frameKey,
  type NewFrames,
} from "./frame-cache.ts";
import type { DrawnPerturbation, TrainingPerturber } from "./perturbations.ts";
import {
  type DataProblem,
  type DataProblemKind,
  durationProblem,
  type TrainingUtterance,
} from "./training-utterances.ts";

const sampleRate = 16_000;
const gapSeconds = 0.4;
/** Below this there is no vowel. */
const leastSeconds = 0.1;
/** Mean square of what nobody hears: 80 dB below full scale. */
const leastPower = 1e-8;
/** Recordings decoded and perturbed ahead while the encoder runs. */
const readAhead = 4;

/** One version of an utterance, with its frames. */
export interface PreparedUtterance extends TrainingUtterance {
  /** 0 is the recording itself, others are perturbed. */
  readonly copy: number;
  readonly frames: CachedFrames;
}

export interface PrepareProgress {
  /** Versions of utterances that are done, from the cache or computed, and all of them. */
  done: number;
  total: number;
  /** Seconds of speech that were encoded in this run. */
  encodedSeconds: number;
}

export interface PrepareFramesOptions {
  cache: FrameCache;
  /** Loads the model; called only when something is not in the cache. */
  model(): Promise<FrameSource>;
  /** Longest utterance in seconds. Those longer than the model's window are heard in several. */
  maximumSeconds: number;
  /** Share of the utterances, drawn by their audio, that is heard without neighbours; default 0. */
  alone?: number;
  /** Adds its copies of an utterance; null for none. */
  perturberOf?(utterance: TrainingUtterance): TrainingPerturber | null;
  signal?: AbortSignal;
  onProgress?(progress: PrepareProgress): void;
}

export interface PreparedFrames {
  utterances: PreparedUtterance[];
  problems: DataProblem[];
  encodedSeconds: number;
}

/** A version of an utterance that is wanted. */
interface Wanted {
  readonly utterance: TrainingUtterance;
  readonly copy: number;
  readonly perturbation: DrawnPerturbation | null;
  /** In a window of its own. */
  readonly alone: boolean;
  readonly key: string;
}

/** What a recording came to: samples to encode, or why there are none. */
type Heard = { readonly key: string; readonly alone: boolean } & (
  | { readonly samples: Float32Array }
  | { readonly problem: string }
);

/**
 * Frames of all utterances and their copies. What is in the cache is not computed again, so that a run that was stopped goes on.
 *
 * @throws GlossaError `write-failed`, `unreadable-input` for noises that cannot be read; the signal's reason
 */
export async function prepareFrames(
  utterances: readonly TrainingUtterance[],
  options: PrepareFramesOptions,
): Promise<PreparedFrames> {
  const { cache, signal } = options;
  const problems: DataProblem[] = [];
  const wanted: Wanted[] = [];
  for (const utterance of utterances) {
    signal?.throwIfAborted();
    const sha256 = await hashFile(utterance.audio).catch((error: Error) => error);
    if (sha256 instanceof Error) {
      problems.push(problemOf(utterance, "audio", `${utterance.audio}: ${sha256.message}`));
      continue;
    }
    const alone = Number.parseInt(sha256.slice(0, 8), 16) < (options.alone ?? 0) * 2 ** 32;
    const perturber = options.perturberOf?.(utterance) ?? null;
    for (let copy = 0; copy <= (perturber?.settings.copies ?? 0); copy++) {
      const perturbation = copy === 0 ? null : perturber!.draw(utterance.id, copy);
      const key = frameKey(cache.description.fingerprint, sha256, perturbation, alone);
      wanted.push({ utterance, copy, perturbation, alone, key });
    }
  }
  const { encodedSeconds, tooLong } = await compute(wanted, options);
  const prepared: PreparedUtterance[] = [];
  const named = new Set<TrainingUtterance>();
  const name = (utterance: TrainingUtterance, kind: DataProblemKind, message: string) => {
    // Once, not for every copy.
    if (!named.has(utterance)) problems.push(problemOf(utterance, kind, message));
    named.add(utterance);
  };
  for (const { utterance, copy, key } of wanted) {
    const entry = cache.get(key);
    if (entry === undefined || tooLong.has(key)) {
      const limit = `its audio is longer than the ${options.maximumSeconds} s that an utterance may have; cut it up`;
      name(utterance, "long", limit);
      continue;
    }
    if ("problem" in entry) {
      name(utterance, "audio", entry.problem);
      continue;
    }
    // Copies may be faster; whether the text fits is judged by the recording itself.
    const problem = copy === 0 ? durationProblem(utterance.text, entry.seconds) : null;
    if (problem !== null) name(utterance, "mismatch", problem);
    if (!named.has(utterance)) prepared.push({ ...utterance, copy, frames: entry });
  }
  return { utterances: prepared, problems, encodedSeconds };
}

function problemOf({ id, set }: TrainingUtterance, kind: DataProblemKind, what: string): DataProblem {
  return { kind, set, message: `${id}: ${what}` };
}

async function compute(
  wanted: readonly Wanted[],
  options: PrepareFramesOptions,
): Promise<{ encodedSeconds: number; tooLong: ReadonlySet<string> }> {
  const { cache, maximumSeconds } = options;
  // Not kept: another run may allow more.
  const tooLong = new Set<string>();
  for (const { key } of wanted) {
    const entry = cache.get(key);
    if (entry !== undefined && "seconds" in entry && entry.seconds > maximumSeconds) tooLong.add(key);
  }
  const isMissing = ({ key }: Wanted) => cache.get(key) === undefined;
  const report = (missing: number, encodedSeconds: number) =>
    options.onProgress?.({ done: wanted.length - missing, total: wanted.length, encodedSeconds });
  if (!wanted.some(isMissing)) {
    report(0, 0);
    return { encodedSeconds: 0, tooLong };
  }
  return cache.adding(options.signal, async (signal, add) => {
    const model = await options.model();
    const windows = new WindowPacker(model);
    const keys = new Set<string>();
    // The same audio may stand in several sets.
    const missing = wanted.filter((item) => isMissing(item) && keys.size < keys.add(item.key).size);
    let left = wanted.filter(isMissing).length;
    let encodedSeconds = 0;
    const keep = async (items: (NewFrames | CachedProblem)[]) => {
      signal.throwIfAborted();
      if (items.length === 0) return;
      await add(items);
      for (const item of items) if ("data" in item) encodedSeconds += item.seconds;
      left -= items.length;
      report(left, encodedSeconds);
    };
    report(left, 0);
    for await (const heard of hearAll(missing, options, signal)) {
      signal.throwIfAborted();
      const { key } = heard;
      if ("problem" in heard) await keep([{ key, problem: heard.problem }]);
      else if (heard.samples.length > maximumSeconds * sampleRate) {
        tooLong.add(key);
        report(--left, encodedSeconds);
      } else
        await keep(
          await (heard.alone ? windows.alone(key, heard.samples) : windows.push(key, heard.samples)),
        );
    }
    await keep(await windows.flush());
    return { encodedSeconds, tooLong };
  });
}

/** Decodes and perturbs in order, some ahead of what is asked for. */
async function* hearAll(
  wanted: readonly Wanted[],
  options: PrepareFramesOptions,
  signal: AbortSignal,
): AsyncGenerator<Heard> {
  const ahead: Promise<Heard>[] = [];
  try {
    for (let i = 0; i < wanted.length; i++) {
      for (let next = i + ahead.length; next < Math.min(wanted.length, i + readAhead); next++) {
        const heard = hear(wanted[next]!, options, signal);
        // Its error is thrown when its turn comes.
        heard.catch(() => {});
        ahead.push(heard);
      }
      yield await ahead.shift()!;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function hear(
  { utterance, perturbation, alone, key }: Wanted,
  { perturberOf, maximumSeconds }: PrepareFramesOptions,
  signal: AbortSignal,
): Promise<Heard> {
  const mostSamples = maximumSeconds * sampleRate;
  try {
    const samples = await readSamples(utterance.audio, { signal, mostSamples });
    // Of those that are too long, only the beginning was read: nothing can be said about the rest.
    if (samples.length > mostSamples) return { key, alone, samples };
    const problem = audioProblem(samples);
    if (problem !== null) return { key, alone, problem };
    if (perturbation === null) return { key, alone, samples };
    const perturbed = await perturberOf!(utterance)!.apply(samples, perturbation, mostSamples, signal);
    return { key, alone, samples: perturbed.subarray(0, mostSamples) };
  } catch (error) {
    const isAboutIt = error instanceof GlossaError && error.message.includes(utterance.audio);
    if (isAboutIt && !signal.aborted) return { key, alone, problem: error.message };
    throw error;
  }
}

function audioProblem(samples: Float32Array): string | null {
  if (samples.length === 0) return "there is no audio in it";
  if (samples.length < leastSeconds * sampleRate) {
    return `its audio lasts only ${((1000 * samples.length) / sampleRate).toFixed(0)} ms`;
  }
  return power(samples) < leastPower ? "its audio is silent" : null;
}

/** Puts utterances side by side into windows as long as the model takes, and cuts the frames apart again. */
class WindowPacker {
  readonly #model: FrameSource;
  /** Frames begin at whole numbers of them. */
  readonly #frameSamples: number;
  readonly #mostSamples: number;
  #waiting: { key: string; samples: Float32Array; start: number }[] = [];
  #end = 0;

  constructor(model: FrameSource) {
    this.#model = model;
    this.#frameSamples = sampleRate / model.frameRate;
    this.#mostSamples = model.maximumSeconds * sampleRate;
  }

  /** Frames of an utterance by itself, in several windows when one cannot hold it. */
  async alone(key: string, samples: Float32Array): Promise<NewFrames[]> {
    const { data } = await encodeLong(this.#model, samples);
    return [{ key, seconds: samples.length / sampleRate, data }];
  }

  /** Takes an utterance; gives the frames of those before it when it has no place beside them. */
  async push(key: string, samples: Float32Array): Promise<NewFrames[]> {
    if (samples.length > this.#mostSamples) return this.alone(key, samples);
    const fits = this.#end + samples.length <= this.#mostSamples;
    const full = fits ? [] : await this.flush();
    this.#waiting.push({ key, samples, start: this.#end });
    const end = this.#end + samples.length + gapSeconds * sampleRate;
    this.#end = Math.ceil(end / this.#frameSamples) * this.#frameSamples;
    return full;
  }

  async flush(): Promise<NewFrames[]> {
    const waiting = this.#waiting;
    const last = waiting.at(-1);
    this.#waiting = [];
    this.#end = 0;
    if (last === undefined) return [];
    const window = new Float32Array(last.start + last.samples.length);
    for (const { samples, start } of waiting) window.set(samples, start);
    using heard = await this.#model.encode(window);
    return waiting.map(({ key, samples, start }) => ({
      key,
      seconds: samples.length / sampleRate,
      data: framesOf(heard, this.#model, start, samples.length),
    }));
  }
}

/** In pieces: a recording of hours takes no more memory than one of seconds. */
async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
