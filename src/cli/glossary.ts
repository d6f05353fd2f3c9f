/**
 * The glossary of a command: the term files and single terms given, and what became of them in the end.
 */
import { readTerms } from "../context/term-file.ts";
import { mergeTerms, parseTerm, type TermList } from "../context/term-list.ts";
import { GlossaError } from "../errors.ts";
import type { TermReport } from "../transcript/transcript.ts";

/** @throws GlossaError `invalid-argument` when a file cannot be read or understood */
export async function readGlossary(files: readonly string[], terms: readonly string[]): Promise<TermList> {
  try {
    const lists = await Promise.all(files.map((file) => readTerms(file)));
    const single = terms.map((term) => parseTerm(term, "--term"));
    return mergeTerms([...lists, { terms: single, warnings: [] }]);
  } catch (error) {
    if (!(error instanceof GlossaError)) throw error;
    throw new GlossaError("invalid-argument", error.message, { cause: error });
  }
}

const shownTerms = 12;

/** `terms: 2 of 5 written: LoRA ×3, GPU ×1; 1 dropped`. */
export function summariseTerms(reports: readonly TermReport[]): string {
  const written = reports
    .filter((report) => report.status === "written")
    .sort((a, b) => b.occurrences.length - a.occurrences.length);
  const dropped = reports.filter((report) => report.status === "dropped").length;
  const names = written.slice(0, shownTerms).map((report) => `${report.term} ×${report.occurrences.length}`);
  if (written.length > shownTerms) names.push("…");
  const list = names.length > 0 ? `: ${names.join(", ")}` : "";
  return `terms: ${written.length} of ${reports.length} written${list}${dropped > 0 ? `; ${dropped} dropped` : ""}`;
}
