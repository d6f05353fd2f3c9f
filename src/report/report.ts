/**
 * Runs of `glossa eval` as one HTML page that needs nothing else: numbers with intervals, curves, what became of the
 * terms, aligned words with the recordings, runs side by side. Everything in it comes from the records of the runs.
 */
import { createHash } from "node:crypto";
import type { RunScore } from "../eval/records.ts";
import { GlossaError } from "../errors.ts";
import type { Clips } from "./clips.ts";
import { comparison } from "./comparison.ts";
import { confidence } from "./confidence.ts";
import { confusions } from "./confusions.ts";
import { curves } from "./curves.ts";
import { headline, runTable } from "./headline.ts";
import { Markup, markup } from "./markup.ts";
import { counted, duration } from "./numbers.ts";
import { Playback } from "./playback.ts";
import { provenance } from "./provenance.ts";
import { runNames, runTitle } from "./run-names.ts";
import { pageScript } from "./script.ts";
import { pageStyle } from "./style.ts";
import { termTables } from "./terms.ts";
import { type NamedRun, utteranceList } from "./utterances.ts";

export interface ReportOptions {
  /** Where the page finds the recordings (see `linkClips`, `embedClips`); those not in it cannot be played. */
  clips?: Clips;
  /** The command that made the report, as typed. */
  command?: string;
}

interface Section {
  id: string;
  title: string;
  content: Markup | null;
}

/**
 * Renders the report of one run or of several. Runs over the same data set are compared with the first of them.
 *
 * @returns the page, with no reference to anything outside but the recordings
 * @throws GlossaError `invalid-argument` without runs
 */
export function renderReport(runs: readonly RunScore[], options: ReportOptions = {}): string {
  if (runs.length === 0) throw new GlossaError("invalid-argument", "a report needs at least one run");
  const sets = groupBySet(runs);
  const playback = new Playback(options.clips ?? new Map());
  const sections = reportSections(sets, playback, options.command ?? null).filter(
    (section) => section.content !== null,
  );
  const title =
    runs.length === 1
      ? runTitle(runs[0].run)
      : `${[...sets.keys()].join(", ")}: ${counted(runs.length, "run")}`;
  return page(title, subtitle(runs, sets.size), sections, playback.embedded());
}

function groupBySet(runs: readonly RunScore[]): ReadonlyMap<string, readonly NamedRun[]> {
  const sets = new Map<string, RunScore[]>();
  for (const score of runs) sets.set(score.run.set, [...(sets.get(score.run.set) ?? []), score]);
  return new Map(
    [...sets].map(([set, scores]) => {
      const names = runNames(scores);
      return [set, scores.map((score, index): NamedRun => ({ name: names[index], score }))];
    }),
  );
}

function reportSections(
  sets: ReadonlyMap<string, readonly NamedRun[]>,
  playback: Playback,
  command: string | null,
): Section[] {
  const perSet = (render: (runs: readonly NamedRun[], set: string) => Markup | null) => {
    const parts = [...sets].flatMap(([set, runs]) => {
      const content = render(runs, set);
      return content === null ? [] : [markup`${sets.size > 1 && markup`<h3>${set}</h3>`}${content}`];
    });
    return parts.length === 0 ? null : markup`${parts}`;
  };
  const all = [...sets].flatMap(([set, runs]) =>
    runs.map(({ name, score }) => ({ name: sets.size > 1 ? `${set}: ${name}` : name, score })),
  );
  return [
    {
      id: "numbers",
      title: "Numbers",
      content: perSet((runs) => (runs.length === 1 ? headline(runs[0].score) : runTable(runs))),
    },
    { id: "curves", title: "Curves", content: curves(all.map(({ score }) => score)) },
    {
      id: "comparison",
      title: "Comparison",
      content: perSet((runs) => (runs.length === 1 ? null : comparison(runs))),
    },
    {
      id: "terms",
      title: "Terms",
      content: perRun(all, ({ score }) => (hasTerms(score) ? termTables(score, playback) : null)),
    },
    {
      id: "utterances",
      title: "Utterances",
      content: markup`${all.some(({ score }) => score.utterances.some(({ errors }) => errors !== null)) && key}${perSet((runs, set) => utteranceList(set, runs, playback))}`,
    },
    {
      id: "confusions",
      title: "Confused words",
      content: perRun(all, ({ score }) =>
        score.mostConfused.length > 0 ? confusions(score.mostConfused) : null,
      ),
    },
    {
      id: "confidence",
      title: "Confidence",
      content: perRun(all, ({ score }, index) =>
        score.calibration === null ? null : confidence(score.calibration, `reliability-${index}`),
      ),
    },
    { id: "how", title: "How it was made", content: provenance(all, command) },
  ];
}

function hasTerms({ utterances }: RunScore): boolean {
  return utterances.some(
    ({ referenceTerms, hypothesisTerms }) =>
      (referenceTerms?.length ?? 0) + (hypothesisTerms?.length ?? 0) > 0,
  );
}

/** One run is shown open; of several each is a fold, the first of them open. Null where no run has anything to show. */
function perRun(
  named: readonly NamedRun[],
  render: (run: NamedRun, index: number) => Markup | null,
): Markup | null {
  const parts = named.flatMap((run, index) => {
    const content = render(run, index);
    return content === null ? [] : [{ name: run.name, content }];
  });
  if (parts.length === 0) return null;
  if (named.length === 1) return parts[0].content;
  return markup`${parts.map(({ name, content }, index) => markup`<details${index === 0 && markup` open`}><summary>${name}</summary>${content}</details>`)}`;
}

const key = markup`<p>Words that were heard as they were said stand once. Of an error, what was said stands above what was heard. Words of terms are underlined.</p><ul class="key"><li><span class="e s"><del>said</del><ins>heard</ins></span> taken for another</li><li><span class="e d"><del>said</del></span> left out</li><li><span class="e i"><ins>heard</ins></span> put in</li></ul>`;

function subtitle(runs: readonly RunScore[], setCount: number): string {
  const utterances = Math.max(...runs.map((run) => run.utterances.length));
  const hours = Math.max(...runs.map((run) => run.hours));
  const size = `${counted(utterances, "utterance")}, ${duration(hours * 3600)} of audio`;
  if (setCount > 1) return `${counted(setCount, "data set")}, ${counted(runs.length, "run")}`;
  const unfinished = runs.filter(({ run, utterances }) => utterances.length < run.utterances).length;
  return unfinished === 0 ? size : `${size}; ${counted(unfinished, "run")} not finished`;
}

function page(title: string, subtitle: string, sections: readonly Section[], embedded: Markup[]): string {
  const hash = createHash("sha256").update(pageScript).digest("base64");
  // Even if text of a recording became markup, it could not run or call out.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; media-src * data: file:; base-uri 'none'; form-action 'none'`;
  return markup`${new Markup("<!doctype html>")}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} · Glossa evaluation</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<a class="skip" href="#numbers">To the numbers</a>
<header><p class="kicker">Glossa evaluation</p><h1>${title}</h1><p class="note">${subtitle}</p></header>
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>${sections.map(({ id, title, content }) => markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>\n`)}</main>
<footer><p>How every number is defined stands in docs/metrics.md of Glossa.</p></footer>
<div id="player" hidden><p></p><audio controls></audio></div>
<div hidden>${embedded}</div>
<script>${new Markup(pageScript)}</script>
</body>
</html>
`.source;
}
