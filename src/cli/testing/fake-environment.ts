/**
 * A command line without a process, a terminal or a model: what it writes is kept, and the recogniser says what the
 * test tells it to.
 */
import { Writable } from "node:stream";
import type { LoadOptions, RecogniseOptions, RecognitionEvent } from "../../recognise/options.ts";
import type { RetrieverOptions } from "../../recognise/retriever.ts";
import type { RecipeKind } from "../../train/recipe.ts";
import type { Segment, TermReport, Transcript } from "../../transcript/transcript.ts";
import type { Environment, LoadedRetriever, ModelStore, OutputStream } from "../environment.ts";
import { runCommandLine } from "../program.ts";

type FakeStream = OutputStream & { text: string };

function fakeStream(isTTY: boolean, error?: Error): FakeStream {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      (stream as unknown as FakeStream).text += chunk.toString();
      done(error);
    },
  });
  stream.on("error", () => {});
  return Object.assign(stream, { text: "", isTTY, columns: 100 });
}

export interface FakeOptions {
  /** Events for an input; may throw or wait. */
  stream?: (input: unknown, options: RecogniseOptions) => AsyncGenerator<RecognitionEvent, void, undefined>;
  /** Called in place of loading a model. */
  onLoad?: (options: LoadOptions) => void | Promise<void>;
  /** What `createRetriever` gives. */
  retriever?: Omit<LoadedRetriever, typeof Symbol.asyncDispose>;
  models?: Partial<ModelStore>;
  recipeKinds?: readonly RecipeKind[];
  stdoutIsTerminal?: boolean;
  /** What every write to stdout fails with. */
  stdoutError?: Error;
  stderrIsTerminal?: boolean;
}

export interface FakeRun {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** What the recogniser was given, one entry an input. */
  recognised: { input: unknown; options: RecogniseOptions }[];
  loaded: LoadOptions[];
  retrieverOptions: RetrieverOptions[];
  disposed: number;
}

/** Runs the command line; `interrupt` stands for Ctrl-C. */
export async function runFake(
  args: string[],
  fake: FakeOptions | ((interrupt: () => void) => FakeOptions) = {},
): Promise<FakeRun> {
  const interruption = new AbortController();
  const options =
    typeof fake === "function" ? fake(() => interruption.abort(new Error("interrupted"))) : fake;
  const stdout = fakeStream(options.stdoutIsTerminal ?? false, options.stdoutError);
  const stderr = fakeStream(options.stderrIsTerminal ?? false);
  const run: FakeRun = {
    exitCode: -1,
    stdout: "",
    stderr: "",
    recognised: [],
    loaded: [],
    retrieverOptions: [],
    disposed: 0,
  };
  const unexpected = () => Promise.reject(new Error("not expected to be called"));
  const environment: Environment = {
    stdout,
    stderr,
    signal: interruption.signal,
    createRecogniser: async (loadOptions) => {
      run.loaded.push(loadOptions);
      await options.onLoad?.(loadOptions);
      return {
        model: loadOptions.model ?? "fake-model",
        stream: (input, recogniseOptions = {}) => {
          run.recognised.push({ input, options: recogniseOptions });
          return (options.stream ?? saying("Hello there."))(input, recogniseOptions);
        },
        [Symbol.asyncDispose]: async () => {
          run.disposed++;
        },
      };
    },
    createRetriever: async (loadOptions) => {
      if (!options.retriever) return unexpected();
      run.retrieverOptions.push(loadOptions);
      return {
        ...options.retriever,
        [Symbol.asyncDispose]: async () => {
          run.disposed++;
        },
      };
    },
    models: { list: unexpected, pull: unexpected, path: unexpected, remove: unexpected, ...options.models },
    recipeKinds: async () => options.recipeKinds ?? [],
  };
  run.exitCode = await runCommandLine(args, environment);
  run.stdout = stdout.text;
  run.stderr = stderr.text;
  return run;
}

export function fakeSegment(text: string, start = 0): Segment {
  return { start, end: start + 1, text, confidence: 0.9, words: [] };
}

export function fakeTranscript(segments: Segment[], more: Partial<Transcript> = {}): Transcript {
  return {
    text: segments.map((segment) => segment.text).join(" "),
    language: "en",
    durationSeconds: segments.length,
    model: "fake-model",
    segments,
    terms: [],
    warnings: [],
    ...more,
  };
}

/** A recogniser that hears the same segments in every input. */
export function saying(...texts: string[]): NonNullable<FakeOptions["stream"]> {
  return async function* () {
    const segments = texts.map((text, index) => fakeSegment(text, index));
    for (const [index, segment] of segments.entries()) {
      yield { type: "segment", segment };
      yield { type: "progress", progress: { processedSeconds: index + 1, totalSeconds: texts.length } };
    }
    yield { type: "transcript", transcript: fakeTranscript(segments) };
  };
}

export function fakeTermReport(term: string, status: TermReport["status"], occurrences: number): TermReport {
  return {
    term,
    status,
    score: occurrences > 0 ? 0.9 : null,
    occurrences: Array.from({ length: occurrences }, (_, i) => ({
      start: i,
      end: i + 1,
      text: term,
      posterior: 0.9,
    })),
  };
}
