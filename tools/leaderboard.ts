/**
 * The leaderboard: `glossa eval` with every model on every data set of a folder, then `docs/leaderboard.md` and its plots.
 *
 *     npm run leaderboard -- [--data ../shared/data] [--model ID]… [--set NAME]… [--limit N] [--runs DIR] [--trainings DIR] [--output DIR]
 *                            [--retrieval-only] [--offline] [--render-only]
 *
 * Runs are recorded as they go: stopped at any time, the same command goes on. Finished runs of the same release are not
 * made again. `--model`, `--set` restrict what is run, not what is rendered; `--limit` takes the first utterances of
 * every set, recorded apart from whole runs. `--retrieval-only` leaves out recognition.
 *
 * Runs of the recipe `glclap` in `--trainings` (runs/glclap: `glossa train recipes/glclap.json --set system=… --output runs/glclap/…`) are
 * shown too.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { exitCodes } from "../src/cli/exit-codes.ts";
import { loadDataSet, type DataSet } from "../src/eval/datasets/load-data-set.ts";
import type { RunRecord, TermsProtocol } from "../src/eval/records.ts";
import { readRun } from "../src/eval/run-folder.ts";
import { scoreRun } from "../src/eval/score-run.ts";
import { retrievalFinders } from "../src/recognise/options.ts";
import { renderLeaderboard } from "../src/report/leaderboard.ts";
import {
  type LeaderboardResult,
  type LeaderboardRun,
  leaderboardResult,
  retrievalOf,
} from "../src/report/leaderboard-runs.ts";
import { type TrainedSystem, trainedSystemSchema } from "../src/report/leaderboard-systems.ts";
import { modelsWithHead } from "../src/retrieval/head-files.ts";
import { isRecogniser } from "../src/weights/manifest.ts";
import { runFiles } from "../src/train/run-folder.ts";
import { listModels } from "../src/weights/model-store.ts";

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    model: { type: "string", multiple: true },
    set: { type: "string", multiple: true },
    limit: { type: "string" },
    runs: { type: "string", default: "runs/leaderboard" },
    trainings: { type: "string", default: "runs/glclap" },
    output: { type: "string", default: "docs" },
    "retrieval-only": { type: "boolean", default: false },
    offline: { type: "boolean", default: false },
    "render-only": { type: "boolean", default: false },
  },
});
const limit = options.limit === undefined ? null : Number(options.limit);
if (limit !== null && !(Number.isInteger(limit) && limit > 0)) {
  throw new Error(`--limit must be a whole number above 0, not ${options.limit}`);
}
const runsRoot = limit === null ? options.runs : `${options.runs}-limit-${limit}`;
const release = (JSON.parse(await readFile("package.json", "utf8")) as { version: string }).version;
const runsFolder = join(runsRoot, release);

const distractorSizes = [100, 500, 1000, 2000];
/** List sizes that retrieval is measured with. */
const retrievalSizes = [1000, 2000];
/** Sets of fewer recordings say too little about distractors for the time that they take. */
const fewestForDistractors = 10;
/** What distractors are drawn from, by language. */
const distractorLists: Readonly<Record<string, string>> = {
  en: "all_rare_words.txt",
  zh: "zh_rare_words.txt",
};
/** Sets that come with one list for all utterances. */
const glossaries: Readonly<Record<string, string>> = { "en-names": "stamp_names.txt" };

interface Protocol {
  terms: TermsProtocol;
  listSize: number;
  retrieval?: LeaderboardRun["retrieval"];
  args: readonly string[];
}

interface PlannedRun extends Omit<LeaderboardRun, "results"> {
  /** Arguments of `glossa`. */
  args: readonly string[];
}

