/**
 * The utterances of a data set, the worst first: what was said, what every run heard, and the recording. Of several
 * runs those utterances come first in which they differ the most.
 */
import { totalErrors } from "../eval/error-rates.ts";
import type { RunScore, UtteranceScore } from "../eval/records.ts";
import { alignedText } from "./alignment.ts";
import { type Markup, markup } from "./markup.ts";
import { counted, duration, percent } from "./numbers.ts";
import type { Playback } from "./playback.ts";

/** How many are shown before the fold: enough to see what goes wrong, few enough for a phone. */
const shownAtFirst = 50;

/** One run of a set, with its name where there are several. */
export interface NamedRun {
  name: string;
  score: RunScore;
}

/** The utterance as each of the runs has it, in their order; undefined for a run that does not have it. */
interface Row {
  id: string;
  place: number;
  versions: (UtteranceScore | undefined)[];
}

/** Address of an utterance within the page. */
export function utteranceAnchor(set: string, id: string): string {
  return `u-${encodeURIComponent(set)}-${encodeURIComponent(id)}`;
}

/** All utterances of runs over one data set. */
export function utteranceList(set: string, runs: readonly NamedRun[], playback: Playback): Markup {
  const rows = collectRows(runs).sort(
    (left, right) =>
      spread(right) - spread(left) || worst(right) - worst(left) || worstRate(right) - worstRate(left),
  );
  const cards = rows.map((row) => card(set, row, runs, playback));
  const rest = cards.length - shownAtFirst;
  return markup`<div class="utterance-list" data-shown="${shownAtFirst}">${controls(runs.length > 1)}<ol class="utterances">${cards.slice(0, shownAtFirst)}</ol>${
    rest > 0 &&
    markup`<details class="rest"><summary>${counted(rest, "more utterance")}</summary><ol class="utterances">${cards.slice(shownAtFirst)}</ol></details>`
  }</div>`;
}

function collectRows(runs: readonly NamedRun[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [index, { score }] of runs.entries()) {
    for (const [place, utterance] of score.utterances.entries()) {
      const { id } = utterance.record;
      const row = rows.get(id) ?? { id, place, versions: runs.map(() => undefined) };
      row.versions[index] = utterance;
      rows.set(id, row);
    }
  }
  return [...rows.values()];
}

/** Errors of an utterance; keywords that were not found where its text is not known. */
function badness({ errors, keywords }: UtteranceScore): number {
  return errors === null ? keywords.filter(({ found }) => !found).length : totalErrors(errors);
}

function badnesses({ versions }: Row): number[] {
  return versions.flatMap((version) => (version === undefined ? [] : [badness(version)]));
}

function worst(row: Row): number {
  return Math.max(...badnesses(row));
}

function spread(row: Row): number {
  return worst(row) - Math.min(...badnesses(row));
}

function worstRate({ versions }: Row): number {
  return Math.max(
    ...versions.map((version) => {
      if (version === undefined) return 0;
      const { errors, keywords } = version;
      return badness(version) / Math.max(1, errors?.referenceLength ?? keywords.length);
    }),
  );
}

function hasTermError({ referenceTerms, hypothesisTerms, keywords }: UtteranceScore): boolean {
  return (
    [...(referenceTerms ?? []), ...(hypothesisTerms ?? [])].some(({ correct }) => !correct) ||
    keywords.some(({ found }) => !found)
  );
}

function card(set: string, row: Row, runs: readonly NamedRun[], playback: Playback): Markup {
  const first = row.versions.find((version) => version !== undefined)!;
  const { record } = first;
  const speed = runs[row.versions.indexOf(first)].score.run.settings.perturbation.speed;
  const anchor = utteranceAnchor(set, row.id);
  const termError = row.versions.some((version) => version !== undefined && hasTermError(version));
  return markup`<li class="utterance" id="${anchor}" data-rate="${worstRate(row).toFixed(4)}" data-seconds="${record.durationSeconds}" data-place="${row.place}" data-worst="${worst(row)}"${termError && markup` data-terms="1"`}${spread(row) > 0 && markup` data-differs="1"`}><div class="facts">${playback.link(first, { speed, label: row.id })}<h3>${row.id}</h3> · ${duration(record.durationSeconds)}${runs.length === 1 && markup` · ${summary(first)}`}</div>${renderVersions(row, runs)}${asWritten(row, runs)}</li>`;
}

