/**
 * `glossa transcribe`: from inputs to results, one after the other with one loaded model. A failing input does not stop
 * the others; an interrupt keeps what is done.
 */
import { GlossaError } from "../errors.ts";
import type { RecogniseOptions, TermFinding } from "../recognise/options.ts";
import type { Device } from "../runtime/session.ts";
import { formatTranscript, type TranscriptFormat } from "../transcript/formats.ts";
import { joinTexts, toOneLine } from "../transcript/text-flow.ts";
import type { Segment, Transcript } from "../transcript/transcript.ts";
import { untilAborted } from "./abortable.ts";
import { type ContextOptions, readCommandContext, withContext } from "./context.ts";
import type { Environment, LoadedRecogniser } from "./environment.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { readGlossary, summariseTerms } from "./glossary.ts";
import { loadRecogniser } from "./load-recogniser.ts";
import { checkReadable, expandInputs, planOutputs, writeOutput } from "./outputs.ts";
import { formatClock } from "./quantities.ts";
import { Screen } from "./screen.ts";

/** The options as the command line names them. */
export interface TranscribeOptions extends ContextOptions {
  terms?: string[];
  term?: string[];
  language?: string;
  model?: string;
  format?: TranscriptFormat;
  output?: string;
  beam?: number;
  temperature?: number[];
  seed?: number;
  wordTimes?: boolean;
  voiceActivity?: boolean;
  findTerms?: TermFinding;
  previousText?: boolean;
  threads?: number;
  device?: Device;
  offline?: boolean;
  cache?: string;
  quiet?: boolean;
  verbose?: boolean;
}

interface Job {
  input: string;
  /** Null for stdout. */
  file: string | null;
}

/**
 * Runs the command.
 *
 * @returns the exit code
 * @throws whatever stops all inputs: wrong arguments, a broken glossary, a model that cannot be had, an interrupt
 *   before there was anything to keep
 */
export async function transcribe(
  patterns: readonly string[],
  options: TranscribeOptions,
  environment: Environment,
): Promise<number> {
  const { signal } = environment;
  const screen = new Screen(environment, options);
  const inputs = await expandInputs(patterns);
  const plan = await planOutputs(inputs, options.output, options.format);
  const glossary = await untilAborted(readGlossary(options.terms ?? [], options.term ?? []), signal);
  const context = await untilAborted(readCommandContext(options, signal), signal);
  for (const warning of [...glossary.warnings, ...context.warnings]) await screen.warn(warning);

  const failures: { input: string; error: unknown }[] = [];
  const fail = async (input: string, error: unknown) => {
    failures.push({ input, error });
    await screen.error(input, error);
  };
  const jobs: Job[] = [];
  for (const [index, input] of inputs.entries()) {
    try {
      await checkReadable(input);
      jobs.push({ input, file: plan.files[index] });
    } catch (error) {
      await fail(input, error);
    }
  }
  if (jobs.length === 0) return exitCodes.failure;

  const recogniser = await loadRecogniser(options, environment, screen);
  try {
    const run: Run = {
      recogniser,
      screen,
      environment,
      format: plan.format,
      inputCount: inputs.length,
      options: {
        language: options.language,
        terms: withContext(glossary.terms, context.terms),
        history: context.history || undefined,
        likelyTerms: context.slides === null ? undefined : context.slides.nearTerms.bind(context.slides),
        beamSize: options.beam,
        temperatures: options.temperature,
        seed: options.seed,
        wordTimes: options.wordTimes,
        voiceActivity: options.voiceActivity,
        previousText: options.previousText,
        findTerms: options.findTerms,
        signal,
      },
    };
    for (const job of jobs) {
      if (signal.aborted) break;
      try {
        await transcribeInput(job, run);
      } catch (error) {
        // Arguments that do not fit the model fit none of the inputs.
        if (error instanceof GlossaError && error.code === "invalid-argument") throw error;
        await fail(job.input, error);
      } finally {
        screen.hideProgress();
      }
    }
  } finally {
    const disposed = recogniser[Symbol.asyncDispose]();
    // After an interrupt the engine may still be busy; nobody waits for it.
    await untilAborted(disposed, signal).catch(() => {});
  }

  if (signal.aborted) return exitCodes.interrupted;
  if (failures.length === 0) return exitCodes.success;
  if (inputs.length > 1) {
    const names = failures.map(({ input }) => input).join(", ");
    await screen.error(null, `${failures.length} of ${inputs.length} inputs failed: ${names}`);
  }
  const codes = new Set(failures.map(({ error }) => exitCodeOf(error)));
  return codes.size === 1 ? [...codes][0] : exitCodes.failure;
}

/** What all inputs of a command share. */
interface Run {
  recogniser: LoadedRecogniser;
  screen: Screen;
  environment: Environment;
  format: TranscriptFormat;
  inputCount: number;
  options: RecogniseOptions;
}

/** Transcribes one input and writes its result; after an interrupt, as much of it as is done. */
async function transcribeInput(job: Job, run: Run): Promise<void> {
  const { screen, environment, format, inputCount } = run;
  const name = job.input === "-" ? "standard input" : job.input;
  // On a terminal a person reads along.
  const isLive =
    job.file === null && format === "txt" && inputCount === 1 && environment.stdout.isTTY === true;

  const transcript = await recogniseInput(job.input, name, isLive, run);
  for (const warning of transcript.warnings) {
    // Warnings about the audio begin with its name.
    await screen.warn(warning.startsWith(`${name}: `) ? warning : `${name}: ${warning}`);
  }
  if (environment.signal.aborted && transcript.segments.length === 0) return;

  const text = formatTranscript(transcript, format);
  if (job.file !== null) {
    await writeOutput(job.file, text);
    await screen.note(`${name} → ${job.file}`);
  } else if (!isLive) {
    await screen.print(inputCount > 1 ? `==> ${name} <==\n${text}` : text);
  }
  if (transcript.terms.length > 0) await screen.note(summariseTerms(transcript.terms));
}

async function recogniseInput(input: string, name: string, isLive: boolean, run: Run): Promise<Transcript> {
  const { recogniser, screen, options } = run;
  const { signal } = run.environment;
  const segments: Segment[] = [];
  let processedSeconds = 0;
  const started = performance.now();
  const events = recogniser.stream(input, options)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await untilAborted(events.next(), signal);
      if (next.done) throw new Error("recognition ended without a transcript");
      const event = next.value;
      if (event.type === "transcript") return event.transcript;
      if (event.type === "progress") {
        processedSeconds = event.progress.processedSeconds;
        screen.showRecognition(name, event.progress, (performance.now() - started) / 1000);
      } else if (event.type === "segment") {
        segments.push(event.segment);
        if (isLive) await screen.print(`${toOneLine(event.segment.text)}\n`);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return partialTranscript(segments, Math.max(processedSeconds, segments.at(-1)?.end ?? 0), run);
  } finally {
    // Not awaited: after an interrupt it may take the engine a moment.
    events.return?.().catch(() => {});
    screen.hideProgress();
  }
}

/** What was done before an interrupt. Terms are judged at the end only, so there is no report on them. */
function partialTranscript(segments: Segment[], processedSeconds: number, run: Run): Transcript {
  return {
    text: joinTexts(segments.map((segment) => segment.text)),
    language: run.options.language ?? "und",
    durationSeconds: processedSeconds,
    model: run.recogniser.model,
    segments,
    terms: [],
    warnings: [`interrupted after ${formatClock(processedSeconds)}; the rest of the recording is missing`],
  };
}