/** The protocols that suit a data set. */
function protocolsOf({ name, utterances }: DataSet, language: string): Protocol[] {
  const lists = join(options.data, "lists");
  const plain: Protocol = { terms: "none", listSize: 0, args: ["--terms", "none"] };
  if (name in glossaries) {
    const args = ["--terms", "all", "--glossary", join(lists, glossaries[name])];
    return [plain, { terms: "all", listSize: 0, args }];
  }
  const own: Protocol = { terms: "own", listSize: 0, args: ["--terms", "own"] };
  if (utterances.every(({ text }) => text === null)) {
    return [plain, own, { terms: "all", listSize: 0, args: ["--terms", "all"] }];
  }
  const hasTerms = utterances.some(({ terms, rareWords }) => (terms ?? rareWords ?? []).length > 0);
  if (!hasTerms) return [plain];
  if (utterances.length < fewestForDistractors || !(language in distractorLists)) return [plain, own];
  const distractors = join(lists, distractorLists[language]);
  const larger = distractorSizes.map((listSize): Protocol => {
    const args = [
      "--terms",
      "own+distractors",
      "--list-size",
      String(listSize),
      "--distractors",
      distractors,
    ];
    return { terms: "own+distractors", listSize, args };
  });
  return [plain, own, ...larger];
}

/** How retrieval is measured on a data set, with every model that has a letter head. */
function retrievalProtocolsOf(dataSet: DataSet, language: string): Protocol[] {
  const long = protocolsOf(dataSet, language).filter(
    ({ terms, listSize }) =>
      (terms === "all" && dataSet.name in glossaries) ||
      (terms === "own+distractors" && retrievalSizes.includes(listSize)),
  );
  return long.flatMap(({ args, ...protocol }) =>
    retrievalFinders.map((retrieval) => ({
      ...protocol,
      retrieval,
      args: [...args, "--retrieval-only", "--find-terms", retrieval],
    })),
  );
}

async function plan(): Promise<PlannedRun[]> {
  const models = (await listModels())
    .filter(({ manifest }) => isRecogniser(manifest))
    .sort((left, right) => left.bytes - right.bytes);
  const planned: PlannedRun[] = [];
  const headed = await modelsWithHead();
  for (const name of (await readdir(options.data)).sort()) {
    const manifest = join(options.data, name, "manifest.jsonl");
    if (!(await exists(manifest))) continue;
    const dataSet = await loadDataSet(manifest);
    const language = dataSet.utterances[0].language ?? "en";
    for (const { manifest: model } of models) {
      if (model.languages !== "multilingual" && !model.languages.includes(language)) continue;
      const protocols = [
        ...protocolsOf(dataSet, language),
        ...(headed.includes(model.id) ? retrievalProtocolsOf(dataSet, language) : []),
      ];
      for (const { terms, listSize, retrieval = null, args } of protocols) {
        const all = ["eval", manifest, "--model", model.id, ...args, "--output", runsFolder];
        if (limit !== null) all.push("--limit", String(limit));
        planned.push({
          set: dataSet.name,
          language,
          setUtterances: dataSet.utterances.length,
          model: model.id,
          terms,
          listSize,
          retrieval,
          args: all,
          command: ["glossa", ...all].join(" "),
        });
      }
    }
  }
  if (planned.length === 0) throw new Error(`no data set with a manifest.jsonl in ${options.data}`);
  return planned;
}

function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

/** A folder of recorded runs by what was run; of several the last in order of name. */
async function recordedRuns(folder: string): Promise<Map<string, { path: string; run: RunRecord }>> {
  const found = new Map<string, { path: string; run: RunRecord }>();
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const path = join(folder, name);
    if (!(await exists(join(path, "run.json")))) continue;
    const run = JSON.parse(await readFile(join(path, "run.json"), "utf8")) as RunRecord;
    const { model, terms, listSize } = run.settings;
    found.set(keyOf({ set: run.set, model, terms, listSize, retrieval: retrievalOf(run) }), { path, run });
  }
  return found;
}

