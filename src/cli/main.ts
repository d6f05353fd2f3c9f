#!/usr/bin/env node
/**
 * The entry point of `glossa`: ties the command line to this process.
 */
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { runCommandLine } from "./program.ts";
import { Screen } from "./screen.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const interruption = new AbortController();
for (const signal of signals) {
  process.on(signal, () => {
    // Asked twice: leave at once, without keeping anything.
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    interruption.abort(new Error(`interrupted by ${signal}`));
  });
}
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough (`glossa … | head`). Other errors reach the write that failed.
  if (error.code === "EPIPE") process.exit(exitCodes.success);
});
// There is nobody left to tell.
process.stderr.on("error", () => {});

const environment: Environment = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  createRetriever: async (options) => (await import("../recognise/retriever.ts")).createRetriever(options),
  createRecogniser: async (options) => (await import("../recognise/recognise.ts")).createRecogniser(options),
  models: {
    list: async (options) => (await import("../weights/model-store.ts")).listModels(options),
    pull: async (id, options) =>
      (await (await import("../weights/model-store.ts")).pullModel(id, options)).folder,
    path: async (id, options) => (await import("../weights/model-store.ts")).modelPath(id, options),
    remove: async (id, options) => (await import("../weights/model-store.ts")).removeModel(id, options),
  },
  recipeKinds: async () => (await import("../train/recipe-kinds.ts")).recipeKinds,
};

const args = process.argv.slice(2);
process.on("uncaughtException", (error) => {
  const screen = new Screen(environment, { verbose: args.includes("--verbose") });
  void screen.error(null, error).finally(() => process.exit(exitCodes.failure));
});

const exitCode = await runCommandLine(args, environment);
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
// From here on a signal kills at once: exiting waits for the engine's threads and for files that do not let go.
for (const signal of signals) process.removeAllListeners(signal);
// Explicitly, because an open standard input would keep the process waiting.
process.exit(exitCode);
