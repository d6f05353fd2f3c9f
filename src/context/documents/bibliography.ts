/**
 * BibTeX and BibLaTeX: titles, people and keywords. LaTeX accents and braces become letters.
 */
import type { DocumentBuilder, Place } from "./document.ts";

const titleFields = ["title", "subtitle", "booktitle", "journal", "journaltitle", "series", "eventtitle"];
const textFields = ["abstract", "annotation", "note"];
const nameFields = ["keywords", "publisher", "institution", "school", "organization", "shorttitle"];
const personFields = ["author", "editor", "translator"];

interface Person {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly prefix?: string;
  readonly name?: string;
}

/** @throws GlossaError `unsupported-document` when there is no entry in it */
export async function addBibliography(text: string, builder: DocumentBuilder): Promise<void> {
  const { parse } = await import("@retorquere/bibtex-parser");
  let library: ReturnType<typeof parse>;
  try {
    library = parse(text, { sentenceCase: false });
  } catch (cause) {
    throw builder.refuse(`not a bibliography: ${(cause as Error).message}`, cause);
  }
  if (library.entries.length === 0 && library.errors.length > 0) {
    throw builder.refuse(`not a bibliography: ${library.errors[0]!.error}`);
  }
  if (library.errors.length > 0) {
    builder.warn(`${library.errors.length} broken entries were not read (${library.errors[0]!.error})`);
  }
  const lines = entryLines(text);
  for (const [index, entry] of library.entries.entries()) {
    if (builder.exhausted !== null) return;
    const place: Place = { unit: "line", number: lines.get(entry.key) ?? 1 };
    const fields = entry.fields as Record<string, unknown>;
    const each = (names: readonly string[], add: (value: unknown) => void) => {
      for (const name of names) for (const value of [fields[name] ?? []].flat()) add(value);
    };
    each(titleFields, (value) => builder.add(plain(value), "title", place));
    each(textFields, (value) => builder.add(plain(value), "text", place));
    each(nameFields, (value) => builder.add(plain(value), "name", place));
    each(personFields, (value) => builder.add(personName(value as Person), "name", place));
    if (index % 30 === 29) builder.pageDone(null);
  }
}

/** The parser writes markup such as `<span class="nocase">`. */
function plain(value: unknown): string {
  return String(value).replace(/<[^>]*>/g, "");
}

function personName(person: Person): string {
  return plain([person.firstName, person.prefix, person.lastName ?? person.name].filter(Boolean).join(" "));
}

function entryLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    const key = /^\s*@\w+\s*[{(]\s*([^,\s]+)/.exec(line)?.[1];
    if (key !== undefined && !lines.has(key)) lines.set(key, index + 1);
  }
  return lines;
}
