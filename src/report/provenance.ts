/** How the runs were made: what somebody needs to make them again, and what is missing from them. */
import type { RunScore } from "../eval/records.ts";
import { describePerturbation } from "../eval/run-summary.ts";
import { type Markup, type MarkupValue, markup } from "./markup.ts";
import { counted, duration } from "./numbers.ts";
import { protocolName } from "./run-names.ts";
import { table } from "./table.ts";
import type { NamedRun } from "./utterances.ts";

export function provenance(named: readonly NamedRun[], command: string | null): Markup {
  const runs = named.map(({ score }) => score);
  const facts: [string, (score: RunScore) => MarkupValue][] = [
    ["Model", ({ run }) => run.settings.model],
    ["Data set", ({ run }) => run.set],
    ["Read from", ({ run }) => markup`<code>${run.settings.source}</code>`],
    ["Utterances", ({ run, utterances }) => completeness(utterances.length, run.utterances)],
    ["Audio", ({ hours }) => duration(hours * 3600)],
    ["Terms", ({ run }) => protocolName(run.settings)],
    ["Beam", ({ run }) => String(run.settings.beamSize ?? "the recogniser's default")],
    ["Language", ({ run }) => run.settings.language ?? "as each utterance says"],
    ["Recordings", ({ run }) => recordings(describePerturbation(run.settings.perturbation))],
    ["Seed", ({ run }) => String(run.settings.seed)],
    [
      "Machine",
      ({ run: { machine } }) => `${machine.cpu}, ${counted(machine.cores, "core")}, ${machine.platform}`,
    ],
    ["Software", ({ run }) => `Glossa ${run.glossaVersion}, Node ${run.machine.node}`],
    ["Begun", ({ run }) => time(run.startedAt)],
    ["Finished", ({ run }) => (run.finishedAt === null ? "not finished" : time(run.finishedAt))],
  ];
  const rows = facts.map(([name, fact]) => [name, ...runs.map(fact)]);
  const different = rows.filter(([, first, ...others]) => others.some((other) => !isSame(first, other)));
  const same = rows.filter((row) => !different.includes(row));
  return markup`${command !== null && markup`<pre><code>${command}</code></pre>`}<dl class="how">${same.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>${
    different.length > 0 &&
    table({
      caption: "What sets the runs apart.",
      columns: [{ name: "" }, ...named.map(({ name }) => ({ name }))],
      rows: different,
    })
  }${named.map(({ name, score }) => failures(score, named.length > 1 ? name : null))}`;
}

function isSame(first: MarkupValue, other: MarkupValue): boolean {
  return markup`${first}`.source === markup`${other}`.source;
}

function recordings(perturbation: string): string {
  return perturbation === "" ? "as they are" : `${perturbation}; the players play them as they were`;
}

function completeness(done: number, planned: number): string {
  return done === planned ? String(done) : `${done} of ${planned}: the run was stopped before its end`;
}

function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** What a run could not do, in full: nothing is left out in silence. */
function failures({ run, utterances }: RunScore, name: string | null): Markup | null {
  const failed = utterances.flatMap(({ record: { id, error } }) => (error ? [{ id, error }] : []));
  const warned = utterances.flatMap(({ record: { id, warnings } }) =>
    warnings.map((warning) => ({ id, warning })),
  );
  const lists: [string, Markup[]][] = [
    [
      `${counted(failed.length, "utterance")} failed and count as recognised with an empty text`,
      failed.map(({ id, error }) => markup`<li><b>${id}</b>: ${error.message} (${error.code})</li>`),
    ],
    [
      `${counted(run.skipped.length, "row")} of the data set could not be used and were skipped on request`,
      run.skipped.map((row) => markup`<li>${row}</li>`),
    ],
    [
      counted(warned.length, "warning"),
      warned.map(({ id, warning }) => markup`<li><b>${id}</b>: ${warning}</li>`),
    ],
  ];
  return markup`${lists
    .filter(([, items]) => items.length > 0)
    .map(
      ([title, items]) =>
        markup`<details><summary>${name !== null && `${name}: `}${title}</summary><ul>${items}</ul></details>`,
    )}`;
}
