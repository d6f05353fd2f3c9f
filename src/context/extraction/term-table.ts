/**
 * Lists of extracted terms as text: a table or JSON that people can read and edit, and that is a glossary file too.
 */
import type { Term } from "../term.ts";
import type { ExtractedTerm } from "./extract-terms.ts";

export const termListFormats = ["tsv", "json", "txt"] as const;
/** `tsv` and `json` with weights, spoken forms, counts, reasons and places; `txt` with the terms alone. */
export type TermListFormat = (typeof termListFormats)[number];

/** Writes a list of terms. What it writes, `parseTerms` reads. */
export function formatTerms(terms: readonly (Term | ExtractedTerm)[], format: TermListFormat): string {
  switch (format) {
    case "txt":
      return terms.map((term) => `${term.text}\n`).join("");
    case "tsv": {
      const rows = terms.map((term) => [
        quoted(term.text),
        String(term.weight),
        quoted(term.spokenForms.join("|")),
        String("count" in term ? term.count : ""),
        "reasons" in term ? term.reasons.join(", ") : "",
        quoted("places" in term ? term.places.join("; ") : (term.source ?? "")),
      ]);
      return [["term", "weight", "spoken", "count", "reasons", "source"], ...rows]
        .map((row) => `${row.join("\t")}\n`)
        .join("");
    }
    case "json":
      return `${JSON.stringify(
        terms.map((term) => ({
          term: term.text,
          weight: term.weight,
          spoken: term.spokenForms,
          ...("count" in term && { count: term.count, reasons: term.reasons }),
          source: "places" in term ? term.places : [term.source ?? ""],
        })),
        null,
        2,
      )}\n`;
  }
}

/** A cell that begins with a quote, or would be read as a comment, stands in quotes. */
function quoted(cell: string): string {
  return /^"|[\t\n]|^#(?:\s|$)/.test(cell) ? `"${cell.replace(/"/g, '""').replace(/[\t\n]/g, " ")}"` : cell;
}
