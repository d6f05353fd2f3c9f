/**
 * Lists of terms: normalising, limits, duplicates, and putting several lists together.
 *
 * Nothing is left out in silence: whatever is left out or folded together is counted in a warning.
 */
import { GlossaError } from "../errors.ts";
import type { Term } from "./term.ts";

export interface TermList {
  terms: Term[];
  /** What was left out or folded together, one sentence each. */
  warnings: string[];
}

/** Longest term or spoken form in characters (UTF-16 units); a longer one is a stray sentence, not a term. */
export const longestTermCharacters = 200;
/** Largest weight that a term can have. */
export const largestTermWeight = 10;

/**
 * Puts several glossaries together. A term that stands in more than one keeps all its spoken forms and its
 * largest weight.
 */
export function mergeTerms(lists: readonly TermList[]): TermList {
  const warnings = lists.flatMap((list) => list.warnings);
  const { terms, duplicates } = foldDuplicates(lists.flatMap((list) => list.terms));
  if (duplicates > 0)
    warnings.push(`${countOf(duplicates, "term")} given more than once across the glossaries`);
  return { terms, warnings };
}

/**
 * A single term, as from `--term`.
 *
 * @throws GlossaError `invalid-terms` when it is empty or too long
 */
export function parseTerm(text: string, source: string): Term {
  const normalised = normaliseSpaces(text);
  if (normalised === "") throw new GlossaError("invalid-terms", `${source}: the term is empty`);
  if (normalised.length > longestTermCharacters) {
    throw new GlossaError(
      "invalid-terms",
      `${source}: a term has at most ${longestTermCharacters} characters, this one has ${normalised.length}`,
    );
  }
  return { text: normalised, spokenForms: [], weight: 1, source };
}

/**
 * Any run of spaces (no-break, full-width, tabs, controls) becomes one space; characters without width that come
 * along when text is copied from web pages vanish. Everything else stays as the user wrote it.
 */
function normaliseSpaces(text: string): string {
  // Nearly every term of a long list needs nothing.
  if (/^[!-~]+(?: [!-~]+)*$/.test(text)) return text;
  return text
    .replace(/[\u200B\u2060\uFEFF]/gu, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

/** Takes terms as they are read and keeps count of what is left out. */
export class TermCollector {
  readonly #source: string;
  readonly #terms: Term[] = [];
  readonly #tooLong: string[] = [];
  readonly #nameless: string[] = [];
  readonly warnings: string[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** @param place where the term stands, without the file: `12` or `[3]` */
  add(text: string, place: string, spokenForms: readonly string[] = [], weight = 1): void {
    const term = normaliseSpaces(text);
    const spoken = uniqueOf(spokenForms.map(normaliseSpaces).filter((form) => form !== ""));
    if (term === "") this.#nameless.push(place);
    else if ([term, ...spoken].some((form) => form.length > longestTermCharacters)) this.#tooLong.push(place);
    else {
      const source = place.startsWith("[") ? `${this.#source}${place}` : `${this.#source}:${place}`;
      this.#terms.push({ text: term, spokenForms: spoken, weight, source });
    }
  }

  finish(): TermList {
    const { terms, duplicates } = foldDuplicates(this.#terms);
    const warn = (message: string) => this.warnings.push(`${this.#source}: ${message}`);
    if (this.#tooLong.length > 0) {
      const what = `longer than ${longestTermCharacters} characters left out`;
      warn(`${countOf(this.#tooLong.length, "term")} ${what} (${someOf(this.#tooLong)})`);
    }
    if (this.#nameless.length > 0) {
      warn(
        `${countOf(this.#nameless.length, "entry", "entries")} without a term left out (${someOf(this.#nameless)})`,
      );
    }
    if (duplicates > 0)
      warn(`${countOf(duplicates, "duplicate")} folded into the first of the same spelling`);
    if (terms.length === 0) warn("holds no terms");
    return { terms, warnings: this.warnings };
  }
}

function foldDuplicates(terms: readonly Term[]): { terms: Term[]; duplicates: number } {
  const byText = new Map<string, Term>();
  for (const term of terms) {
    const first = byText.get(term.text);
    byText.set(
      term.text,
      first === undefined
        ? term
        : {
            ...first,
            spokenForms: uniqueOf([...first.spokenForms, ...term.spokenForms]),
            weight: Math.max(first.weight, term.weight),
          },
    );
  }
  return { terms: [...byText.values()], duplicates: terms.length - byText.size };
}

function uniqueOf(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)];
}

/** `1 term`, `2 terms`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** The first few places, so that a broken list of thousands does not fill the screen. */
function someOf(places: readonly string[]): string {
  const shown = places.slice(0, 5).join(", ");
  return `at ${shown}${places.length > 5 ? ", …" : ""}`;
}
