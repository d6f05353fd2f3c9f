/**
 * `glossa prune`: from thousands of terms to those that are spoken, with scores, times and what was heard there.
 */
import { prune as choose, type PrunedTerm, thresholdForTexts } from "../retrieval/prune.ts";
import { TermMatcher, type TermMatch } from "../retrieval/term-matcher.ts";
import type { Word } from "../transcript/transcript.ts";
import { untilAborted } from "./abortable.ts";
import { type KeepOptions, keepRule } from "./arguments.ts";
import type { ContextOptions } from "./context.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { loadRecogniser, type LoadingOptions } from "./load-recogniser.ts";
import { checkReadable } from "./outputs.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";
import { readWantedTerms } from "./wanted-terms.ts";

/** The options as the command line names them. */
export interface PruneCommandOptions extends ContextOptions, LoadingOptions, KeepOptions {
  terms?: string[];
  term?: string[];
  language?: string;
  json?: boolean;
  quiet?: boolean;
}

/** What was heard in a window, the best hypothesis first. */
type Hypotheses = readonly (readonly Word[])[];

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError when there are no terms, or the context, the model or the input cannot be read
 */
export async function prune(
  input: string,
  options: PruneCommandOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const terms = await readWantedTerms(options, screen, signal);
  await checkReadable(input);
  const matcher = new TermMatcher(terms);
  const heard = await hear(input, options, environment, screen);
  if (heard === null) return exitCodes.interrupted;
  const stretches = heard.map((hypotheses) => ({
    start: hypotheses[0]![0]!.start,
    end: hypotheses[0]!.at(-1)!.end,
    ...choose(matcher.match(hypotheses), keepRule(options, thresholdForTexts)),
  }));
  const kept = stretches.flatMap((stretch) => stretch.kept);
  if (options.json) {
    const result = stretches.map((stretch) => ({
      start: stretch.start,
      end: stretch.end,
      kept: stretch.kept.map(describe),
      dropped: stretch.dropped.map(describe),
    }));
    await screen.print(`${JSON.stringify({ terms: terms.length, stretches: result }, null, 2)}\n`);
  } else {
    const rows = kept.flatMap(({ term, matches }) => matches.map((match) => ({ ...match, text: term.text })));
    rows.sort((a, b) => a.start - b.start);
    const lines = rows.map(({ text, score, start, end, heard }) =>
      [text, score.toFixed(2), start.toFixed(1), end.toFixed(1), heard].join("\t"),
    );
    await screen.print(["term\tscore\tstart\tend\theard", ...lines].map((line) => `${line}\n`).join(""));
  }
  const count = new Set(kept.map(({ term }) => term.text)).size;
  await screen.note(
    `${count} of ${terms.length} terms in ${formatClock(stretches.at(-1)?.end ?? 0)} of speech`,
  );
  return exitCodes.success;
}

/** What a first pass without terms heard, window by window; null when interrupted. */
async function hear(
  input: string,
  options: PruneCommandOptions,
  environment: Environment,
  screen: Screen,
): Promise<Hypotheses[] | null> {
  const { signal } = environment;
  const recogniser = await loadRecogniser(options, environment, screen);
  const heard: Hypotheses[] = [];
  const started = performance.now();
  const stream = recogniser.stream(input, { language: options.language, alternatives: true, signal });
  const events = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await untilAborted(events.next(), signal);
      if (next.done || next.value.type === "transcript") return heard;
      if (next.value.type === "alternatives") heard.push(next.value.alternatives);
      else if (next.value.type === "progress") {
        screen.showRecognition(input, next.value.progress, (performance.now() - started) / 1000);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return null;
  } finally {
    events.return?.().catch(() => {});
    screen.hideProgress();
    await untilAborted(recogniser[Symbol.asyncDispose](), signal).catch(() => {});
  }
}

function describe({ term, score, matches }: PrunedTerm<TermMatch>) {
  return {
    term: term.text,
    source: term.source,
    score: rounded(score),
    matches: matches.map(({ start, end, heard, score: probability, evidence }) => ({
      start: rounded(start),
      end: rounded(end),
      heard,
      score: rounded(probability),
      evidence: Object.fromEntries(
        Object.entries(evidence).map(([name, value]) => [name, rounded(value as number)]),
      ),
    })),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
