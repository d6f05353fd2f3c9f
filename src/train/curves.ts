/**
 * The log of a run as one HTML page that needs nothing else: losses, rates, metrics over the steps, and how the run was
 * made.
 */
import { lineChart } from "../report/line-chart.ts";
import { type Markup, Markup as FinishedMarkup, markup } from "../report/markup.ts";
import { count, counted, duration } from "../report/numbers.ts";
import { pageStyle } from "../report/style.ts";
import type { LogEntry, RunRecord } from "./run-folder.ts";

/** More points than pixels are not seen. */
const mostPoints = 300;

type StepEntry = Extract<LogEntry, { type: "step" }>;
type ValidationEntry = Extract<LogEntry, { type: "validation" }>;

interface Curve {
  name: string;
  points: { x: number; y: number }[];
}

/** @param entries of the log, in its order */
export function renderCurves(entries: readonly LogEntry[], run: RunRecord): string {
  const steps = entries.filter((entry): entry is StepEntry => entry.type === "step");
  const validations = entries.filter((entry): entry is ValidationEntry => entry.type === "validation");
  const warnings = entries.flatMap((entry) => (entry.type === "warning" ? [entry.message] : []));
  const along = (name: string, value: (step: StepEntry) => number): Curve => ({
    name,
    points: thinned(steps.map((step) => ({ x: step.step, y: value(step) }))),
  });
  const measured = (name: string): Curve => ({
    name: name === "loss" ? "validation" : name,
    points: validations.flatMap(({ step, numbers }) => {
      const y = numbers[name];
      return y === undefined || !Number.isFinite(y) ? [] : [{ x: step, y }];
    }),
  });
  const metrics = [...new Set(validations.flatMap(({ numbers }) => Object.keys(numbers)))].filter(
    (name) => name !== "loss",
  );
  const figures = [
    figure("Loss", [along("training", ({ loss }) => loss), measured("loss")]),
    ...metrics.map((name) => figure(name, [measured(name)])),
    figure("Gradient norm, before clipping", [along("norm", ({ gradientNorm }) => gradientNorm)]),
    figure("Learning rate", [along("rate", ({ learningRate }) => learningRate)]),
  ];
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const done = `${counted(steps.length, "step")} in ${duration(seconds)}`;
  const state =
    run.result === null ? "not finished" : run.result.ended === "early" ? "stopped early" : "finished";
  return markup`${new FinishedMarkup("<!doctype html>")}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${run.model} · Glossa training</title>
<style>${new FinishedMarkup(pageStyle)}</style>
</head>
<body>
<header><p class="kicker">Glossa training</p><h1>${run.model}</h1><p class="note">${done}, ${state}</p></header>
<main>
<section aria-labelledby="curves"><h2 id="curves">Curves</h2><div class="figures">${figures}</div></section>
${validations.length > 0 && validationTable(validations, metrics)}
<section aria-labelledby="how"><h2 id="how">How it was made</h2>${provenance(run)}</section>
${warnings.length > 0 && markup`<section aria-labelledby="warnings"><h2 id="warnings">Warnings</h2><ul>${warnings.map((message) => markup`<li>${message}</li>`)}</ul></section>`}
</main>
</body>
</html>
`.source;
}

function figure(title: string, curves: readonly Curve[]): Markup | null {
  const series = curves.filter(({ points }) => points.length > 0);
  if (series.length === 0) return null;
  const last = series.map(({ name, points }) => `${name} ${significant(points.at(-1)!.y)}`).join(", ");
  const chart = lineChart(series, {
    id: title.toLowerCase().replaceAll(/[^a-z]+/g, "-"),
    title,
    description: `At the end: ${last}.`,
    xLabel: "step",
    yLabel: "",
    dense: true,
  });
  return markup`<figure><figcaption><strong>${title}</strong>at the end: ${last}</figcaption>${chart}</figure>`;
}

function validationTable(validations: readonly ValidationEntry[], metrics: readonly string[]): Markup {
  const names = ["loss", ...metrics];
  const rows = validations.map(
    ({ step, epoch, numbers, isBest }) =>
      markup`<tr><td class="number">${count(step)}</td><td class="number">${epoch}</td>${names.map((name) => markup`<td class="number">${significant(numbers[name] ?? NaN)}</td>`)}<td>${isBest && "best so far"}</td></tr>`,
  );
  return markup`<section aria-labelledby="validations"><h2 id="validations">Validations</h2><div class="scroll"><table><thead><tr><th class="number">step</th><th class="number">epoch</th>${names.map((name) => markup`<th class="number">${name}</th>`)}<th></th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function provenance(run: RunRecord): Markup {
  const { machine } = run;
  const rows: [string, string][] = [
    ["Parameters", `${count(run.parameters)} trained`],
    ["Seed", String(run.seed)],
    [
      "Versions",
      Object.entries(run.versions)
        .map((pair) => pair.join(" "))
        .join(", "),
    ],
    [
      "Machine",
      `${machine.cpu}, ${counted(machine.cores, "core")}, ${machine.platform}, on ${machine.device}`,
    ],
    ["Started", run.startedAt],
    ...(run.finishedAt === null ? [] : [["Finished", run.finishedAt] satisfies [string, string]]),
  ];
  const best = run.result?.best;
  if (best) rows.unshift(["Best", `step ${count(best.step)}`]);
  return markup`<dl class="how">${rows.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl><p>The command that makes it again:</p><pre>${run.command}</pre>${run.final != null && markup`<p>Final numbers:</p><pre>${JSON.stringify(run.final, null, 2)}</pre>`}`;
}

/** As many points as can be told apart, each the mean of those it stands for. */
function thinned(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  const size = Math.ceil(points.length / mostPoints);
  return Array.from({ length: Math.ceil(points.length / Math.max(1, size)) }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    return { x: group.at(-1)!.x, y: group.reduce((sum, { y }) => sum + y, 0) / group.length };
  });
}

function significant(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "–";
}
