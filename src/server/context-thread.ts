/**
 * The thread that reads term files and documents: they come from strangers, may be huge, and take a while.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readContext } from "../context/documents/read-context.ts";
import { extractTerms } from "../context/extraction/extract-terms.ts";
import { readTerms } from "../context/term-file.ts";
import type { TermList } from "../context/term-list.ts";
import { GlossaError } from "../errors.ts";
import type { ContextAnswer, ContextFile } from "./context-reader.ts";

/** Lists of terms are taken as they are; everything else is a document whose terms have to be found. */
async function termsOf(path: string): Promise<TermList> {
  if (/\.(?:txt|csv|tsv|tab|json)$/.test(path)) return readTerms(path);
  const { documents, warnings } = await readContext(path);
  const terms = extractTerms(documents).map(({ text, spokenForms, weight, places }) => ({
    text,
    spokenForms,
    weight,
    source: places[0],
  }));
  return { terms, warnings: [...warnings] };
}

const answers: ContextAnswer[] = [];
for (const { path, name } of workerData as readonly ContextFile[]) {
  try {
    const { terms, warnings } = await termsOf(path);
    const named = (text: string) => text.replaceAll(path, name);
    answers.push({
      terms: terms.map((term) => ({ ...term, source: term.source && named(term.source) })),
      warnings: warnings.map(named),
    });
  } catch (error) {
    const message = error instanceof GlossaError ? error.message.replaceAll(path, name) : null;
    answers.push({ error: message ?? `${name}: cannot be read` });
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window, but the thread that waits
parentPort!.postMessage(answers);
