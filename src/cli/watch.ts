/**
 * `glossa watch`: transcribes what appears in a folder, one recording after the other, until it is interrupted.
 */
import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { watch as watchFiles } from "chokidar";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import type { Device } from "../runtime/session.ts";
import { formatTranscript, type TranscriptFormat } from "../transcript/formats.ts";
import type { Environment, LoadedRecogniser } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { readGlossary } from "./glossary.ts";
import { loadRecogniser } from "./load-recogniser.ts";
import { writeOutput } from "./outputs.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface WatchOptions {
  output?: string;
  format: TranscriptFormat;
  terms?: string[];
  language?: string;
  model?: string;
  once?: boolean;
  threads?: number;
  device?: Device;
  offline?: boolean;
  cache?: string;
  quiet?: boolean;
  verbose?: boolean;
}

/** Endings of recordings; anything else in the folder is none of our business. */
const recordingEndings = new Set(
  "wav mp3 flac ogg oga opus m4a aac wma aiff aif amr webm mp4 m4v mov mkv avi".split(" "),
);
/** A file that has not grown for so long is complete. */
const stableMilliseconds = 1500;

/** @throws GlossaError for a folder that cannot be watched, wrong options, a broken glossary, a model that cannot be had */
export async function watch(
  folder: string,
  options: WatchOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const status = await stat(folder).catch(() => null);
  if (!status?.isDirectory()) throw new GlossaError("invalid-argument", `${folder}: no such folder`);
  const glossary = new GlossaryFiles(options.terms ?? []);
  for (const warning of (await glossary.read()).warnings) await screen.warn(warning);
  const recogniser = await loadRecogniser(options, environment, screen);

  const waiting: string[] = [];
  let wake: () => void = () => {};
  let isScanned = false;
  const watcher = watchFiles(folder, {
    ignored: (path, status) =>
      basename(path).startsWith(".") || (status?.isFile() === true && !isRecording(path)),
    awaitWriteFinish: { stabilityThreshold: stableMilliseconds, pollInterval: 200 },
  });
  const stop = () => wake();
  signal.addEventListener("abort", stop, { once: true });
  watcher.on("add", (path) => {
    waiting.push(path);
    wake();
  });
  watcher.on("ready", () => {
    isScanned = true;
    // Files found by the first look are told of once they have stood still.
    setTimeout(() => wake(), options.once ? 2 * stableMilliseconds : 0);
  });
  watcher.on("error", (error) => void screen.error(folder, error));
  if (!options.once) await screen.note(`watching ${folder}; stop with Ctrl-C`);
  let failures = 0;
  try {
    for (;;) {
      if (signal.aborted) break;
      const path = waiting.shift();
      if (path !== undefined) {
        const file = outputFor(path, folder, options);
        if (await isNewer(file, path)) continue;
        try {
          const { terms, warnings } = await glossary.read();
          for (const warning of warnings) await screen.warn(warning);
          await transcribeOne(path, file, terms, recogniser, options, screen, signal);
        } catch (error) {
          if (signal.aborted) break;
          failures++;
          // The next recording may be better.
          await screen.error(path, error);
        } finally {
          screen.hideProgress();
        }
        continue;
      }
      const asked = new Promise<void>((resolve) => (wake = resolve));
      if (signal.aborted || waiting.length > 0) continue;
      await asked;
      if (options.once && isScanned && waiting.length === 0) break;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    await watcher.close();
    await recogniser[Symbol.asyncDispose]();
  }
  // Being stopped is how watching ends.
  return failures > 0 && options.once ? exitCodes.failure : exitCodes.success;
}

async function transcribeOne(
  path: string,
  file: string,
  terms: readonly Term[],
  recogniser: LoadedRecogniser,
  options: WatchOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  for await (const event of recogniser.stream(path, { language: options.language, terms, signal })) {
    const elapsedSeconds = (performance.now() - started) / 1000;
    if (event.type === "progress") screen.showRecognition(basename(path), event.progress, elapsedSeconds);
    if (event.type !== "transcript") continue;
    const { transcript } = event;
    screen.hideProgress();
    for (const warning of transcript.warnings) await screen.warn(warning);
    await mkdir(dirname(file), { recursive: true });
    await writeOutput(file, formatTranscript(transcript, options.format));
    await screen.print(`${file}\n`);
    await screen.note(`${formatClock(transcript.durationSeconds)} in ${formatClock(elapsedSeconds)}`);
  }
}

/** Glossary files, read again when one of them changes, so that the list can be mended while watching. */
class GlossaryFiles {
  readonly #files: readonly string[];
  #state = "";
  #terms: readonly Term[] = [];

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  async read(): Promise<{ terms: readonly Term[]; warnings: readonly string[] }> {
    const times = await Promise.all(
      this.#files.map(async (file) => (await stat(file).catch(() => null))?.mtimeMs ?? 0),
    );
    const state = times.join(" ");
    if (state === this.#state) return { terms: this.#terms, warnings: [] };
    const { terms, warnings } = await readGlossary(this.#files, []);
    this.#state = state;
    this.#terms = terms;
    return { terms, warnings };
  }
}

function isRecording(path: string): boolean {
  const ending = extname(path).slice(1).toLowerCase();
  return recordingEndings.has(ending);
}

/** The recording's own ending stays in the name: `talk.mp3` and `talk.wav` may stand side by side. */
function outputFor(path: string, folder: string, { output, format }: WatchOptions): string {
  const name = `${output === undefined ? path : join(output, relative(resolve(folder), resolve(path)))}.${format}`;
  return name;
}

async function isNewer(file: string, than: string): Promise<boolean> {
  const [transcript, recording] = await Promise.all([file, than].map((path) => stat(path).catch(() => null)));
  // A recording that vanished in the meantime needs no transcript.
  if (!recording) return true;
  return transcript !== null && transcript!.mtimeMs >= recording.mtimeMs;
}
