/**
 * Which of thousands of terms are spoken in a recording, without recognising it: its frames, a letter head over them, and a
 * search for all terms at once.
 *
 *     await using retriever = await createRetriever();
 *     for await (const stretch of retriever.retrieve("talk.mp3", terms)) console.log(stretch.kept);
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openAudio, type AudioInput } from "../audio/open-audio.ts";
import type { VoiceActivity } from "../audio/voice-activity.ts";
import { speechWindows } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import type { FrameSource, SpeechModel } from "../models/speech-model.ts";
import { fuse, type FusedMatch } from "../retrieval/fuse.ts";
import { headFiles, modelsWithHead, shippedHeadFolder } from "../retrieval/head-files.ts";
import { type LabelScores, labelScores, LetterHead, type LetterScorer } from "../retrieval/letter-head.ts";
import { prune, type PrunedTerm, type PruneOptions, retrievalThreshold } from "../retrieval/prune.ts";
import { mapTerms, type TermMapStretch } from "../retrieval/term-map.ts";
import { spotterOf, type TermSighting, type TermSpotter } from "../retrieval/term-spotter.ts";
import { writtenFits } from "../retrieval/written-words.ts";
import { encoderFingerprint } from "../weights/encoder-fingerprint.ts";
import { resolveModel } from "../weights/model-store.ts";
import type { ResolvedModel } from "../weights/resolved-model.ts";
import { defaultModel } from "./default-model.ts";
import { heardTerms, quickPass } from "./heard-terms.ts";
import { LanguageVote } from "./language-vote.ts";
import { loadFrameSource } from "./load-model.ts";
import type { LoadOptions, RecognitionProgress, retrievalFinders } from "./options.ts";

/** What decides which model and head are loaded. */
export interface RetrieverOptions extends LoadOptions {
  /** Folder of a finished run of a `ctc-head` recipe; default: the head that comes with Glossa for the model. */
  head?: string;
}

/** What decides which terms are kept, and how the recording is read; the threshold is 0.4. */
export interface RetrieveOptions extends PruneOptions {
  /**
   * `sounds`: by the letter head alone, which recognises nothing. `both`: also in what a quick pass of the model writes, which takes
   * several times as long and is surer; of lists of more than 20,000 terms, those are looked for in it that the sounds speak for. Default `sounds`.
   */
  readonly findTerms?: (typeof retrievalFinders)[number];
  /** ISO 639-1 code for the quick pass; default: detected. */
  readonly language?: string;
  /** Leave out stretches without speech. Default true. */
  readonly voiceActivity?: boolean;
  readonly signal?: AbortSignal;
  onProgress?(progress: RecognitionProgress): void;
}

/** A term at a place, with what speaks for it: the sounds, or both opinions. */
export type RetrievedMatch = TermSighting | FusedMatch;

/** The terms of a stretch of speech; times in seconds from the start of the recording. */
export interface RetrievedStretch {
  readonly start: number;
  readonly end: number;
  /** The likeliest first. */
  readonly kept: readonly PrunedTerm<RetrievedMatch>[];
  readonly dropped: readonly PrunedTerm<RetrievedMatch>[];
  /** What was searched, for maps. */
  readonly scores: LabelScores;
}

/**
 * The letter head that comes with Glossa for a model; null when there is none for its weights.
 *
 * @throws GlossaError `unreadable-input` when the head is damaged
 */
export async function shippedHead(model: ResolvedModel, options: LoadOptions): Promise<LetterHead | null> {
  const folder = shippedHeadFolder(model.manifest.id);
  if ((await stat(join(folder, headFiles.description)).catch(() => null)) === null) return null;
  const { device, threads } = options;
  const head = await LetterHead.load(folder, { device, threads });
  if (head.description.fingerprint === (await encoderFingerprint(model, options.trailingSilence)))
    return head;
  await head[Symbol.asyncDispose]();
  return null;
}

/**
 * Loads a model and the head over its frames.
 *
 * @throws GlossaError `invalid-argument` when there is no head for the model, or it was trained over another's frames; as
 *   `createRecogniser`
 */
export async function createRetriever(options: RetrieverOptions = {}): Promise<Retriever> {
  const { signal: _, ...later } = options;
  const resolved = await resolveModel(options.model ?? defaultModel, options);
  const { id } = resolved.manifest;
  const head = await headFor(resolved, options);
  if (head.description.fingerprint !== (await encoderFingerprint(resolved, options.trailingSilence))) {
    await head[Symbol.asyncDispose]();
    throw new GlossaError(
      "invalid-argument",
      `${options.head} was trained over frames of another model than ${id} (it says ${head.description.encoder}); name that with --model`,
    );
  }
  try {
    const model = await loadFrameSource({ ...options, model: options.model ?? defaultModel });
    return new Retriever(
      model,
      head,
      async () => {
        const { SileroVad } = await import("../models/silero-vad/silero-vad.ts");
        const detector = await resolveModel("silero-vad", later);
        return SileroVad.load(detector.path("silero_vad.onnx"), { cacheFolder: options.cacheFolder });
      },
      options.cacheFolder,
    );
  } catch (error) {
    await head[Symbol.asyncDispose]();
    throw error;
  }
}

