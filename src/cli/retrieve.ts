/**
 * `glossa retrieve`: which of thousands of terms are spoken, with scores and times, without recognition.
 */
import { writeFile } from "node:fs/promises";
import { GlossaError } from "../errors.ts";
import type { RetrievedMatch, RetrievedStretch, RetrieveOptions } from "../recognise/retriever.ts";
import { type PrunedTerm, retrievalThreshold } from "../retrieval/prune.ts";
import { drawTermMap } from "../report/term-map.ts";
import type { TermMapStretch } from "../retrieval/term-map.ts";
import { untilAborted } from "./abortable.ts";
import type { KeepOptions } from "./arguments.ts";
import type { ContextOptions } from "./context.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { type LoadingOptions, loadRetriever } from "./load-recogniser.ts";
import { checkReadable } from "./outputs.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";
import { readWantedTerms } from "./wanted-terms.ts";

/** The options as the command line names them. */
export interface RetrieveCommandOptions extends ContextOptions, LoadingOptions, KeepOptions {
  terms?: string[];
  term?: string[];
  findTerms: RetrieveOptions["findTerms"];
  language?: string;
  json?: boolean;
  map?: string;
  head?: string;
  quiet?: boolean;
}

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError when there are no terms, or the context, the model, the head or the input cannot be read
 */
export async function retrieve(
  input: string,
  options: RetrieveCommandOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const terms = await readWantedTerms(options, screen, signal);
  await checkReadable(input);
  const retriever = await loadRetriever(options, environment, screen);
  const stretches: RetrievedStretch[] = [];
  const maps: TermMapStretch[] = [];
  const started = performance.now();
  try {
    const { unspellable } = await retriever.spotter(terms);
    for (const warning of unspellableWarning(unspellable, terms.length)) await screen.warn(warning);
    const found = retriever.retrieve(input, terms, {
      threshold: options.threshold,
      precision: options.precision,
      recall: options.recall,
      most: options.most,
      findTerms: options.findTerms,
      language: options.language,
      signal,
      onProgress: (progress) => screen.showRecognition(input, progress, (performance.now() - started) / 1000),
    });
    for (;;) {
      const next = await untilAborted(found.next(), signal);
      if (next.done) break;
      stretches.push(next.value);
      if (options.map !== undefined) maps.push(retriever.map(next.value));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return exitCodes.interrupted;
  } finally {
    screen.hideProgress();
    await untilAborted(retriever[Symbol.asyncDispose](), signal).catch(() => {});
  }
  if (options.map !== undefined) await writeMap(options.map, maps);
  await screen.print(options.json ? asJson(terms.length, stretches) : asTable(stretches, options));
  const count = new Set(stretches.flatMap(({ kept }) => kept.map(({ term }) => term.text))).size;
  const speech = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  await screen.note(`${count} of ${terms.length} terms in ${formatClock(speech)} of speech`);
  return exitCodes.success;
}

function unspellableWarning(unspellable: ReadonlyMap<{ text: string }, string>, count: number): string[] {
  if (unspellable.size === 0) return [];
  const examples = [...unspellable].slice(0, 3).map(([term, reason]) => `"${term.text}" (${reason})`);
  const more = unspellable.size > examples.length ? ", …" : "";
  return [
    `${unspellable.size} of ${count} terms cannot be looked for: ${examples.join(", ")}${more}; give them spoken forms`,
  ];
}

/** Every place of the terms that are kept, but for those where it is less probable than what would have been kept. */
function asTable(
  stretches: readonly RetrievedStretch[],
  { threshold = retrievalThreshold }: RetrieveCommandOptions,
): string {
  const rows = stretches.flatMap(({ kept }) => {
    const least = Math.min(threshold, kept.at(-1)?.score ?? threshold);
    return kept.flatMap(({ matches }) => matches.filter(({ score }) => score >= least));
  });
  rows.sort((a, b) => a.start - b.start);
  const lines = rows.map(({ term, score, start, end }) =>
    [term.text, score.toFixed(2), start.toFixed(2), end.toFixed(2)].join("\t"),
  );
  return ["term\tscore\tstart\tend", ...lines].map((line) => `${line}\n`).join("");
}

function asJson(terms: number, stretches: readonly RetrievedStretch[]): string {
  const result = stretches.map(({ start, end, kept, dropped }) => ({
    start,
    end,
    kept: kept.map(describe),
    dropped: dropped.map(describe),
  }));
  const round = (_: string, value: unknown) => (typeof value === "number" ? rounded(value) : value);
  return `${JSON.stringify({ terms, stretches: result }, round, 2)}\n`;
}

function describe({ term, score, matches }: PrunedTerm<RetrievedMatch>) {
  return {
    term: term.text,
    source: term.source,
    score,
    matches: matches.map(({ start, end, score: probability, evidence }) => ({
      start,
      end,
      score: probability,
      evidence,
    })),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

async function writeMap(path: string, maps: readonly TermMapStretch[]): Promise<void> {
  try {
    await writeFile(path, drawTermMap(maps));
  } catch (cause) {
    throw new GlossaError("write-failed", `${path}: ${(cause as Error).message}`, { cause });
  }
}
