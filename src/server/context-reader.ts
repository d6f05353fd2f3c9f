/**
 * Terms from uploaded files, read in a thread of its own within bounds of time and memory.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Term } from "../context/term.ts";
import type { TermList } from "../context/term-list.ts";
import { fieldProblem, Problem } from "./http/problem.ts";

export interface ContextFile {
  readonly path: string;
  /** As the user calls it. */
  readonly name: string;
}

export type ContextAnswer =
  | { readonly terms: Term[]; readonly warnings: string[] }
  | { readonly error: string };

const longestMilliseconds = 60_000;
const memoryMegabytes = 1024;

const ending = extname(fileURLToPath(import.meta.url));

/**
 * Reads files one after the other.
 *
 * @param field name of the field of the request, for errors
 * @throws Problem 400 that says what is wrong with which file
 */
export async function readContextFiles(files: readonly ContextFile[], field: string): Promise<TermList[]> {
  if (files.length === 0) return [];
  const worker = new Worker(new URL(`./context-thread${ending}`, import.meta.url), {
    workerData: files,
    resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
    stdout: true,
    stderr: true,
    // From sources the thread needs the loader that the process was started with.
    execArgv: ending === ".ts" ? ["--import", "tsx"] : [],
  });
  const names = files.map(({ name }) => name).join(", ");
  let timer: NodeJS.Timeout | undefined;
  try {
    const answers = await new Promise<ContextAnswer[]>((resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(fieldProblem(field, `${names}: reading took longer than ${longestMilliseconds / 1000} s`)),
        longestMilliseconds,
      );
      worker.once("message", resolve);
      worker.once("error", () =>
        reject(fieldProblem(field, `${names}: cannot be read; it may be damaged or far too large`)),
      );
      worker.once("exit", () => reject(new Problem(500, "The reader of documents ended unexpectedly.")));
    });
    return answers.map((answer) => {
      if ("error" in answer) throw fieldProblem(field, answer.error);
      return answer;
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