async function headFor(model: ResolvedModel, options: RetrieverOptions): Promise<LetterHead> {
  if (options.head !== undefined) return LetterHead.load(options.head, options);
  const head = await shippedHead(model, options);
  if (head !== null) return head;
  throw new GlossaError(
    "invalid-argument",
    `Glossa comes with no letter head for ${model.manifest.id}, only for ${(await modelsWithHead()).join(", ")}; choose one ` +
      "of these, or train one with recipes/ctc-head.json and give its folder as --head",
  );
}

/** A loaded model and a letter head over its frames. Made by `createRetriever`; holds memory until it is disposed. */
export class Retriever implements AsyncDisposable {
  readonly #model: FrameSource;
  readonly #head: LetterScorer;
  readonly #loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>;
  readonly #cacheFolder: string | undefined;
  readonly #spotters = new WeakMap<readonly Term[], Promise<TermSpotter>>();
  #voiceActivity: Promise<VoiceActivity & AsyncDisposable> | null = null;

  /**
   * @param loadVoiceActivity is called when the first recording needs it
   * @param cacheFolder where long lists are kept as they were made ready
   */
  constructor(
    model: FrameSource,
    head: LetterScorer,
    loadVoiceActivity: () => Promise<VoiceActivity & AsyncDisposable>,
    cacheFolder?: string,
  ) {
    this.#cacheFolder = cacheFolder;
    this.#model = model;
    this.#head = head;
    this.#loadVoiceActivity = loadVoiceActivity;
  }

  /** Identifier of the model whose frames are read. */
  get model(): string {
    return this.#model.id;
  }

  /** The terms made ready; the same array is made ready once, and a long list is kept in the cache for the next time. */
  spotter(terms: readonly Term[]): Promise<TermSpotter> {
    const { labels } = this.#head;
    let spotter = this.#spotters.get(terms);
    if (!spotter) this.#spotters.set(terms, (spotter = spotterOf(terms, labels, this.#cacheFolder)));
    return spotter;
  }

  /**
   * Stretch by stretch, the terms that are spoken in a recording.
   *
   * @param input a path, `-` for standard input, bytes, a stream, or samples
   * @throws GlossaError `invalid-argument` for `both` with a model that writes nothing; as `openAudio`; the signal's reason when aborted
   */
  async *retrieve(
    input: AudioInput,
    terms: readonly Term[],
    options: RetrieveOptions = {},
  ): AsyncGenerator<RetrievedStretch, void, undefined> {
    const { signal, voiceActivity = true, onProgress, findTerms = "sounds" } = options;
    signal?.throwIfAborted();
    const threshold = options.threshold ?? retrievalThreshold;
    const recogniser = findTerms === "both" ? this.#recogniser() : null;
    const vote = new LanguageVote(options.language);
    const spotter = await this.spotter(terms);
    await using audio = await openAudio(input, { signal });
    const detector = voiceActivity ? await (this.#voiceActivity ??= this.#loadVoiceActivity()) : null;
    let totalSeconds = audio.durationSeconds;
    onProgress?.({ processedSeconds: 0, totalSeconds });
    const windows = speechWindows(audio.chunks, detector, {
      maximumSeconds: this.#model.maximumSeconds,
      voiceActivity,
      signal,
      onProgress: (received) => (totalSeconds = received.totalSeconds ?? totalSeconds),
    });
    for await (const window of windows) {
      signal?.throwIfAborted();
      const { startSeconds: start, endSeconds: end } = window;
      using frames = await this.#model.encode(window.samples);
      const scores = await labelScores(this.#head, this.#model, frames);
      const sightings = spotter.spot(scores.logits, scores.places, this.#head.placeSeconds, start);
      let matches: readonly RetrievedMatch[] = sightings;
      if (recogniser) {
        const language = await vote.languageOf(frames, recogniser);
        const words = await quickPass(recogniser, window, frames, language, signal);
        const { labels, placeSeconds } = this.#head;
        const written = writtenFits(words, scores, labels, placeSeconds, start);
        matches = fuse(sightings, heardTerms(terms, words, sightings), written);
      }
      onProgress?.({ processedSeconds: end, totalSeconds });
      yield { start, end, ...prune(matches, { ...options, threshold }), scores };
    }
  }

  #recogniser(): SpeechModel {
    if ("decoder" in this.#model) return this.#model as SpeechModel;
    throw new GlossaError(
      "invalid-argument",
      `${this.#model.id} listens but does not write: its terms can be looked for by sounds, not by both`,
    );
  }

  /** How well each term that was kept in a stretch fits at each moment of it. */
  map({ start, kept, scores }: RetrievedStretch): TermMapStretch {
    const { labels, placeSeconds } = this.#head;
    return mapTerms(
      kept.map(({ term }) => term),
      labels,
      scores,
      { start, placeSeconds },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#head[Symbol.asyncDispose](),
      this.#model[Symbol.asyncDispose](),
      this.#voiceActivity?.then((detector) => detector[Symbol.asyncDispose]()),
    ]);
  }
}
