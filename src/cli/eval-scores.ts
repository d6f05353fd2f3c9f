/**
 * `glossa eval score` and `glossa eval compare`: numbers of runs that are recorded, without recognising anything.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { compareRuns } from "../eval/compare-runs.ts";
import type { RunScore } from "../eval/records.ts";
import { readRun } from "../eval/run-folder.ts";
import { summariseRun, type RunSummary } from "../eval/run-summary.ts";
import { scoreRun } from "../eval/score-run.ts";
import { GlossaError } from "../errors.ts";
import type { Environment } from "./environment.ts";
import { checkReportFile, type ReportFileOptions, writeReport } from "./eval-report.ts";
import { formatComparison, formatRuns } from "./eval-table.ts";
import { exitCodes } from "./exit-codes.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface ScoreOptions extends ReportFileOptions {
  json?: boolean;
  verbose?: boolean;
}

/** Without a terminal, as wide as the usual one. */
const defaultColumns = 80;

/** @throws GlossaError `unreadable-input` when a folder holds no run */
export async function score(
  folders: readonly string[],
  options: ScoreOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  await checkReportFile(options);
  const runs: RunSummary[] = [];
  const scores: RunScore[] = [];
  for (const folder of (await Promise.all(folders.map(findRuns))).flat()) {
    const score = await scoreFolder(folder, screen);
    scores.push(score);
    runs.push(summariseRun(score, resolve(folder)));
  }
  await printRuns(runs, options, environment, screen);
  await writeReport(scores, options, environment, screen);
  return exitCodes.success;
}

/** @throws GlossaError `invalid-argument` when the runs cannot be compared, `unreadable-input` */
export async function compare(
  first: string,
  second: string,
  options: ScoreOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  await checkReportFile(options);
  const folders = [await findOneRun(first), await findOneRun(second)];
  const scores = [await scoreFolder(folders[0], screen), await scoreFolder(folders[1], screen)];
  const comparison = compareRuns(scores[0], scores[1]);
  const { metrics, matched, onlyFirst, onlySecond } = comparison;
  for (const [index, only] of [onlyFirst, onlySecond].entries()) {
    if (only.length === 0) continue;
    await screen.warn(`${folders[index]}: ${only.length} utterances are in this run only, and left out`);
  }
  if (options.json) {
    const json = { first: folders[0], second: folders[1], matched, onlyFirst, onlySecond, metrics };
    await screen.print(`${JSON.stringify(json, null, 2)}\n`);
  } else {
    const names = folders.map((folder) => basename(resolve(folder)));
    await screen.print(formatComparison(comparison, names, environment.stdout.columns ?? defaultColumns));
  }
  await writeReport(scores, options, environment, screen);
  return exitCodes.success;
}

/** Prints the scores of runs, as `--json` or as a table. */
export async function printRuns(
  runs: readonly RunSummary[],
  { json }: { json?: boolean },
  { stdout }: Environment,
  screen: Screen,
): Promise<void> {
  const text = json
    ? `${JSON.stringify({ runs }, null, 2)}\n`
    : formatRuns(runs, stdout.columns ?? defaultColumns);
  await screen.print(text);
}

async function scoreFolder(folder: string, screen: Screen): Promise<RunScore> {
  const { run, utterances } = await readRun(folder);
  if (utterances.length < run.utterances) {
    await screen.warn(
      `${folder}: the run is not complete: ${utterances.length} of ${run.utterances} utterances`,
    );
  }
  return scoreRun(utterances, run);
}

async function findOneRun(folder: string): Promise<string> {
  const runs = await findRuns(folder);
  if (runs.length > 1) {
    throw new GlossaError(
      "invalid-argument",
      `${folder} holds ${runs.length} runs; name one of them: ${runs.map((run) => basename(run)).join(", ")}`,
    );
  }
  return runs[0];
}

/** The folder itself, or the runs that it holds, by name. */
async function findRuns(folder: string): Promise<string[]> {
  const isRun = async (path: string) => (await stat(join(path, "run.json")).catch(() => null)) !== null;
  if (await isRun(folder)) return [folder];
  const names = await readdir(folder).catch(() => []);
  const runs: string[] = [];
  for (const name of names.sort()) if (await isRun(join(folder, name))) runs.push(join(folder, name));
  if (runs.length === 0) {
    throw new GlossaError("unreadable-input", `${folder}: no run of glossa eval in it (no run.json)`);
  }
  return runs;
}
