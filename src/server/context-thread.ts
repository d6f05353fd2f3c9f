/**
 * The thread that reads term files and documents: they come from strangers, may be huge, and take a while.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readTerms } from "../context/term-file.ts";
import { GlossaError } from "../errors.ts";
import type { ContextAnswer, ContextFile } from "./context-reader.ts";

const answers: ContextAnswer[] = [];
for (const { path, name } of workerData as readonly ContextFile[]) {
  try {
    const { terms, warnings } = await readTerms(path);
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
