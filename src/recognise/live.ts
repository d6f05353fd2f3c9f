/**
 * Recognition of what is being said now: audio goes in as it comes, partial and final results come out.
 *
 * Voice activity ends an utterance after a short silence; what was said until then is recognised as a window of a
 * recording is, and is final. In between, the open utterance is recognised again and again with a greedy search. Those
 * partial results are given up as soon as something final is to be done.
 */
import type { VoiceActivity, VoiceActivityStream } from "../audio/voice-activity.ts";
import { defaultPackerOptions, WindowPacker } from "../audio/window-packer.ts";
import type { SpeechWindow } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import type { Segment, Transcript } from "../transcript/transcript.ts";
import type { RecogniseOptions } from "./options.ts";

const samplesPerSecond = 16_000;
const defaultEndpointSeconds = 0.5;
/** Longer utterances are cut in a pause: every partial result would cost more than the one before. */
const longestUtteranceSeconds = 20;
/**
 * Who speaks on and on makes pauses too, only shorter ones: after so long an utterance ends in the next of them. Without this a
 * reader's sentences came 6 s late, when the longest utterance was full (docs/experiments.md).
 */
const hurry = { afterSeconds: 5, silenceSeconds: 0.2 };
/** A partial result needs as much speech that the one before did not have. */
const partialSeconds = 0.4;
/** In silence too, whoever sends audio hears how far it has been dealt with: they may wait for it. */
const progressSeconds = 1;
/** What is shorter may be a click. */
const leastSpeechSeconds = 0.25;

/** What decides how live audio is recognised. */
export interface LiveOptions extends Pick<
  RecogniseOptions,
  "language" | "terms" | "beamSize" | "temperatures" | "seed" | "wordTimes" | "previousText" | "signal"
> {
  /** Silence that ends an utterance, in seconds, 0.1 to 10. Default 0.5. */
  endpointSeconds?: number;
  /** Give results while an utterance is going on. Default true. */
  partials?: boolean;
}

/** What `LiveRecognition.events` yields. Times are seconds from the start of the audio. The last is `transcript`. */
export type LiveEvent =
  /** Somebody began to speak. */
  | { readonly type: "speech"; readonly startSeconds: number }
  /** What the utterance sounds like so far; replaces the partial result before it. */
  | { readonly type: "partial"; readonly segment: Segment }
  /** Will not change any more. No segments: it was noise after all. */
  | {
      readonly type: "final";
      readonly segments: readonly Segment[];
      readonly startSeconds: number;
      readonly endSeconds: number;
      /** False when it was cut because it was long, asked for, or the end. */
      readonly endedBySilence: boolean;
    }
  /** All audio up to here has been dealt with. */
  | { readonly type: "progress"; readonly progress: { processedSeconds: number; totalSeconds: null } }
  | { readonly type: "transcript"; readonly transcript: Transcript };

/** What a live recognition asks of the recogniser that it belongs to. */
export interface LiveEngine {
  readonly voiceActivity: VoiceActivity;
  readonly maximumSeconds: number;
  /** Recognises an utterance for good. */
  finish(window: SpeechWindow): Promise<readonly Segment[]>;
  /** Recognises an utterance that is going on; null when nothing can be heard. */
  guess(window: SpeechWindow, signal: AbortSignal): Promise<Segment | null>;
  replaceTerms(terms: readonly (string | Term)[]): void;
  transcript(durationSeconds: number): Transcript;
}

interface Utterance {
  readonly window: SpeechWindow;
  readonly endedBySilence: boolean;
}

/** A live recognition under way. Made by `Recogniser.live`. */
export class LiveRecognition {
  readonly #engine: LiveEngine;
  readonly #packer: WindowPacker;
  readonly #stream: VoiceActivityStream;
  readonly #partials: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #utterances: Utterance[] = [];
  readonly #speechStarts: number[] = [];
  /** What is done with the audio, one after the other. */
  #intake: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #hasEnded = false;
  #isTaken = false;
  #isSpeaking = false;
  #guessedSpeechSeconds = 0;
  #toldSeconds = 0;
  #guessing: AbortController | null = null;
  #wake: () => void = () => {};

