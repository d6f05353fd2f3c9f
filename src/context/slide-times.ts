/**
 * Slides in time: which slide is shown when, and what weight its terms and those of its neighbours have then.
 *
 * SlideSpeech (arXiv 2309.05396) compares windows of 1, 5 and 15 slides around the current one.
 */
import { readFile } from "node:fs/promises";
import Papa from "papaparse";
import { GlossaError } from "../errors.ts";
import type { ContextDocument } from "./documents/document.ts";
import type { ExtractedTerm } from "./extraction/extract-terms.ts";
import type { Term } from "./term.ts";
import { largestTermWeight } from "./term-list.ts";

/** A slide and when it is shown, in seconds from the start of the recording. */
export interface ShownSlide {
  /** From 1. */
  readonly slide: number;
  readonly start: number;
  /** Infinity for the last one. */
  readonly end: number;
}

export const defaultSlideWindow = 5;
/** What terms of the slide that is shown weigh more; it falls off to 1 at the edge of the window. */
const shownFactor = 2;

/**
 * Reads when slides are shown: a CSV or TSV with the columns slide, start and, if wanted, end; times in seconds or as
 * `12:34.5` or `1:02:03`. A header is optional.
 *
 * @throws GlossaError `unreadable-input`, or `invalid-argument` with the line for what is no time or slide
 */
export async function readSlideTimes(file: string): Promise<ShownSlide[]> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new GlossaError("unreadable-input", `${file}: ${code === "ENOENT" ? "no such file" : message}`, {
      cause,
    });
  }
  const { data } = Papa.parse<string[]>(content.replace(/^\uFEFF/u, ""), { skipEmptyLines: "greedy" });
  const rows = data.map((row, index) => ({ row, line: index + 1 }));
  if (rows[0] && Number.isNaN(Number(rows[0].row[0]))) {
    const header = rows.shift()!.row.map((name) => name.trim().toLowerCase());
    for (const [index, name] of ["slide", "start", "end"].entries()) {
      if (header.includes(name) && header[index] !== name) {
        throw new GlossaError(
          "invalid-argument",
          `${file}:1: the columns are slide, start and, if wanted, end, in this order, not "${header.join(",")}"`,
        );
      }
    }
  }
  const shown = rows.map(({ row, line }) => {
    const slide = Number(row[0]);
    const start = parseTime(row[1]);
    const end = row[2] === undefined || row[2].trim() === "" ? Infinity : parseTime(row[2]);
    if (!Number.isInteger(slide) || slide < 1 || start === null || end === null || end <= start) {
      throw new GlossaError(
        "invalid-argument",
        `${file}:${line}: expected slide,start or slide,start,end such as 3,1:20, not "${row.join(",")}"`,
      );
    }
    return { slide, start, end };
  });
  if (shown.length === 0) throw new GlossaError("invalid-argument", `${file}: holds no times of slides`);
  shown.sort((a, b) => a.start - b.start);
  return shown.map((entry, index) => ({
    ...entry,
    end: Math.min(entry.end, shown[index + 1]?.start ?? Infinity),
  }));
}

/** Seconds from `83.5`, `1:23.5` or `1:02:03`; null for anything else. */
function parseTime(text: string | undefined): number | null {
  const parts = /^\s*(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d+)?)\s*$/.exec(text ?? "");
  if (!parts) return null;
  return Number(parts[1] ?? 0) * 3600 + Number(parts[2] ?? 0) * 60 + Number(parts[3]);
}

/** The slides of a video, each shown from the time that it was seen first, as `readDocument` finds them. */
export function slideTimesOf(video: ContextDocument): ShownSlide[] {
  const starts = video.parts.filter((part) => part.place.unit === "second").map((part) => part.place.number);
  return starts.map((start, index) => ({ slide: index + 1, start, end: starts[index + 1] ?? Infinity }));
}

/** Terms whose weight depends on when something is said. */
export class SlideTerms {
  readonly #terms: readonly { readonly term: Term; readonly slides: readonly number[] }[];
  readonly #shown: readonly ShownSlide[];
  readonly #reach: number;

  /**
   * @param terms extracted from one document
   * @param window slides that count as near, the current one in the middle; 1 is the current slide alone
   */
  constructor(
    terms: readonly ExtractedTerm[],
    document: ContextDocument,
    shown: readonly ShownSlide[],
    window = defaultSlideWindow,
  ) {
    const isVideo = document.parts.some((part) => part.place.unit === "second");
    this.#shown = shown;
    this.#reach = Math.floor(window / 2);
    this.#terms = terms.map((term) => ({
      term: { text: term.text, spokenForms: term.spokenForms, weight: term.weight, source: term.source },
      slides: isVideo
        ? shown.filter(({ start, end }) => holds(document, term.text, start, end)).map(({ slide }) => slide)
        : term.pages.map(({ page }) => page),
    }));
  }

  /** The terms with their weights for a stretch of speech, in seconds. Terms of no near slide keep their weight. */
  termsAt(start: number, end: number): Term[] {
    const current = this.#shown
      .filter((entry) => entry.start < end && start < entry.end)
      .map(({ slide }) => slide);
    return this.#terms.map(({ term, slides }) => {
      let nearest = Infinity;
      for (const slide of slides)
        for (const now of current) nearest = Math.min(nearest, Math.abs(slide - now));
      if (nearest > this.#reach) return term;
      const factor = 1 + (shownFactor - 1) * (1 - nearest / (this.#reach + 1));
      return { ...term, weight: Math.min(largestTermWeight, term.weight * factor) };
    });
  }

  /** The terms of the slides within the window alone: what SlideSpeech gives as context. */
  nearTerms(start: number, end: number): Term[] {
    const current = this.#shown
      .filter((entry) => entry.start < end && start < entry.end)
      .map(({ slide }) => slide);
    return this.#terms
      .filter(({ slides }) =>
        slides.some((slide) => current.some((now) => Math.abs(slide - now) <= this.#reach)),
      )
      .map(({ term }) => term);
  }
}

function holds(document: ContextDocument, text: string, start: number, end: number): boolean {
  return document.parts.some(
    ({ place, text: shown }) =>
      place.number >= start && place.number < end && shown.toLowerCase().includes(text.toLowerCase()),
  );
}
