/** Data sets of JSON objects: one a line (JSON Lines), or one array of them. */
import { basename } from "node:path";
import type { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { readLines, readText } from "./text-file.ts";
import type { DataRow, FoundUtterance } from "./utterance.ts";

export type JsonRow = { place: string } & ({ value: unknown } | { problem: string });

/** @throws GlossaError `unreadable-input` when the file cannot be read, or is an array that is no JSON */
export async function readJsonRows(file: string): Promise<JsonRow[]> {
  const text = await readText(file);
  if (text.trimStart().startsWith("[")) {
    try {
      const values = JSON.parse(text) as unknown[];
      return values.map((value, index) => ({ place: `${basename(file)}[${index}]`, value }));
    } catch (cause) {
      throw new GlossaError("unreadable-input", `${file}: no valid JSON: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
  return (await readLines(file)).map(({ place, line }) => {
    try {
      return { place, value: JSON.parse(line) as unknown };
    } catch (error) {
      return { place, problem: `no valid JSON: ${(error as Error).message}` };
    }
  });
}

/** Reads the rows by a schema; `convert` may find fault with a row by returning a text. */
export async function readSchemaRows<T extends z.ZodType>(
  file: string,
  schema: T,
  convert: (row: z.infer<T>) => FoundUtterance | string,
): Promise<DataRow[]> {
  return (await readJsonRows(file)).map((row): DataRow => {
    if ("problem" in row) return row;
    const { place } = row;
    const parsed = schema.safeParse(row.value);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(
        ({ path, message }) => `${path.join(".") || "row"}: ${message}`,
      );
      return { place, problem: problems.join("; ") };
    }
    const utterance = convert(parsed.data);
    return typeof utterance === "string" ? { place, problem: utterance } : { place, utterance };
  });
}