  constructor(engine: LiveEngine, options: LiveOptions) {
    this.#engine = engine;
    this.#partials = options.partials ?? true;
    this.#signal = options.signal;
    this.#stream = engine.voiceActivity.stream();
    const endpointSeconds = options.endpointSeconds ?? defaultEndpointSeconds;
    this.#packer = new WindowPacker({
      ...defaultPackerOptions,
      maximumSilenceSeconds: endpointSeconds,
      hurry: { ...hurry, silenceSeconds: Math.min(endpointSeconds, hurry.silenceSeconds) },
      maximumSamples: Math.floor(Math.min(engine.maximumSeconds, longestUtteranceSeconds) * samplesPerSecond),
      frameSamples: engine.voiceActivity.frameSamples,
    });
    options.signal?.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** Takes audio, mono 16 kHz, in pieces of any length. Returns at once; the samples must not change afterwards. */
  push(samples: Float32Array): void {
    if (samples.length === 0 || this.#hasEnded) return;
    this.#then(async () => {
      this.#packer.append(samples);
      this.#add(this.#packer.push(await this.#stream.push(samples)), "silence-or-limit");
      const open = this.#packer.open();
      const speechSeconds = open?.speechSeconds ?? 0;
      if (open && !this.#isSpeaking && speechSeconds >= leastSpeechSeconds) {
        this.#isSpeaking = true;
        this.#speechStarts.push(open.speech[0]!.startSeconds);
      }
    });
  }

  /** From the next utterance on, these are the terms. */
  replaceTerms(terms: readonly (string | Term)[]): void {
    this.#then(async () => this.#engine.replaceTerms(terms));
  }

  /** Makes final what was said so far, without waiting for silence. */
  finalise(): void {
    this.#then(async () => this.#add(this.#packer.finish(), "asked"));
  }

  /** No more audio will come. */
  end(): void {
    if (this.#hasEnded) return;
    this.#then(async () => {
      this.#add(this.#packer.push(await this.#stream.flush()), "silence-or-limit");
      this.#add(this.#packer.finish(), "asked");
    });
    this.#hasEnded = true;
    void this.#intake.then(() => {
      this.#isTaken = true;
      this.#wake();
    });
  }

  /**
   * What is heard; ends after `end`, with the transcript. To be read once.
   *
   * @throws GlossaError `runtime-failed`; the signal's reason when aborted
   */
  async *events(): AsyncGenerator<LiveEvent, void, undefined> {
    for (;;) {
      this.#signal?.throwIfAborted();
      if (this.#failure) throw this.#failure.error;
      const speechStart = this.#speechStarts.shift();
      if (speechStart !== undefined) {
        yield { type: "speech", startSeconds: speechStart };
        continue;
      }
      const utterance = this.#utterances.shift();
      if (utterance) {
        const { window, endedBySilence } = utterance;
        const segments = await this.#engine.finish(window);
        const { startSeconds, endSeconds } = window;
        yield { type: "final", segments, startSeconds, endSeconds, endedBySilence };
        continue;
      }
      if (this.#isTaken) break;
      const open = this.#partialDue();
      if (open) {
        const segment = await this.#guess(open);
        if (segment) yield { type: "partial", segment };
        continue;
      }
      yield this.#progress();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // Something may have come while nobody slept.
        if (this.#hasWork()) resolve();
      });
    }
    yield this.#progress();
    yield {
      type: "transcript",
      transcript: this.#engine.transcript(this.#receivedSeconds),
    };
  }

  get #receivedSeconds(): number {
    return this.#packer.receivedSamples / samplesPerSecond;
  }

  #progress(): LiveEvent {
    const processedSeconds = this.#receivedSeconds;
    this.#toldSeconds = processedSeconds;
    return { type: "progress", progress: { processedSeconds, totalSeconds: null } };
  }

  #hasWork(): boolean {
    return (
      this.#isTaken ||
      this.#failure !== null ||
      this.#signal?.aborted === true ||
      this.#utterances.length > 0 ||
      this.#speechStarts.length > 0 ||
      this.#receivedSeconds - this.#toldSeconds >= progressSeconds ||
      this.#partialDue() !== null
    );
  }

  #then(work: () => Promise<void>): void {
    this.#intake = this.#intake.then(async () => {
      if (this.#failure) return;
      try {
        await work();
      } catch (error) {
        this.#failure = { error };
      }
      if (this.#failure || this.#utterances.length > 0) this.#guessing?.abort();
      if (this.#hasWork()) this.#wake();
    });
  }

  #add(windows: readonly SpeechWindow[], why: "silence-or-limit" | "asked"): void {
    for (const window of windows) {
      // It began and ended within one piece of audio.
      if (!this.#isSpeaking) this.#speechStarts.push(window.speech[0]!.startSeconds);
      // Cut because it was long: it goes on at once, so there is no silence at its end.
      const silence = window.endSeconds - (window.speech.at(-1)?.endSeconds ?? 0);
      const endedBySilence = why !== "asked" && silence >= 0.25;
      this.#utterances.push({ window, endedBySilence });
      this.#isSpeaking = false;
      this.#guessedSpeechSeconds = 0;
    }
  }

  /** The open utterance when there is enough in it that no partial result has shown yet. */
  #partialDue(): SpeechWindow | null {
    if (!this.#partials || this.#hasEnded) return null;
    const open = this.#packer.open();
    if (!open || open.speechSeconds < leastSpeechSeconds) return null;
    return open.speechSeconds - this.#guessedSpeechSeconds >= partialSeconds ? open : null;
  }

  async #guess(open: SpeechWindow): Promise<Segment | null> {
    this.#guessedSpeechSeconds = open.speechSeconds;
    this.#guessing = new AbortController();
    const { signal } = this.#guessing;
    try {
      const segment = await this.#engine.guess(open, signal);
      return signal.aborted ? null : segment;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    } finally {
      this.#guessing = null;
    }
  }
}
