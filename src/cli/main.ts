#!/usr/bin/env node
/**
 * The entry point of `glossa`: ties the command line to this process.
 */
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { runCommandLine } from "./program.ts";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Asked twice: leave without keeping anything.
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    interruption.abort(new Error(`interrupted by ${signal}`));
  });
}
// Whoever read the output has seen enough (`glossa … | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.success);
  throw error;
});
// There is nobody left to tell.
process.stderr.on("error", () => {});

const environment: Environment = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  createRecogniser: async (options) => (await import("../recognise/recognise.ts")).createRecogniser(options),
  models: {
    list: async (options) => (await import("../weights/model-store.ts")).listModels(options),
    pull: async (id, options) =>
      (await (await import("../weights/model-store.ts")).pullModel(id, options)).folder,
    path: async (id, options) => (await import("../weights/model-store.ts")).modelPath(id, options),
    remove: async (id, options) => (await import("../weights/model-store.ts")).removeModel(id, options),
  },
};

const exitCode = await runCommandLine(process.argv.slice(2), environment);
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
// Explicitly, because an open standard input would keep the process waiting.
process.exit(exitCode);
