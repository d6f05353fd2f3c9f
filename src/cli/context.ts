/**
 * What a command is told about a recording: documents, slides with times, history, people. Read once for all inputs.
 */
import type { ContextDocument } from "../context/documents/document.ts";
import { readContext } from "../context/documents/read-context.ts";
import { DocumentBuilder } from "../context/documents/document.ts";
import { extractTerms } from "../context/extraction/extract-terms.ts";
import { historyText, raiseTermsSaid, readHistory, type Turn } from "../context/history.ts";
import { defaultSlideWindow, readSlideTimes, SlideTerms, slideTimesOf } from "../context/slide-times.ts";
import { parseTerm } from "../context/term-list.ts";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";

/** The options as the command line names them. */
export interface ContextOptions {
  context?: string[];
  about?: string;
  participant?: string[];
  history?: string;
  slides?: string;
  slideTimes?: string;
  slideWindow?: number;
  pictures?: boolean;
}

export interface CommandContext {
  /** The terms of all documents, the best first; those that were said before weigh more. */
  readonly terms: readonly Term[];
  /** The terms of slides that are shown at known times, or null. */
  readonly slides: SlideTerms | null;
  /** What was said before; empty when nothing is known. */
  readonly history: string;
  /** What was not read and why. */
  readonly warnings: readonly string[];
}

/** @throws GlossaError `invalid-argument` when something that was named cannot be read */
export async function readCommandContext(
  options: ContextOptions,
  signal: AbortSignal,
): Promise<CommandContext> {
  if (
    (options.slideTimes !== undefined || options.slideWindow !== undefined) &&
    options.slides === undefined
  ) {
    throw new GlossaError("invalid-argument", "--slide-times and --slide-window need --slides FILE");
  }
  try {
    return await readAll(options, signal);
  } catch (error) {
    if (!(error instanceof GlossaError)) throw error;
    throw new GlossaError("invalid-argument", error.message, { cause: error });
  }
}

async function readAll(options: ContextOptions, signal: AbortSignal): Promise<CommandContext> {
  const reading = { signal, ...(options.pictures === false && { pictureLanguages: [] }) };
  const { documents, warnings } = await readContext(options.context ?? [], reading);
  const slides = options.slides === undefined ? null : await readContext(options.slides, reading);
  const turns: readonly Turn[] = options.history === undefined ? [] : await readHistory(options.history);
  const people = (options.participant ?? []).map((name) => parseTerm(name, "--participant"));
  const all = [...documents, ...(options.about === undefined ? [] : [aboutDocument(options.about)])];
  const extracted: readonly Term[] = extractTerms(slides ? [...all, ...slides.documents] : all);
  const timed = slides ? await slidesInTime(slides.documents, options) : null;
  return {
    terms: raiseTermsSaid(withoutDuplicates([...people, ...extracted]), turns),
    slides: timed,
    history: historyText(turns),
    warnings: [...warnings, ...(slides?.warnings ?? [])],
  };
}

async function slidesInTime(
  documents: readonly ContextDocument[],
  { slides, slideTimes, slideWindow = defaultSlideWindow }: ContextOptions,
): Promise<SlideTerms | null> {
  const [deck, ...others] = documents;
  if (deck === undefined || others.length > 0) {
    throw new GlossaError("invalid-argument", `--slides: ${slides} is a folder; give the file of the slides`);
  }
  const shown = slideTimes === undefined ? slideTimesOf(deck) : await readSlideTimes(slideTimes);
  const last = Math.max(
    ...deck.parts
      .filter(({ place }) => place.unit === "slide" || place.unit === "page")
      .map(({ place }) => place.number),
  );
  const beyond = shown.find(({ slide }) => slide > Math.max(last, deck.pages));
  if (slideTimes !== undefined && last > 0 && beyond) {
    throw new GlossaError(
      "invalid-argument",
      `${slideTimes}: there is no slide ${beyond.slide}; ${slides} has ${Math.max(last, deck.pages)}`,
    );
  }
  // Without times, slides are documents like any other.
  return shown.length === 0 ? null : new SlideTerms(extractTerms([deck]), deck, shown, slideWindow);
}

function aboutDocument(text: string): ContextDocument {
  const builder = new DocumentBuilder("--about");
  for (const [index, line] of text.split("\n").entries()) {
    builder.add(line, "text", { unit: "line", number: index + 1 });
  }
  return builder.finish("text");
}

function withoutDuplicates(terms: readonly Term[]): Term[] {
  const seen = new Set<string>();
  return terms.filter((term) => {
    const isNew = !seen.has(term.text);
    seen.add(term.text);
    return isNew;
  });
}

/** The user's own terms, and those of the context that are not among them. */
export function withContext(own: readonly Term[], context: readonly Term[]): readonly Term[] {
  const known = new Set(own.map((term) => term.text));
  return [...own, ...context.filter((term) => !known.has(term.text))];
}
