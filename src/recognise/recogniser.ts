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
import type { Suspicion } from "../decode/guards.ts";
import { buildPrompt } from "../decode/prompt.ts";
import { GlossaError } from "../errors.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { joinTexts } from "../transcript/text-flow.ts";
import type { Segment, Transcript } from "../transcript/transcript.ts";
import { type Glossary, PreparedTerms } from "./glossary.ts";
import { heardTerms } from "./heard-terms.ts";
import { LiveRecognition, type LiveEngine, type LiveOptions } from "./live.ts";
import type { RecogniseOptions, RecognitionEvent, TermSource } from "./options.ts";
import { RecordingState } from "./recording-state.ts";
import { repeatsEnd, unheardSpeech } from "./unheard-speech.ts";
import { searchWindow } from "./search-window.ts";
import { segmentsOf } from "./words.ts";

const defaultBeamSize = 5;
/** Search first, then ever freer sampling: Whisper's way, in two steps instead of five, because a fallback costs five searches. */
const defaultTemperatures = [0, 0.4, 0.8];

const noTerms: readonly Term[] = [];

/** A loaded model. Made by `createRecogniser`; holds memory until it is disposed. */
export class Recogniser implements AsyncDisposable {
  readonly #model: SpeechModel;
  readonly #loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>;
  readonly #prepared = new WeakMap<readonly (string | Term)[], PreparedTerms>();
  #voiceActivity: Promise<VoiceActivity & AsyncDisposable> | null = null;

