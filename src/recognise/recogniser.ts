/**
 * A loaded model and what turns one recording after another into transcripts with it.
 *
 * Audio is decoded, cut into windows that hold speech, encoded once, decoded with the terms, timed, and put together.
 * Every surface (library, command line, evaluator) goes through `stream`.
 */
import { openAudio, type AudioInput } from "../audio/open-audio.ts";
import type { VoiceActivity } from "../audio/voice-activity.ts";
import { speechWindows, type SpeechWindow } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import { Lockstep } from "../models/lockstep.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import { joinTexts } from "../transcript/text-flow.ts";
import type { Transcript } from "../transcript/transcript.ts";
import { PreparedTerms } from "./glossary.ts";
import { LiveRecognition, type LiveEngine, type LiveOptions } from "./live.ts";
import type { RecogniseOptions, RecognitionEvent, TermSource } from "./options.ts";
import { type RecognisedWindow, RecordingState } from "./recording-state.ts";
import { longestUnpruned, TermFinder } from "./spoken-terms.ts";
import { guessWindow, recogniseWindow, type Settings } from "./window.ts";

const defaultBeamSize = 5;
/** Search first, then ever freer sampling: Whisper's way, in two steps instead of five, because a fallback costs five searches. */
const defaultTemperatures = [0, 0.4, 0.8];

/** Hypotheses that go through the decoder as one batch, about. */
const mostRows = 10;

const noTerms: readonly Term[] = [];

/** A loaded model. Made by `createRecogniser`; holds memory until it is disposed. */
export class Recogniser implements AsyncDisposable {
  readonly #model: SpeechModel;
  readonly #lanes: number | undefined;
  readonly #loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>;
  readonly #loadFinder: () => Promise<TermFinder | null>;
  readonly #prepared = new WeakMap<readonly (string | Term)[], PreparedTerms>();
  #voiceActivity: Promise<VoiceActivity & AsyncDisposable> | null = null;
  #finder: Promise<TermFinder | null> | null = null;

  /**
   * @param loadVoiceActivity is called when the first recording needs it
   * @param loadFinder is called when the first long list of terms is given; null when there is no letter head for the model
   * @param lanes how many windows of a recording may go through the model side by side; default: as many as pay for the beam
   */
  constructor(
    model: SpeechModel,
    loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>,
    loadFinder: () => Promise<TermFinder | null> = async () => null,
    lanes?: number,
  ) {
    this.#model = model;
    this.#loadVoiceActivity = loadVoiceActivity;
    this.#loadFinder = loadFinder;
    this.#lanes = lanes;
  }

  /** Identifier of the model. */
  get model(): string {
    return this.#model.id;
  }

  /** ISO 639-1 codes that the model can write. */
  get languages(): readonly string[] {
    return this.#model.languages;
  }

  /**
   * Recognises a recording.
   *
   * @throws GlossaError `invalid-argument`, `unreadable-input`, `unsupported-audio`, `runtime-failed`; the signal's
   *   reason when aborted
   */
  async recognise(input: AudioInput, options: RecogniseOptions = {}): Promise<Transcript> {
    for await (const event of this.stream(input, options)) {
      if (event.type === "transcript") return event.transcript;
    }
    throw new Error("The stream ended without a transcript.");
  }

