/**
 * The leaderboard: every model on every data set under every protocol, as Markdown and plots. All of it is computed
 * from recorded runs; what has not been run, or not to its end, is said.
 */
import type { Interval } from "../eval/bootstrap.ts";
import type { IntervalMetricName } from "../eval/records.ts";
import { leaderboardPlots } from "./leaderboard-plots.ts";
import {
  type LeaderboardResult,
  type LeaderboardRun,
  newest,
  pooledInterval,
  timeOf,
} from "./leaderboard-runs.ts";
import { systemsSection, type TrainedSystem } from "./leaderboard-systems.ts";
import { metricTexts } from "./metric-names.ts";
import { count, counted, decimal, duration, noValue } from "./numbers.ts";
import { protocolName } from "./run-names.ts";

export interface Leaderboard {
  markdown: string;
  /** SVG files by their name; `markdown` refers to them in the folder `plots`. */
  plots: ReadonlyMap<string, string>;
}

/** List size of the metric that models are ranked by. */
const primaryListSize = 1000;

/**
 * @param command what makes the whole leaderboard
 * @param trained runs of GLCLAP's systems
 */
export function renderLeaderboard(
  runs: readonly LeaderboardRun[],
  command: string,
  trained: readonly TrainedSystem[] = [],
): Leaderboard {
  const recognition = runs.filter(({ retrieval }) => retrieval === null);
  const plots = leaderboardPlots(recognition);
  const measured = recognition.filter(({ results }) => results.length > 0);
  const parts = [
    "# Leaderboard",
    introduction(runs, command),
    runs.every(({ results }) => results.length === 0) ? "Nothing has been measured yet." : "",
    measured.length === 0 ? "" : ranking(recognition),
    ...[...plots].map(([file, { title }]) => `![${title}](plots/${file})`),
    ...unique(measured.map(({ set }) => set)).map((set) =>
      setSection(recognition.filter((run) => run.set === set)),
    ),
    retrievalSection(runs.filter(({ retrieval }) => retrieval !== null)),
    systemsSection(trained),
    commands(runs),
  ];
  return {
    markdown: `${parts.filter((part) => part !== "").join("\n\n")}\n`,
    plots: new Map([...plots].map(([file, { svg }]) => [file, svg])),
  };
}

