/**
 * `glossa train prepare`: checks training data and computes a recogniser's frames of it, so that training begins at once.
 */
import { resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { GlossaError } from "../errors.ts";
import { type Perturbations, perturbationsSchema } from "../train/data/perturbations.ts";
import type { PrepareProgress } from "../train/data/prepare-frames.ts";
import type { TrainingData } from "../train/data/training-data.ts";
import { type DataProblemKind, dataProblemKinds } from "../train/data/training-utterances.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import type { LoadingOptions } from "./load-recogniser.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface TrainPrepareOptions extends LoadingOptions {
  language?: string[];
  copies?: number;
  speed?: [number, number];
  gain?: [number, number];
  noise?: string;
  snr?: [number, number];
  noiseShare?: number;
  reverb?: string;
  reverbShare?: number;
  bandShare?: number;
  seed?: number;
  frames?: string;
  strict?: boolean;
  report?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Frames that most recipes read. */
export const defaultTrainingModel = "whisper-base";

/** Utterances and hours of a set, and how many of its rows are left out for which reason. */
interface SetReport {
  set: string;
  utterances: number;
  copies: number;
  hours: number;
  leftOut: Partial<Record<DataProblemKind, number>>;
}

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError as `prepareTrainingData`; the signal's reason when interrupted
 */
export async function trainPrepare(
  sets: readonly string[],
  options: TrainPrepareOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const perturbations = perturbationsOf(options);
  const { prepareTrainingData } = await import("../train/data/training-data.ts");
  const started = performance.now();
  try {
    await using data = await prepareTrainingData({
      sets,
      model: options.model ?? defaultTrainingModel,
      languages: options.language ?? null,
      perturbations,
      seed: options.seed,
      strict: options.strict,
      framesFolder: options.frames,
      device: options.device,
      threads: options.threads,
      trailingSilence: options.trailingSilence,
      offline: options.offline,
      cacheFolder: options.cache,
      onDownload: (progress) => screen.showDownload(progress),
      onProgress: (progress) => showProgress(screen, progress, (performance.now() - started) / 1000),
      signal,
    });
    screen.hideProgress();
    for (const { message } of data.problems) await screen.warn(`left out: ${message}`);
    const report = reportOf(data);
    if (options.report !== undefined) await writeReport(options.report, report, data);
    await screen.print(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
    await screen.note(
      `encoded ${formatClock(data.encodedSeconds)} of speech; frames are kept in ${data.cache.folder}`,
    );
    return exitCodes.success;
  } finally {
    screen.hideProgress();
  }
}

/** @throws GlossaError `invalid-argument` when settings of copies are given without what they need */
function perturbationsOf(options: TrainPrepareOptions): Perturbations | null {
  const { copies, speed, gain, noise, snr, noiseShare, reverb, reverbShare, bandShare } = options;
  const settings = {
    speed,
    gainDecibels: gain,
    noise,
    snrDecibels: snr,
    noiseShare,
    rooms: reverb,
    roomShare: reverbShare,
    bandShare,
  };
  const isPerturbed = [speed, gain, noise, reverb, bandShare].some((value) => value !== undefined);
  if (!isPerturbed) {
    if (copies !== undefined && copies > 0) {
      throw new GlossaError(
        "invalid-argument",
        "--copies makes perturbed copies; say how: --speed, --gain, --noise, --reverb or --band-share.",
      );
    }
    return null;
  }
  for (const [value, flag, missing, needed] of [
    [snr, "--snr", noise, "--noise"],
    [noiseShare, "--noise-share", noise, "--noise"],
    [reverbShare, "--reverb-share", reverb, "--reverb"],
  ] as const) {
    if (value !== undefined && missing === undefined) {
      throw new GlossaError("invalid-argument", `${flag} says nothing without ${needed}.`);
    }
  }
  const parsed = perturbationsSchema.safeParse({ copies, ...settings });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new GlossaError("invalid-argument", `the perturbations cannot be made: ${issues.join("; ")}`);
}

function showProgress(screen: Screen, progress: PrepareProgress, elapsedSeconds: number): void {
  const { done, total, encodedSeconds } = progress;
  const speed = elapsedSeconds > 0 ? encodedSeconds / elapsedSeconds : 0;
  const detail = `${done} of ${total}${speed > 0 ? `, ${speed.toFixed(0)}× real time` : ""}`;
  screen.showPreparation("preparing", total === 0 ? null : done / total, detail);
}

function reportOf(data: TrainingData): SetReport[] {
  return data.sets.map((set) => {
    const own = data.utterances.filter((utterance) => utterance.set === set);
    const leftOut: SetReport["leftOut"] = {};
    for (const problem of data.problems) {
      if (problem.set === set) leftOut[problem.kind] = (leftOut[problem.kind] ?? 0) + 1;
    }
    const originals = own.filter(({ copy }) => copy === 0);
    const hours = own.reduce((sum, { frames }) => sum + frames.seconds, 0) / 3600;
    const copies = own.length - originals.length;
    return { set, utterances: originals.length, copies, hours: Math.round(hours * 1000) / 1000, leftOut };
  });
}

function tableOf(report: readonly SetReport[]): string {
  const rows = report.map(({ set, utterances, copies, hours, leftOut }) => {
    const reasons = Object.entries(leftOut).map(
      ([kind, count]) => `${count} ${dataProblemKinds[kind as DataProblemKind]}`,
    );
    const count = Object.values(leftOut).reduce((sum, value) => sum + value, 0);
    return [set, utterances, copies, hours.toFixed(2), count, reasons.join("; ")].join("\t");
  });
  return ["set\tutterances\tcopies\thours\tleft out\twhy", ...rows].map((line) => `${line}\n`).join("");
}

async function writeReport(path: string, report: readonly SetReport[], data: TrainingData): Promise<void> {
  const content = { frames: data.cache.folder, sets: report, problems: data.problems };
  try {
    await writeFileAtomic(resolve(path), `${JSON.stringify(content, null, 2)}\n`);
  } catch (cause) {
    throw new GlossaError("write-failed", `cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
