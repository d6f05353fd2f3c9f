/**
 * `glossa terms extract`: from documents to a glossary that people can read and edit.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContext } from "../context/documents/read-context.ts";
import { type ExtractedTerm, extractTerms } from "../context/extraction/extract-terms.ts";
import { formatTerms, type TermListFormat, termListFormats } from "../context/extraction/term-table.ts";
import { readTerms } from "../context/term-file.ts";
import { countOf, mergeTerms } from "../context/term-list.ts";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import { untilAborted } from "./abortable.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { writeOutput } from "./outputs.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface ExtractCommandOptions {
  format?: TermListFormat;
  output?: string;
  termsPerPage?: number;
  merge?: string[];
  exclude?: string[];
  edit?: boolean;
  pictures?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws GlossaError when a document or list cannot be read, the editor fails, or the result cannot be written
 */
export async function extractCommand(
  paths: readonly string[],
  options: ExtractCommandOptions,
  environment: Environment,
): Promise<number> {
  const screen = new Screen(environment, options);
  const format =
    options.format ?? termListFormats.find((name) => options.output?.endsWith(`.${name}`)) ?? "tsv";
  const [earlier, excluded] = await Promise.all([readLists(options.merge), readLists(options.exclude)]);
  const reading = readContext(paths, {
    signal: environment.signal,
    ...(options.pictures === false && { pictureLanguages: [] }),
  });
  const { documents, warnings } = await untilAborted(reading, environment.signal);
  for (const warning of warnings) await screen.warn(warning);
  const leftOut = new Set(excluded.map((term) => term.text.toLowerCase()));
  const extracted = extractTerms(documents, { termsPerPage: options.termsPerPage }).filter(
    (term) => !leftOut.has(term.text.toLowerCase()),
  );
  let text = formatTerms(withEdits(extracted, earlier), format);
  if (options.edit) text = await edited(text, format, environment);
  if (options.output === undefined || options.output === "-") await screen.print(text);
  else await writeOutput(options.output, text);
  const pages = documents.reduce((sum, document) => sum + document.pages, 0);
  const where = `${countOf(pages, "page")} of ${countOf(documents.length, "document")}`;
  await screen.note(`${countOf(extracted.length, "term")} from ${where}`);
  return exitCodes.success;
}

/** The terms found, with what people changed in an earlier list: spelling, weight and spoken forms of the list win. */
function withEdits(extracted: readonly ExtractedTerm[], earlier: readonly Term[]): (ExtractedTerm | Term)[] {
  const edits = new Map(earlier.map((term) => [term.text.toLowerCase(), term]));
  const result: (ExtractedTerm | Term)[] = extracted.map((term) => {
    const edit = edits.get(term.text.toLowerCase());
    edits.delete(term.text.toLowerCase());
    return edit ? { ...term, text: edit.text, weight: edit.weight, spokenForms: edit.spokenForms } : term;
  });
  return [...result, ...edits.values()];
}

async function readLists(files: readonly string[] = []): Promise<readonly Term[]> {
  return mergeTerms(await Promise.all(files.map((file) => readTerms(file)))).terms;
}

/** The list as the user left it in the editor. */
async function edited(text: string, format: TermListFormat, { signal }: Environment): Promise<string> {
  const editor = process.env.VISUAL || process.env.EDITOR;
  if (!editor) {
    throw new GlossaError(
      "invalid-argument",
      "--edit: no editor is set; set the environment variable EDITOR, such as EDITOR=nano",
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "glossa-terms-"));
  try {
    const file = join(folder, `terms.${format}`);
    await writeFile(file, text);
    // A shell, because editors come with arguments: EDITOR="code --wait".
    const quotedFile = process.platform === "win32" ? `"${file}"` : `'${file.replaceAll("'", `'\\''`)}'`;
    const child = spawn(`${editor} ${quotedFile}`, { shell: true, stdio: "inherit", signal });
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => {
        if (code === 0) resolve();
        else reject(new GlossaError("invalid-argument", `--edit: ${editor} ended with exit code ${code}`));
      });
    });
    const result = await readFile(file, "utf8");
    // Broken edits are noticed now, not when the list is used.
    await readTerms(file);
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