function introduction(runs: readonly LeaderboardRun[], command: string): string {
  const latest = runs.flatMap(({ results }) => newest(results) ?? []);
  const done = runs.filter((run) => isComplete(run, newest(run.results))).length;
  const machines = unique(
    latest.map(
      ({ run: { machine } }) =>
        `${machine.cpu}, ${counted(machine.cores, "core")}, ${machine.platform}, Node ${machine.node}`,
    ),
  );
  const dates = latest.map(dateOf).sort();
  const hours = latest.reduce((sum, result) => sum + result.hours, 0);
  const lines = [
    `Made by \`${command}\`; nothing here is typed by hand. Complete runs: ${done} of ${runs.length}.${done < runs.length ? " What is not complete is missing below, or says how many of its utterances it holds." : ""}`,
  ];
  if (latest.length > 0) {
    lines.push(
      `${duration(hours * 3600)} of audio, measured ${dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`} on ${machines.join("; ")}.`,
    );
  }
  lines.push(
    "Rates are in percent, with 95 % bootstrap intervals by utterance in brackets; speed is seconds of audio per second of computing. How each is computed stands in [the metrics](metrics.md), what the protocols are in [the evaluation](evaluation.md).",
  );
  return lines.join("\n\n");
}

/** Models by their primary metric; those that lack a part of it follow without a rank. */
function ranking(runs: readonly LeaderboardRun[]): string {
  const pool = runs.filter(
    ({ language, terms, listSize }) =>
      language === "en" && terms === "own+distractors" && listSize === primaryListSize,
  );
  if (pool.length === 0) return "";
  const sets = unique(pool.map(({ set }) => set));
  const releases = unique(runs.flatMap(({ results }) => results.map(({ run }) => run.glossaVersion)));
  const rows = unique(pool.map(({ model }) => model))
    .flatMap((model) =>
      releases.map((release) => {
        const own = pool.filter((run) => run.model === model);
        const plain = runs.filter(
          (run) => run.model === model && run.terms === "none" && sets.includes(run.set),
        );
        return { model, release, with: pooled(own, release), without: pooled(plain, release) };
      }),
    )
    .filter((row) => row.with.results.length > 0)
    .sort(
      (left, right) =>
        Number(right.with.isComplete) - Number(left.with.isComplete) ||
        (left.with.metric("bWer")?.value ?? Infinity) - (right.with.metric("bWer")?.value ?? Infinity),
    );
  const lines = rows.map(({ model, release, with: biased, without }, index) => [
    biased.isComplete ? String(index + 1) : noValue,
    intervalCell(biased.metric("bWer"), 2),
    model,
    intervalCell(without.metric("bWer"), 2),
    intervalCell(biased.metric("uWer"), 2),
    intervalCell(biased.metric("wer"), 2),
    intervalCell(biased.metric("termPrecision"), 1),
    speedCell(biased.metric("realTimeFactor")),
    coverage(biased.utterances, biased.planned),
    release,
    biased.results.map(dateOf).sort().at(-1) ?? noValue,
  ]);
  const header = [
    "#",
    "B-WER",
    "Model",
    "B-WER without terms",
    "U-WER",
    "WER",
    "Term precision",
    "Speed",
    "Utterances",
    "Release",
    "Date",
  ];
  return `## Words of the glossary in English

The primary metric: errors on the words of an utterance's own terms (B-WER) when these stand among ${count(primaryListSize)} terms that are not spoken, over ${sets.map((set) => `\`${set}\``).join(", ")} together. Lower is better.

${markdownTable(header, lines)}`;
}

/** Several sets taken together, as one release has them. */
function pooled(runs: readonly LeaderboardRun[], release: string) {
  const results = runs.flatMap((run) => run.results.filter(({ run }) => run.glossaVersion === release));
  const utterances = results.reduce((sum, { sums }) => sum + sums.length, 0);
  const planned = runs.reduce((sum, { setUtterances }) => sum + setUtterances, 0);
  return {
    results,
    utterances,
    planned,
    isComplete: utterances === planned,
    metric: (name: IntervalMetricName) => pooledInterval(results, name),
  };
}

const setMetrics: readonly IntervalMetricName[] = [
  "wer",
  "cer",
  "bWer",
  "uWer",
  "termRecall",
  "termPrecision",
  "falseInsertionsPerHour",
  "caseAccuracy",
  "keywordRecall",
];

/** One table a set: models under each other, their protocols within. */
function setSection(runs: readonly LeaderboardRun[]): string {
  const rows = runs.flatMap((run) => {
    const result = newest(run.results);
    return result === undefined ? [] : [{ ...run, result }];
  });
  const metrics = setMetrics.filter((name) => rows.some(({ result }) => result.metrics[name] !== null));
  const lines = rows.map(({ model, terms, listSize, setUtterances, result }) => [
    model,
    protocolName({ terms, listSize: terms === "all" ? result.run.settings.listSize : listSize }),
    ...metrics.map((name) =>
      intervalCell(result.intervals[name], name in { wer: 0, cer: 0, bWer: 0, uWer: 0 } ? 2 : 1),
    ),
    speedCell(result.intervals.realTimeFactor),
    result.metrics.peakMemoryMegabytes === null
      ? noValue
      : `${decimal(result.metrics.peakMemoryMegabytes, 0)} MB`,
    `${coverage(result.sums.length, setUtterances)}${result.failed > 0 ? `, ${result.failed} failed` : ""}`,
  ]);
  const names = metrics.map((name) => metricTexts[name].name);
  return `## ${runs[0].set}\n\n${markdownTable(["Model", "Terms", ...names, "Speed", "Memory", "Utterances"], lines)}`;
}

const retrievalMetrics: readonly IntervalMetricName[] = [
  "topOneRecall",
  "recallAtTruePlusFive",
  "retrievalRecall",
  "retrievalPrecision",
  "retrievalF1",
  "termsKept",
];

/** One table of all sets: which terms are spoken, without recognition. */
function retrievalSection(runs: readonly LeaderboardRun[]): string {
  const lines = runs.flatMap((run) => {
    const { set, model, terms, listSize, retrieval, setUtterances } = run;
    const result = newest(run.results);
    if (result === undefined) return [];
    return [
      [
        set,
        model,
        protocolName({ terms, listSize: terms === "all" ? result.run.settings.listSize : listSize }),
        retrieval === "both" ? "sounds and text" : "sounds",
        ...retrievalMetrics.map((name) => intervalCell(result.intervals[name], 1)),
        speedCell(result.intervals.realTimeFactor),
        coverage(result.sums.length, setUtterances),
      ],
    ];
  });
  if (lines.length === 0) return "";
  const names = retrievalMetrics.map((name) => metricTexts[name].name);
  return `## Terms found in the speech

Which terms are spoken, without recognising anything, or with a quick pass of the model as a second opinion ([retrieval](retrieval.md)).

${markdownTable(["Set", "Model", "Terms", "By", ...names, "Speed", "Utterances"], lines)}`;
}

function commands(runs: readonly LeaderboardRun[]): string {
  return `## The commands\n\nEach run by itself; what is missing above has not been run yet.\n\n<details><summary>${counted(runs.length, "command")}</summary>\n\n${runs.map(({ command }) => `    ${command}`).join("\n")}\n\n</details>`;
}

function dateOf(result: LeaderboardResult): string {
  return timeOf(result).slice(0, 10);
}

function isComplete({ setUtterances }: LeaderboardRun, result: LeaderboardResult | undefined): boolean {
  return result?.sums.length === setUtterances;
}

function coverage(done: number, planned: number): string {
  return done === planned ? count(done) : `${count(done)} of ${count(planned)}`;
}

function intervalCell(interval: Interval | null, decimals: number): string {
  if (interval === null) return noValue;
  const { value, low, high } = interval;
  return `${decimal(value, decimals)} (${decimal(low, decimals)}–${decimal(high, decimals)})`;
}

function speedCell(interval: Interval | null): string {
  return interval === null ? noValue : `${decimal(interval.value, 1)} ×`;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