/** `3 errors in 12 tokens, 25.0 %`. */
function summary(utterance: UtteranceScore): string {
  const { errors, keywords } = utterance;
  if (errors === null) {
    const found = keywords.length - badness(utterance);
    return keywords.length === 0 ? "no reference" : `${found} of ${counted(keywords.length, "keyword")}`;
  }
  const rate = errors.referenceLength === 0 ? null : (100 * totalErrors(errors)) / errors.referenceLength;
  return `${counted(totalErrors(errors), "error")} in ${counted(errors.referenceLength, "token")}${rate === null ? "" : `, ${percent(rate, 1)}`}`;
}

/** What the runs heard; runs that heard the same stand together. */
function renderVersions({ versions }: Row, runs: readonly NamedRun[]): Markup[] {
  const namesByContent = new Map<string, { names: string[]; content: Markup }>();
  for (const [index, version] of versions.entries()) {
    const content = renderVersion(version);
    const entry = namesByContent.get(content.source) ?? { names: [], content };
    entry.names.push(version === undefined ? runs[index].name : `${runs[index].name}: ${summary(version)}`);
    namesByContent.set(content.source, entry);
  }
  return [...namesByContent.values()].map(
    ({ names, content }) =>
      markup`${runs.length > 1 && markup`<p class="run-name">${names.map((name, index) => markup`${index > 0 && markup`<br>`}${name}`)}</p>`}${content}`,
  );
}

function renderVersion(version: UtteranceScore | undefined): Markup {
  if (version === undefined) return markup`<p class="note">not in this run</p>`;
  const { error } = version.record;
  return markup`${error && markup`<p class="bad">Failed: ${error.message}</p>`}${version.errors === null ? heardOnly(version) : alignedText(version)}`;
}

/** An utterance without a reference: the text, and which keywords stand in it. */
function heardOnly({ record, keywords }: UtteranceScore): Markup {
  return markup`<p class="aligned" dir="auto" lang="${record.language}">${record.hypothesis}</p>${
    keywords.length > 0 &&
    markup`<p class="written">${keywords.map(({ keyword, found }) => (found ? markup`<span class="good">✓ ${keyword}</span> ` : markup`<span class="bad">✗ ${keyword}</span> `))}</p>`
  }`;
}

/** The texts before normalisation, for the spelling and the punctuation. */
function asWritten({ versions }: Row, runs: readonly NamedRun[]): Markup | null {
  const reference = versions.find((version) => version !== undefined)?.record.reference ?? null;
  if (reference === null) return null;
  const heard = versions.map(
    (version, index) =>
      version !== undefined &&
      markup`<p class="written"><b>${runs.length > 1 ? runs[index].name : "Heard"}:</b> <bdi>${version.record.hypothesis}</bdi></p>`,
  );
  return markup`<details><summary>as written</summary><p class="written"><b>Said:</b> <bdi>${reference}</bdi></p>${heard}</details>`;
}

function controls(several: boolean): Markup {
  return markup`<form class="controls" role="search" aria-label="Utterances"><label>Order <select name="order"><option value="">${several ? "greatest difference first" : "most errors first"}</option>${several && markup`<option value="worst">most errors first</option>`}<option value="rate">highest error rate first</option><option value="seconds">longest first</option><option value="place">as in the data set</option></select></label><label>Show <select name="only"><option value="">all</option><option value="terms">with an error on a term</option>${several && markup`<option value="differs">with different errors</option>`}</select></label><label>Find <input type="search" name="find"></label><span role="status"></span></form>`;
}
