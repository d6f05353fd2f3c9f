/**
 * The terms of a request: given one by one, as glossaries, and in files, put together.
 */
import type { Term } from "../context/term.ts";
import { mergeTerms, parseTerm, type TermList } from "../context/term-list.ts";
import { GlossaError } from "../errors.ts";
import { readContextFiles, type ContextFile } from "./context-reader.ts";
import type { Client } from "./http/access.ts";
import { fieldProblem } from "./http/problem.ts";
import { mostTerms, type TermInput } from "./schemas.ts";
import type { GlossaryStore } from "./store/glossaries.ts";

export interface TermSources {
  readonly terms: readonly TermInput[];
  readonly glossaries: readonly string[];
  readonly files: readonly ContextFile[];
  /** What the request calls its fields, for errors. */
  readonly fields: { readonly terms: string; readonly glossaries: string; readonly files: string };
}

/** @throws Problem 400 that names the field */
export async function termsOfRequest(
  sources: TermSources,
  client: Client,
  store: GlossaryStore,
): Promise<TermList> {
  const { fields } = sources;
  const lists: TermList[] = [{ terms: termsOfInput(sources.terms, fields.terms), warnings: [] }];
  for (const id of sources.glossaries) {
    if (!store.get(id, client.sees))
      throw fieldProblem(fields.glossaries, `there is no glossary ${id.slice(0, 60)}`);
    lists.push({ terms: await store.terms(id), warnings: [] });
  }
  lists.push(...(await readContextFiles(sources.files, fields.files)));
  const merged = mergeTerms(lists);
  if (merged.terms.length > mostTerms) {
    throw fieldProblem(fields.terms, `${merged.terms.length} terms together; at most ${mostTerms} are taken`);
  }
  return merged;
}

/** @throws Problem 400 that names the term by its place */
export function termsOfInput(input: readonly TermInput[], field: string): Term[] {
  return input.map((entry, index) => {
    try {
      if (typeof entry === "string") return withoutSource(parseTerm(entry, field));
      const term = parseTerm(entry.text, field);
      const spokenForms = entry.spokenForms.map((form) => parseTerm(form, field).text);
      return { text: term.text, spokenForms, weight: entry.weight };
    } catch (error) {
      if (!(error instanceof GlossaError)) throw error;
      throw fieldProblem(`${field}.${index}`, error.message.replace(`${field}: `, ""));
    }
  });
}

function withoutSource({ text, spokenForms, weight }: Term): Term {
  return { text, spokenForms, weight };
}
