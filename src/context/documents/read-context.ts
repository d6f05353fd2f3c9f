/**
 * All documents that a user gives: files, and folders with everything readable in them.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { GlossaError } from "../../errors.ts";
import { countOf } from "../term-list.ts";
import type { ContextDocument, ReadOptions } from "./document.ts";
import { readDocument } from "./read-document.ts";

export interface ReadContextResult {
  readonly documents: readonly ContextDocument[];
  /** What was not read and why, those of the documents included. */
  readonly warnings: readonly string[];
}

/** A folder with more files is likely not what the user meant. */
const mostFiles = 5_000;
const skippedFolders = new Set(["node_modules", "__pycache__", "dist", "build", "target", "venv"]);

/**
 * Reads documents: text, Markdown, HTML, PDF, PPTX, DOCX, EPUB, subtitles, source code, notebooks, BibTeX, pictures and the
 * slides of videos. In folders, hidden files are passed over, and files that cannot be read become warnings.
 *
 * @param path a file or a folder, or several of them
 * @throws GlossaError `unreadable-input` or `unsupported-document` for a file that was named itself; the signal's reason
 *   when aborted
 */
export async function readContext(
  path: string | readonly string[],
  options: ReadOptions = {},
): Promise<ReadContextResult> {
  const documents: ContextDocument[] = [];
  const warnings: string[] = [];
  for (const given of [path].flat()) {
    const status = await stat(given).catch(() => null);
    if (!status?.isDirectory()) {
      documents.push(await readDocument(given, options));
      continue;
    }
    const unread: string[] = [];
    const files = await filesIn(given);
    if (files.length > mostFiles) {
      warnings.push(`${given}: only the first ${mostFiles} of ${files.length} files were read`);
    }
    for (const file of files.slice(0, mostFiles)) {
      try {
        documents.push(await readDocument(file, options));
      } catch (error) {
        if (!(error instanceof GlossaError)) throw error;
        unread.push(error.message);
      }
    }
    if (files.length === 0) warnings.push(`${given}: no files in it`);
    if (unread.length > 0) {
      const more = unread.length > 3 ? "; …" : "";
      warnings.push(
        `${given}: ${countOf(unread.length, "file")} not read (${unread.slice(0, 3).join("; ")}${more})`,
      );
    }
  }
  return { documents, warnings: [...warnings, ...documents.flatMap((document) => document.warnings)] };
}

/** All files in a folder and below, in the order of their names. Links to folders are not followed. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) files.push(...(await filesIn(path)));
    } else files.push(path);
    if (files.length > mostFiles) break;
  }
  return files;
}
