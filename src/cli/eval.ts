/**
 * `glossa eval`: recognises data sets with one loaded model, one run for every set and list size, and prints the
 * scores. Everything is checked before the model is loaded; an interrupt keeps what is done.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readTerms } from "../context/term-file.ts";
import { loadDataSet, type DataSet } from "../eval/datasets/load-data-set.ts";
import type { DataFormat } from "../eval/datasets/detect-data-format.ts";
import type { Utterance } from "../eval/datasets/utterance.ts";
import { Perturber } from "../eval/perturber.ts";
import type {
  Perturbation,
  RetrievalSettings,
  RunScore,
  TermsProtocol,
  UtteranceRecord,
} from "../eval/records.ts";
import { runDataSet, type RunPlan } from "../eval/run.ts";
import { runName } from "../eval/run-name.ts";
import { summariseRun, type RunSummary } from "../eval/run-summary.ts";
import { scoreRun } from "../eval/score-run.ts";
import { TermLists } from "../eval/term-lists.ts";
import { retrievalFinders, type TermFinding } from "../recognise/options.ts";
import { defaultMostKept, retrievalThreshold } from "../retrieval/prune.ts";
import { GlossaError } from "../errors.ts";
import { untilAborted } from "./abortable.ts";
import { type KeepOptions, keepRule } from "./arguments.ts";
import type { Environment, LoadedRecogniser, LoadedRetriever } from "./environment.ts";
import { checkReportFile, type ReportFileOptions, writeReport } from "./eval-report.ts";
import { printRuns } from "./eval-scores.ts";
import { exitCodes } from "./exit-codes.ts";
import { loadRecogniser, loadRetriever, type LoadingOptions } from "./load-recogniser.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface EvalOptions extends LoadingOptions, ReportFileOptions, KeepOptions {
  beam?: number;
  language?: string;
  terms?: TermsProtocol[];
  findTerms?: TermFinding[];
  listSize?: number[];
  distractors?: string;
  glossary?: string;
  retrievalOnly?: boolean;
  head?: string;
  seed?: number;
  limit?: number;
  datasetFormat?: DataFormat;
  audioRoot?: string;
  skipBad?: boolean;
  noise?: string;
  snr?: number;
  reverb?: string;
  speed?: number;
  telephone?: boolean;
  output?: string;
  json?: boolean;
  quiet?: boolean;
}

/** A run that only lacks the model's name. */
type PreparedRun = Omit<RunPlan, "model">;

const shownFailures = 5;

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError for wrong arguments, data sets and models; the signal's reason when interrupted
 */
export async function evaluate(
  paths: readonly string[],
  options: EvalOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  await checkReportFile(options);
  const prepared = await untilAborted(prepare(paths, options, screen), signal);
  const output = resolve(options.output ?? (await mkdtemp(join(tmpdir(), "glossa-eval-"))));
  const engine = options.retrievalOnly
    ? await loadRetriever(options, environment, screen)
    : await loadRecogniser(options, environment, screen);
  const summaries: RunSummary[] = [];
  const scores: RunScore[] = [];
  let failed = 0;
  try {
    const taken = new Set<string>();
    for (const run of prepared) {
      const plan = { ...run, model: engine.model };
      const folder = join(output, runName(plan, taken));
      const score = await execute(plan, folder, engine, environment, screen);
      failed += score.failed;
      scores.push(score);
      summaries.push(summariseRun(score, folder));
    }
  } catch (error) {
    if (signal.aborted) await screen.warn(`interrupted; what is done is kept in ${output}`);
    throw error;
  } finally {
    // After an interrupt the engine may still be busy; nobody waits for it.
    await untilAborted(engine[Symbol.asyncDispose](), signal).catch(() => {});
  }
  await printRuns(summaries, options, environment, screen);
  await writeReport(scores, options, environment, screen);
  await screen.note(`recorded in ${output}`);
  return failed > 0 ? exitCodes.failure : exitCodes.success;
}

async function prepare(
  paths: readonly string[],
  options: EvalOptions,
  screen: Screen,
): Promise<PreparedRun[]> {
  const perturbation = perturbationOf(options);
  const retrieval = retrievalOf(options);
  const seed = options.seed ?? 0;
  const perturber = await Perturber.create(perturbation, seed);
  const glossary = options.glossary === undefined ? null : await readList(options.glossary, screen);
  const distractors = options.distractors === undefined ? null : await readList(options.distractors, screen);
  const protocols: readonly TermsProtocol[] = options.terms ?? (glossary === null ? ["none"] : ["all"]);
  const draws = (protocol: TermsProtocol) => protocol === "own+distractors" || protocol === "distractors";
  if (!protocols.some(draws) && (options.listSize !== undefined || distractors !== null)) {
    throw new GlossaError(
      "invalid-argument",
      `--list-size and --distractors need --terms own+distractors or distractors, not ${protocols.join(", ")}`,
    );
  }
  const prepared: PreparedRun[] = [];
  for (const path of paths) {
    const dataSet = await loadDataSet(path, {
      format: options.datasetFormat,
      audioRoot: options.audioRoot === undefined ? undefined : resolve(options.audioRoot),
      skipBad: options.skipBad,
    });
    for (const problem of dataSet.skipped) await screen.warn(`${path}: skipped ${problem}`);
    for (const { protocol, listSize, findTerms } of combinations(protocols, options, draws)) {
      const terms = new TermLists(dataSet.utterances, {
        protocol,
        listSize,
        seed,
        glossary: glossary ?? dataSet.glossary,
        distractors,
        language: options.language,
      });
      prepared.push({
        dataSet,
        utterances: chosen(dataSet, options.limit),
        language: options.language ?? null,
        beamSize: options.beam ?? null,
        protocol,
        listSize,
        terms,
        seed,
        perturbation,
        perturber,
        ...(findTerms && { findTerms }),
        ...(retrieval && { retrieval }),
      });
    }
  }
  return prepared;
}