function keyOf(run: Pick<PlannedRun, "set" | "model" | "terms" | "listSize" | "retrieval">) {
  const { set, model, terms, listSize, retrieval } = run;
  return JSON.stringify([set, model, terms, terms === "own+distractors" ? listSize : 0, retrieval]);
}

/** Runs `glossa`, in a process of its own: its peak memory is that of one run. */
async function glossa(args: readonly string[]): Promise<number> {
  const all = [...process.execArgv, "src/cli/main.ts", ...args, ...(options.offline ? ["--offline"] : [])];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "ignore", "inherit"] });
  const stop = () => child.kill();
  process.on("SIGTERM", stop);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? exitCodes.interrupted));
    });
  } finally {
    process.off("SIGTERM", stop);
  }
}

async function runAll(planned: readonly PlannedRun[]): Promise<string[]> {
  const wanted = planned.filter(
    ({ set, model, retrieval }) =>
      (options.set?.includes(set) ?? true) &&
      (options.model?.includes(model) ?? true) &&
      (retrieval !== null || !options["retrieval-only"]),
  );
  if (wanted.length === 0) throw new Error("no run fits --set and --model");
  const failures: string[] = [];
  // A terminal sends Ctrl-C to the run too, which keeps what is done; the rest here is rendering it.
  process.on("SIGINT", () => {});
  for (const [index, run] of wanted.entries()) {
    const recorded = (await recordedRuns(runsFolder)).get(keyOf(run));
    const title = `${index + 1}/${wanted.length} ${run.set}, ${run.model}, ${run.terms} ${run.listSize || ""}${run.retrieval ? `, retrieval by ${run.retrieval}` : ""}`;
    if (recorded !== undefined && recorded.run.finishedAt !== null) {
      console.error(`${title}: done before`);
      continue;
    }
    console.error(title);
    const exitCode = await glossa(run.args);
    if (exitCode === exitCodes.interrupted)
      return [...failures, "stopped; the same command goes on from here"];
    if (exitCode !== 0) failures.push(`exit code ${exitCode}: ${run.command}`);
  }
  return failures;
}

/** Every release that was measured, one folder each. */
async function readResults(planned: readonly PlannedRun[]): Promise<LeaderboardRun[]> {
  const results = new Map<string, LeaderboardResult[]>(planned.map((run) => [keyOf(run), []]));
  for (const version of (await readdir(runsRoot).catch(() => [])).sort()) {
    for (const [key, { path }] of await recordedRuns(join(runsRoot, version))) {
      const { run, utterances } = await readRun(path);
      if (utterances.length > 0) results.get(key)?.push(leaderboardResult(scoreRun(utterances, run)));
    }
  }
  return planned.map((run) => ({ ...run, results: results.get(keyOf(run))! }));
}

/** Finished runs of GLCLAP's systems, one folder each. */
async function trainedSystems(): Promise<TrainedSystem[]> {
  const folder = options.trainings;
  const found: TrainedSystem[] = [];
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const read = async (file: string) =>
      JSON.parse(await readFile(join(folder, name, file), "utf8")) as unknown;
    const parsed = trainedSystemSchema.safeParse({
      recipe: await read(runFiles.recipe),
      run: await read(runFiles.run),
    });
    if (parsed.success) found.push(parsed.data);
    else console.error(`${join(folder, name)}: no finished run of the recipe glclap with tests`);
  }
  return found;
}

const planned = await plan();
const failures = options["render-only"] ? [] : await runAll(planned);
const command = `npm run leaderboard -- --data ${options.data}${limit === null ? "" : ` --limit ${limit}`}`;
const { markdown, plots } = renderLeaderboard(await readResults(planned), command, await trainedSystems());
const plotsFolder = join(options.output, "plots");
await mkdir(plotsFolder, { recursive: true });
for (const [name, svg] of plots) await writeFile(join(plotsFolder, name), svg);
await writeFile(join(options.output, "leaderboard.md"), markdown);
console.error(`wrote ${relative(".", join(options.output, "leaderboard.md"))}`);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