  /** @param loadVoiceActivity is called when the first recording needs it */
  constructor(model: SpeechModel, loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>) {
    this.#model = model;
    this.#loadVoiceActivity = loadVoiceActivity;
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
    const settings = checked(options, this.#model);
    const { signal } = options;
    signal?.throwIfAborted();
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
    for await (const window of windows) {
      signal?.throwIfAborted();
      if (doneBefore-- > 0) {
        // Whoever shares out the engine by these events gets one for every window, done or skipped.
        yield progress(state.endSeconds);
        continue;
      }
      state.replaceTerms(this.#prepare(options.terms));
      for (const segment of await this.#recogniseNext(window, state, settings)) {
        yield { type: "segment", segment };
      }
      yield progress(window.endSeconds);
      yield { type: "checkpoint", checkpoint: state.checkpoint() };
    }

    const transcript = this.#transcript(state, totalSeconds ?? receivedSeconds, audio.warnings);
    yield progress(transcript.durationSeconds);
    yield { type: "transcript", transcript };
  }

  /**
   * Recognises audio while it comes. The same model, search and terms as for recordings; utterances end in short silences.
   *
   * @throws GlossaError `invalid-argument`, and what loading the voice activity detector throws
   */
  async live(options: LiveOptions = {}): Promise<LiveRecognition> {
    const settings = checked(options, this.#model);
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
      finish: (window) => this.#recogniseNext(window, state, settings),
      guess: (window, signal) => this.#guess(window, state, { ...settings, ...fastest, signal }),
      replaceTerms: (terms) => state.replaceTerms(this.#prepare(terms)),
      transcript: (durationSeconds) => this.#transcript(state, durationSeconds, []),
    };
    return new LiveRecognition(engine, options);
  }

  /** What an utterance that is going on sounds like so far. Leaves no trace in `state`. */
  async #guess(window: SpeechWindow, state: RecordingState, settings: Settings): Promise<Segment | null> {
    using frames = await this.#model.encode(window.samples);
    settings.signal?.throwIfAborted();
    const language = state.vote.language ?? (await likeliestLanguage(this.#model, frames));
    const request = { ...settings, language, terms: state.glossary.prepared, context: [] };
    const { part } = await searchWindow(this.#model, window, frames, request);
    if (!part || part.suspicion !== null) return null;
    const segments = segmentsOf(part.text, part.words, settings.wordTimes);
    return {
      start: segments[0]!.start,
      end: segments.at(-1)!.end,
      text: joinTexts(segments.map(({ text }) => text)),
      confidence: segments.reduce((sum, { confidence }) => sum + confidence, 0) / segments.length,
      words: segments.flatMap(({ words }) => words),
    };
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

  /** Recognises the next window of a recording, and notes in `state` what the windows after it need to know. */
  async #recogniseNext(window: SpeechWindow, state: RecordingState, settings: Settings): Promise<Segment[]> {
    using frames = await this.#model.encode(window.samples);
    const language = await state.vote.languageOf(frames, this.#model);
    const { glossary, previousText } = state;
    const result = await this.#recogniseWindow(window, frames, language, glossary, previousText, settings);
    state.add(window, {
      ...result,
      trustedText: settings.previousText ? result.trustedText : "",
    });
    return result.segments;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#model[Symbol.asyncDispose]();
    await (await this.#voiceActivity)?.[Symbol.asyncDispose]();
  }

  /** The same list for many recordings is prepared once. */
  #prepare(source: TermSource = noTerms): PreparedTerms {
    const terms = typeof source === "function" ? source() : source;
    let prepared = this.#prepared.get(terms);
    if (!prepared) this.#prepared.set(terms, (prepared = new PreparedTerms(terms, this.#model)));
    return prepared;
  }

  /** Of a list that the prompt cannot hold, the terms that a quick pass without them finds something like. */
  async #heardTerms(
    window: SpeechWindow,
    frames: AudioFrames,
    language: string,
    prepared: PreparedTerms,
    settings: Settings,
  ): Promise<readonly Term[]> {
    if (prepared.fitPrompt || this.#model.promptLimit === 0) return [];
    const request = { ...settings, ...fastest, language, terms: this.#prepare(), context: [] };
    const { part } = await searchWindow(this.#model, window, frames, request);
    if (!part || part.suspicion !== null) return [];
    return heardTerms(
      prepared.used,
      part.words,
      settings.likelyTerms?.(window.startSeconds, window.endSeconds),
    );
  }

  async #recogniseWindow(
    window: SpeechWindow,
    frames: AudioFrames,
    language: string,
    glossary: Glossary,
    previousText: string,
    settings: Settings,
  ): Promise<{ segments: Segment[]; trustedText: string; warning: string | null }> {
    const prompt = buildPrompt(
      this.#model.tokenizer,
      this.#model.promptLimit,
      glossary.forPrompt(await this.#heardTerms(window, frames, language, glossary.prepared, settings)),
      previousText,
    );
    glossary.notePrompted(prompt.terms);
    const request = { ...settings, language, terms: glossary.prepared, context: prompt.tokens };
    const { part: whole, rejected } = await searchWindow(this.#model, window, frames, request);
    glossary.noteRejections(rejected);
    if (!whole) return { segments: [], trustedText: previousText, warning: null };
    const parts = [whole];
    // Without word times nobody can tell where a text ended.
    for (let last = whole; settings.wordTimes && parts.length <= mostParts;) {
      const rest = unheardSpeech(last.window, last.text, last.words.at(-1)!.end);
      if (!rest) break;
      using restFrames = await this.#model.encode(rest.samples);
      const more = await searchWindow(this.#model, rest, restFrames, { ...request, context: [] });
      // What follows a text that the model held to be complete must be beyond doubt.
      if (!more.part || more.part.suspicion !== null || repeatsEnd(last.text, more.part.text)) break;
      glossary.noteRejections(more.rejected);
      parts.push(more.part);
      last = more.part;
    }
    glossary.noteOccurrences(parts.flatMap((part) => part.found));
    const { suspicion } = whole;
    const text = joinTexts(parts.map((part) => part.text.trim()));
    return {
      segments: parts.flatMap((part) => segmentsOf(part.text, part.words, settings.wordTimes)),
      trustedText: suspicion === null ? textSoFar(previousText, text) : "",
      warning: suspicion === null ? null : doubt(suspicion, window),
    };
  }
}

/** How often recognition goes on within one window after the text ended before the speech. */
const mostParts = 3;

/** How partial results are searched for: they are wanted soon, and will be replaced. */
const fastest = { beamSize: 1, temperatures: [0] };

interface Settings {
  readonly beamSize: number;
  readonly temperatures: readonly number[];
  readonly seed: number;
  readonly wordTimes: boolean;
  readonly previousText: boolean;
  readonly voiceActivity: boolean;
  readonly likelyTerms?: RecogniseOptions["likelyTerms"];
  readonly signal?: AbortSignal;
}

/** Options with their defaults; what is out of range is refused before anything is loaded or decoded. */
function checked(options: RecogniseOptions, model: SpeechModel): Settings {
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
    previousText: options.previousText ?? true,
    voiceActivity: options.voiceActivity ?? true,
    likelyTerms: options.likelyTerms,
    signal: options.signal,
  };
}

async function likeliestLanguage(model: SpeechModel, frames: AudioFrames): Promise<string> {
  const probabilities = [...(await model.detectLanguage(frames))];
  return probabilities.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** As much of the end of the text as a prompt could ever hold. */
function textSoFar(previousText: string, text: string): string {
  return joinTexts([previousText, text]).slice(-2000);
}

function doubt(suspicion: Suspicion, window: SpeechWindow): string {
  const where = `${window.startSeconds.toFixed(1)} s to ${window.endSeconds.toFixed(1)} s`;
  const what: Record<Suspicion, string> = {
    repetition: "the text repeats itself",
    echo: "the text only repeats what the model was told before",
    improbable: "the model is unsure of nearly every word",
    runaway: "the text is longer than the speech can hold and was cut",
  };
  return `From ${where} ${what[suspicion]}; listen to this part.`;
}
