/**
 * From the content of a glossary to terms: plain lists, tables and JSON.
 */
import Papa from "papaparse";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import { countOf, largestTermWeight, TermCollector, type TermList } from "./term-list.ts";

/** How a glossary is written: one term a line, a table with tabs or commas, or a JSON array. */
export type TermFormat = "txt" | "tsv" | "csv" | "json";

const columnNames = new Map([
  ["term", "term"],
  ["text", "term"],
  ["weight", "weight"],
  ["spoken", "spoken"],
  ["spoken forms", "spoken"],
  ["spokenforms", "spoken"],
  // What `glossa terms extract` adds for people to read.
  ["count", "count"],
  ["reasons", "reasons"],
  ["source", "source"],
]);

const spokenSchema = z.union([z.string(), z.array(z.string())]).optional();
const termSchema = z
  .strictObject({
    term: z.string().optional(),
    text: z.string().optional(),
    weight: z.number().min(0).max(largestTermWeight).default(1),
    spoken: spokenSchema,
    spokenForms: spokenSchema,
    count: z.number().optional(),
    reasons: z.array(z.string()).optional(),
    source: z.union([z.string(), z.array(z.string())]).optional(),
  })
  .refine((entry) => (entry.term === undefined) !== (entry.text === undefined), {
    message: "needs exactly one of the fields `term` and `text`",
  });

/**
 * Reads the content of a glossary.
 *
 * @param content the text, with or without a byte order mark, with any line ends
 * @param source the name for messages and for `Term.source`, such as `terms.txt`
 * @throws GlossaError `invalid-terms` for broken JSON or quotes, a weight outside 0 to 10, unknown JSON fields
 */
export function parseTerms(content: string, format: TermFormat, source: string): TermList {
  const collector = new TermCollector(source);
  const text = content.replace(/^\uFEFF/u, "").replace(/\r\n?/g, "\n");
  if (format === "json") collectJson(text, source, collector);
  else {
    const lines = text.replace(/^[^\S\n]*#(?:[^\S\n].*)?$/gm, "");
    if (format === "txt") collectLines(lines, source, collector);
    else collectTable(lines, format, source, collector);
  }
  return collector.finish();
}

function collectLines(text: string, source: string, collector: TermCollector): void {
  let withTabs = 0;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (line.trim().includes("\t")) withTabs++;
    collector.add(line, String(index + 1));
  }
  if (withTabs > 0) {
    collector.warnings.push(
      `${source}: ${countOf(withTabs, "line")} with a tab read as one term each; name the file .tsv if it has columns`,
    );
  }
}

function collectTable(text: string, format: "tsv" | "csv", source: string, collector: TermCollector): void {
  // Spreadsheets write semicolons where the comma is the decimal sign.
  const firstLine = text.trimStart().split("\n", 1)[0];
  const comma = firstLine.includes(";") && !firstLine.includes(",") ? ";" : ",";
  const table = Papa.parse<string[]>(text, { delimiter: format === "tsv" ? "\t" : comma, newline: "\n" });

  const quoteError = table.errors.find((error) => error.type === "Quotes");
  if (quoteError !== undefined) {
    const line = rowLines(table.data)[quoteError.row ?? 0];
    throw new GlossaError(
      "invalid-terms",
      `${source}:${line}: quotes do not match; write a quoted cell as "…" and a quote inside it twice`,
    );
  }

  let columns = ["term", "weight", "spoken"];
  let isFirst = true;
  const lines = rowLines(table.data);
  for (const [index, row] of table.data.entries()) {
    if (row.every((cell) => cell.trim() === "")) continue;
    if (isFirst) {
      isFirst = false;
      const header = readHeader(row);
      if (header !== null) {
        columns = header.columns;
        if (header.unknown.length > 0) {
          collector.warnings.push(`${source}: unknown columns left out: ${header.unknown.join(", ")}`);
        }
        continue;
      }
    }
    const extra = row.slice(columns.length).filter((cell) => cell.trim() !== "");
    if (extra.length > 0) {
      throw new GlossaError(
        "invalid-terms",
        `${source}:${lines[index]}: ${row.length} columns where ${columns.length} are expected ` +
          `(${columns.join(", ")}); put a cell that holds the separator in quotes`,
      );
    }
    const place = String(lines[index]);
    const cell = (column: string) => row[columns.indexOf(column)] ?? "";
    const weight = parseWeight(cell("weight"), `${source}:${place}`);
    collector.add(cell("term"), place, splitSpokenForms(cell("spoken")), weight);
  }
}

/** The line, from 1, on which each row begins: a quoted cell can hold line ends. */
function rowLines(rows: readonly string[][]): number[] {
  let line = 1;
  return rows.map((row) => {
    const first = line;
    line += 1 + row.reduce((sum, cell) => sum + (cell.includes("\n") ? cell.split("\n").length - 1 : 0), 0);
    return first;
  });
}

/** A first row is a header when one cell says `term` (or `text`) and none is a number. */
function readHeader(row: readonly string[]): { columns: string[]; unknown: string[] } | null {
  const names = row.map((cell) => cell.trim().toLowerCase());
  if (!names.some((name) => columnNames.get(name) === "term")) return null;
  if (names.some((name) => name !== "" && !Number.isNaN(Number(name)))) return null;
  return {
    columns: names.map((name) => columnNames.get(name) ?? `unknown ${name}`),
    unknown: names.filter((name) => name !== "" && !columnNames.has(name)),
  };
}

function parseWeight(cell: string, place: string): number {
  if (cell.trim() === "") return 1;
  const weight = Number(cell);
  if (weight >= 0 && weight <= largestTermWeight) return weight;
  throw new GlossaError(
    "invalid-terms",
    `${place}: the weight "${cell.trim().slice(0, 40)}" is not a number from 0 to ${largestTermWeight}; ` +
      "put a term that holds the separator in quotes",
  );
}

function splitSpokenForms(spoken: string | readonly string[] | undefined): string[] {
  if (spoken === undefined || spoken === "") return [];
  return typeof spoken === "string" ? spoken.split("|") : [...spoken];
}

function collectJson(text: string, source: string, collector: TermCollector): void {
  // An empty file is an empty list, as in the other formats.
  if (text.trim() === "") return;
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw new GlossaError("invalid-terms", `${source}: not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!Array.isArray(entries)) {
    throw new GlossaError(
      "invalid-terms",
      `${source}: expected an array of strings or of { term, weight, spoken }`,
    );
  }
  for (const [index, entry] of entries.entries()) {
    if (typeof entry === "string") {
      collector.add(entry, `[${index}]`);
      continue;
    }
    if (typeof entry !== "object" || entry === null) {
      throw new GlossaError(
        "invalid-terms",
        `${source}[${index}]: expected a string or { term, weight, spoken }, not ${JSON.stringify(entry)}`,
      );
    }
    const parsed = termSchema.safeParse(entry);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const field = issue.path.map((key) => `.${String(key)}`).join("");
      throw new GlossaError("invalid-terms", `${source}[${index}]${field}: ${issue.message}`, {
        cause: parsed.error,
      });
    }
    const { term, text, weight, spoken, spokenForms } = parsed.data;
    const forms = [...splitSpokenForms(spoken), ...splitSpokenForms(spokenForms)];
    collector.add(term ?? text ?? "", `[${index}]`, forms, weight);
  }
}