  /**
   * Recognises a recording and yields what is known as soon as it is: progress and finished segments, and at the end
   * the whole transcript.
   */
  async *stream(
    input: AudioInput,
    options: RecogniseOptions = {},
  ): AsyncGenerator<RecognitionEvent, void, undefined> {
    const { signal } = options;
    const checkedOptions = checked(options, this.#model);
    signal?.throwIfAborted();
    const settings = { ...checkedOptions, finder: await this.#finderFor(options) };
    await using audio = await openAudio(input, { signal });
    const voiceActivity = settings.voiceActivity
      ? await (this.#voiceActivity ??= this.#loadVoiceActivity())
      : null;
    const { language, terms, resume, history } = options;
    const state = new RecordingState(language, this.#prepare(terms), resume, history);
    let totalSeconds = audio.durationSeconds;
    let receivedSeconds = 0;
    const progress = (processedSeconds: number) => {
      const value = { processedSeconds, totalSeconds };
      options.onProgress?.(value);
      return { type: "progress" as const, progress: value };
    };

    yield progress(state.endSeconds);
    const windows = speechWindows(audio.chunks, voiceActivity, {
      maximumSeconds: this.#model.maximumSeconds,
      voiceActivity: settings.voiceActivity,
      signal,
      onProgress: (received) => {
        receivedSeconds = received.receivedSeconds;
        totalSeconds = received.totalSeconds ?? totalSeconds;
      },
    });
    // Windows are the same each time a recording is read, so those that are done can be told by their number.
    let doneBefore = state.windows;
    let group: SpeechWindow[] = [];
    for await (const window of windows) {
      signal?.throwIfAborted();
      if (doneBefore-- > 0) {
        // Whoever shares out the engine by these events gets one for every window, done or skipped.
        yield progress(state.endSeconds);
        continue;
      }
      group.push(window);
      if (group.length < this.#groupSize(state, settings)) continue;
      yield* this.#recogniseGroup(group, state, settings, options.terms, progress);
      group = [];
    }
    if (group.length > 0) yield* this.#recogniseGroup(group, state, settings, options.terms, progress);

    const transcript = this.#transcript(state, totalSeconds ?? receivedSeconds, audio.warnings);
    yield progress(transcript.durationSeconds);
    yield { type: "transcript", transcript };
  }

  /**
   * How many windows of a recording can be recognised side by side: one, if what is heard in one may change how the next is
   * recognised.
   */
  #groupSize(state: RecordingState, { previousText, beamSize }: Settings): number {
    const isShown = this.#model.promptLimit > 0 && (previousText || state.glossary.prepared.used.length > 0);
    return isShown || !state.vote.isSettled(this.#model) ? 1 : (this.#lanes ?? lanesFor(beamSize));
  }

  async *#recogniseGroup(
    group: readonly SpeechWindow[],
    state: RecordingState,
    settings: Settings,
    terms: TermSource | undefined,
    progress: (processedSeconds: number) => RecognitionEvent,
  ): AsyncGenerator<RecognitionEvent, void, undefined> {
    state.replaceTerms(this.#prepare(terms));
    for (const [i, result] of (await this.#recogniseAll(group, state, settings)).entries()) {
      state.add(group[i]!, result);
      for (const segment of result.segments) yield { type: "segment", segment };
      if (settings.alternatives && result.segments.length > 0) {
        const words = result.segments.flatMap((segment) => segment.words);
        yield { type: "alternatives", alternatives: [words, ...result.others] };
      }
      yield progress(group[i]!.endSeconds);
    }
    yield { type: "checkpoint", checkpoint: state.checkpoint() };
  }

  async #recogniseAll(
    group: readonly SpeechWindow[],
    state: RecordingState,
    settings: Settings,
  ): Promise<RecognisedWindow[]> {
    if (group.length === 1) return [await recogniseWindow(this.#model, group[0]!, state, settings)];
    const lockstep = new Lockstep(this.#model);
    const results = await lockstep.run(
      group.map((window) => () => recogniseWindow(lockstep.model, window, state, settings)),
    );
    return results.map(valueOf);
  }

  /**
   * Runs tasks side by side: whatever they recognise with the recogniser that they are given goes through the model as one batch,
   * which takes less time than one after the other. Which tasks share a batch follows from their order alone.
   *
   * @param options.lanes how many run at a time; default: as many as pay for `options.beamSize`
   * @returns what became of the tasks, in their order; one that fails does not stop the others
   * @throws GlossaError `invalid-argument` when `lanes` is no whole number of at least 1
   */
  async sideBySide<Result>(
    tasks: readonly ((recogniser: Pick<Recogniser, "recognise" | "stream">) => Promise<Result>)[],
    { beamSize = defaultBeamSize, lanes = lanesFor(beamSize) }: { beamSize?: number; lanes?: number } = {},
  ): Promise<PromiseSettledResult<Result>[]> {
    if (!(Number.isInteger(lanes) && lanes >= 1)) {
      throw new GlossaError(
        "invalid-argument",
        `lanes is ${lanes}; it must be a whole number of at least 1.`,
      );
    }
    const lockstep = new Lockstep(this.#model);
    const loadVoiceActivity = () => (this.#voiceActivity ??= this.#loadVoiceActivity());
    const loadFinder = () => (this.#finder ??= this.#loadFinder());
    const recogniser = new Recogniser(lockstep.model, loadVoiceActivity, loadFinder, 1);
    const results: PromiseSettledResult<Result>[] = [];
    await lockstep.run(
      Array.from({ length: Math.min(lanes, tasks.length) }, (_, lane) => async () => {
        for (let i = lane; i < tasks.length; i += lanes) {
          [results[i]] = (await Promise.allSettled([tasks[i]!(recogniser)])) as [
            PromiseSettledResult<Result>,
          ];
        }
      }),
    );
    return results;
  }

  /**
   * Recognises audio while it comes. The same model, search and terms as for recordings; utterances end in short silences.
   *
   * @throws GlossaError `invalid-argument`, and what loading the voice activity detector throws
   */
  async live(options: LiveOptions = {}): Promise<LiveRecognition> {
    const settings = { ...checked(options, this.#model), finder: await this.#finderFor(options) };
    const { endpointSeconds = 0.5 } = options;
    if (!(endpointSeconds >= 0.1 && endpointSeconds <= 10)) {
      throw new GlossaError(
        "invalid-argument",
        `endpointSeconds is ${endpointSeconds}; it must be a number from 0.1 to 10.`,
      );
    }
    const state = new RecordingState(options.language, this.#prepare(options.terms));
    const engine: LiveEngine = {
      voiceActivity: await (this.#voiceActivity ??= this.#loadVoiceActivity()),
      maximumSeconds: this.#model.maximumSeconds,
      finish: async (window) => {
        const result = await recogniseWindow(this.#model, window, state, settings);
        state.add(window, result);
        return result.segments;
      },
      guess: (window, signal) => guessWindow(this.#model, window, state, { ...settings, signal }),
      replaceTerms: (terms) => state.replaceTerms(this.#prepare(terms)),
      transcript: (durationSeconds) => this.#transcript(state, durationSeconds, []),
    };
    return new LiveRecognition(engine, options);
  }

  #transcript(state: RecordingState, durationSeconds: number, warnings: readonly string[]): Transcript {
    const { languages, id } = this.#model;
    const { language } = state.vote;
    return {
      text: joinTexts(state.segments.map((segment) => segment.text)),
      language: language ?? (languages.length === 1 ? languages[0]! : "und"),
      durationSeconds,
      model: id,
      segments: state.segments,
      terms: state.report(),
      warnings: [...warnings, ...state.warnings],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#model[Symbol.asyncDispose]();
    await (await this.#voiceActivity)?.[Symbol.asyncDispose]();
    await (await this.#finder)?.[Symbol.asyncDispose]();
  }

  async #finderFor({ terms = noTerms, findTerms }: RecogniseOptions): Promise<TermFinder | null> {
    // A function may give any list later on.
    const mayBeLong = typeof terms === "function" || terms.length > longestUnpruned;
    if (!mayBeLong || findTerms === "text" || findTerms === "none") return null;
    const finder = await (this.#finder ??= this.#loadFinder());
    if (finder === null && findTerms !== undefined) {
      throw new GlossaError(
        "invalid-argument",
        `Glossa comes with no letter head for ${this.#model.id}, so that terms cannot be found by their sounds; choose text or none.`,
      );
    }
    return finder;
  }

  /** The same list for many recordings is prepared once. */
  #prepare(source: TermSource = noTerms): PreparedTerms {
    const terms = typeof source === "function" ? source() : source;
    let prepared = this.#prepared.get(terms);
    if (!prepared) this.#prepared.set(terms, (prepared = new PreparedTerms(terms, this.#model)));
    return prepared;
  }
}

/** Beyond about so many hypotheses a step takes longer by as much as there are more (docs/performance.md). */
function lanesFor(beamSize: number): number {
  return Math.max(1, Math.min(4, Math.floor(mostRows / beamSize)));
}

function hasContext({ terms = [], history }: RecogniseOptions): boolean {
  return typeof terms === "function" || terms.length > 0 || history !== undefined;
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Options with their defaults; what is out of range is refused before anything is loaded or decoded. */
function checked(options: RecogniseOptions, model: SpeechModel): Omit<Settings, "finder"> {
  const { language, beamSize = defaultBeamSize, temperatures = defaultTemperatures, seed = 0 } = options;
  const refuse = (message: string): never => {
    throw new GlossaError("invalid-argument", message);
  };
  if (language !== undefined && !model.languages.includes(language)) {
    const known =
      model.languages.length > 8 ? `${model.languages.length} languages such as en, zh, de` : model.languages;
    refuse(`${model.id} does not know the language "${language}"; it knows ${String(known)}.`);
  }
  if (!Number.isInteger(beamSize) || beamSize < 1 || beamSize > 64) {
    refuse(`beamSize is ${beamSize}; it must be a whole number from 1 to 64.`);
  }
  if (
    temperatures.length === 0 ||
    temperatures.some((temperature) => !(temperature >= 0 && temperature <= 2))
  ) {
    refuse(`temperatures is [${temperatures.join(", ")}]; it must hold numbers from 0 to 2, at least one.`);
  }
  if (!Number.isSafeInteger(seed)) refuse(`seed is ${seed}; it must be a whole number.`);
  return {
    beamSize,
    temperatures,
    seed,
    wordTimes: options.wordTimes ?? true,
    previousText: options.previousText ?? hasContext(options),
    voiceActivity: options.voiceActivity ?? true,
    alternatives: options.alternatives ?? false,
    likelyTerms: options.likelyTerms,
    findTerms: options.findTerms,
    signal: options.signal,
  };
}