/** One run for every protocol, with every list size where it has one, and every way to find terms where lists are long. */
function combinations(
  protocols: readonly TermsProtocol[],
  options: EvalOptions,
  draws: (protocol: TermsProtocol) => boolean,
): { protocol: TermsProtocol; listSize: number | null; findTerms: TermFinding | undefined }[] {
  return protocols.flatMap((protocol) => {
    const sizes = draws(protocol) ? (options.listSize ?? [null]) : [null];
    const ways = draws(protocol) || protocol === "all" ? (options.findTerms ?? [undefined]) : [undefined];
    return sizes.flatMap((listSize) => ways.map((findTerms) => ({ protocol, listSize, findTerms })));
  });
}

function chosen({ utterances }: DataSet, limit: number | undefined): readonly Utterance[] {
  return limit === undefined ? utterances : utterances.slice(0, limit);
}

/** What counts as found; null when recordings are recognised. */
function retrievalOf(options: EvalOptions): RetrievalSettings | null {
  const { retrievalOnly, head, threshold, precision, recall, most } = options;
  if (retrievalOnly) {
    if ((options.terms ?? ["none"]).includes("none") && options.glossary === undefined) {
      throw new GlossaError(
        "invalid-argument",
        "--retrieval-only needs terms to look for; give --terms or --glossary",
      );
    }
    const isKnown = (way: string) => retrievalFinders.some((finder) => finder === way);
    if (options.findTerms && !options.findTerms.every(isKnown)) {
      throw new GlossaError(
        "invalid-argument",
        `--retrieval-only finds terms by ${retrievalFinders.join(" or ")}, not by ${options.findTerms.join(", ")}`,
      );
    }
    const rule = { ...keepRule(options, retrievalThreshold), most: most ?? defaultMostKept };
    return { ...rule, head: head === undefined ? null : resolve(head) };
  }
  if ([head, threshold, precision, recall, most].some((option) => option !== undefined)) {
    throw new GlossaError(
      "invalid-argument",
      "--head, --threshold, --precision, --recall and --most need --retrieval-only",
    );
  }
  return null;
}

function perturbationOf({ speed, reverb, noise, snr, telephone }: EvalOptions): Perturbation {
  if ((noise === undefined) !== (snr === undefined)) {
    throw new GlossaError("invalid-argument", "--noise and --snr belong together; give both or none");
  }
  return {
    ...(speed !== undefined && { speed }),
    ...(reverb !== undefined && { reverb: resolve(reverb) }),
    ...(noise !== undefined && { noise: resolve(noise), snrDecibels: snr }),
    ...(telephone && { telephone }),
  };
}

/** The terms of a file, by their spelling. */
async function readList(file: string, screen: Screen): Promise<string[]> {
  const { terms, warnings } = await readTerms(file);
  for (const warning of warnings) await screen.warn(warning);
  return terms.map(({ text }) => text);
}

async function execute(
  plan: RunPlan,
  folder: string,
  engine: LoadedRecogniser | LoadedRetriever,
  { signal }: Environment,
  screen: Screen,
): Promise<RunScore> {
  const started = performance.now();
  try {
    const running = runDataSet(plan, engine, folder, {
      signal,
      onProgress: ({ done, total, audioSecondsDone, audioSecondsTotal }) => {
        const progress = { processedSeconds: audioSecondsDone, totalSeconds: audioSecondsTotal };
        const label = `${plan.dataSet.name} ${done}/${total}`;
        screen.showRecognition(label, progress, (performance.now() - started) / 1000);
      },
    });
    const { run, utterances } = await untilAborted(running, signal);
    screen.hideProgress();
    await reportFailures(utterances, screen);
    return scoreRun(utterances, run);
  } finally {
    screen.hideProgress();
  }
}

async function reportFailures(utterances: readonly UtteranceRecord[], screen: Screen): Promise<void> {
  const failed = utterances.filter(({ error }) => error !== undefined);
  for (const { id, error } of failed.slice(0, shownFailures)) await screen.error(id, error!.message);
  if (failed.length > 0) {
    await screen.error(
      null,
      `${failed.length} of ${utterances.length} utterances failed, and count as empty`,
    );
  }
}
