/**
 * The one options type that every surface shares: library, command line, server and evaluator.
 */
import type { Term } from "../context/term.ts";
import type { Device } from "../runtime/session.ts";
import type { Segment, Transcript, Word } from "../transcript/transcript.ts";

/** What decides how a model is loaded. */
export interface LoadOptions {
  /** Model identifier (see `glossa models list`) or a folder that holds one. Default `whisper-small`. */
  model?: string;
  /** Default `cpu`. */
  device?: Device;
  /** Threads for the engine; default: the number of physical cores that the process may use. */
  threads?: number;
  /**
   * Seconds of silence that Whisper's encoder is given after the audio of a window, 0 to 30; default 10. Less is faster, and makes it
   * write short texts twice or go on after the end, above all in Mandarin (docs/experiments.md). Other models need none.
   */
  trailingSilence?: number;
  /** Never touch the network; fail if the weights are not in the cache. */
  offline?: boolean;
  /** Folder for downloaded models; default `GLOSSA_CACHE`, else the XDG cache folder. */
  cacheFolder?: string;
  /** Called while weights are fetched. */
  onDownload?: (progress: { file: string; receivedBytes: number; totalBytes: number | null }) => void;
  signal?: AbortSignal;
}

/** A list of terms, or what gives the list of the moment. */
export type TermSource = readonly (string | Term)[] | (() => readonly (string | Term)[]);

/** Ways to tell which terms of a long list may be in a stretch of speech. */
export const termFinders = ["both", "sounds", "text", "none"] as const;
/** `both`, `sounds`, `text` or `none`; see `RecogniseOptions.findTerms`. */
export type TermFinding = (typeof termFinders)[number];
/** Those of them that go without recognition, or with a quick pass of it. */
export const retrievalFinders = ["sounds", "both"] as const satisfies readonly TermFinding[];

/** What decides how one recording is recognised. */
export interface RecogniseOptions {
  /** ISO 639-1 code such as `en` or `zh`; default: detected. */
  language?: string;
  /**
   * The glossary: plain strings or full terms. A function is asked before every window of the recording, so that terms can be
   * replaced while recognition runs; give the same array again as long as nothing has changed.
   */
  terms?: TermSource;
  /** Hypotheses kept at every step; 1 is greedy. Default 5. */
  beamSize?: number;
  /** Sampling temperatures tried in turn when a result looks like a known failure. Default [0, 0.4, 0.8]. */
  temperatures?: readonly number[];
  /** Seed for sampling at temperatures above 0. Default 0: the same input gives the same text. */
  seed?: number;
  /** Give start, end and confidence for every word. Default true. */
  wordTimes?: boolean;
  /**
   * Give the text so far to the model as context for the next window, where the model takes it. Default: when there are terms or a
   * history. Without, windows do not depend on each other and are recognised side by side, which takes two thirds of the time.
   */
  previousText?: boolean;
  /**
   * What was said before the recording, or any text that leads up to it: shown to the model as if it had just been heard, where
   * the model takes it, and no part of the result. Only its end is used.
   */
  history?: string;
  /**
   * The terms that are likelier than others in a stretch of speech, such as those on the slide that is shown; times in seconds
   * from the start of the recording. Looked at when the list of terms is longer than the prompt.
   */
  likelyTerms?: (startSeconds: number, endSeconds: number) => readonly Term[];
  /**
   * How the terms of a long list that may be in a stretch of speech are found. `sounds`: by a letter head over the frames. `text`: in what
   * a quick pass without terms writes, for models that take a prompt. `both`: each finds what the other does not. The likeliest are
   * prompted; with a head, only what is found takes part in the search. `none`: not at all. Default: `both` where Glossa comes with a head
   * for the model, else `text`.
   */
  findTerms?: TermFinding;
  /** Yield also what else the search came up with for every window, as `alternatives`. Default false. */
  alternatives?: boolean;
  /** Leave out stretches without speech before recognition. Default true. */
  voiceActivity?: boolean;
  /**
   * Go on after the last checkpoint of a recognition that was broken off, with the segments it had yielded until then.
   * Input and options must be the same; then the transcript is too. What was done is read again, but not recognised again.
   */
  resume?: { readonly checkpoint: Checkpoint; readonly segments: readonly Segment[] };
  signal?: AbortSignal;
  onProgress?: (progress: RecognitionProgress) => void;
}

/** What recognition must know, besides the segments so far, to go on after a window as if it had never stopped. Plain JSON. */
export interface Checkpoint {
  /** How many windows are done. */
  readonly windows: number;
  /** End of the last of them in seconds. */
  readonly endSeconds: number;
  /** The text that the model is shown as context. */
  readonly previousText: string;
  /** The language so far, and the votes for it in natural logarithms. */
  readonly vote: {
    readonly language: string | null;
    readonly isSettled: boolean;
    readonly logVotes: readonly (readonly [language: string, logVotes: number])[];
  };
  /** What became of the terms so far. Terms by their place in the prepared list. */
  readonly terms: {
    readonly prompted: readonly number[];
    readonly occurrences: readonly (readonly [term: number, occurrences: readonly Occurrence[]])[];
    readonly rejections: readonly (readonly [term: number, rejections: readonly Rejection[]])[];
    readonly likenesses: readonly (readonly [term: number, likeness: Likeness])[];
    /** The terms that took part in the search of any window; null when all did. */
    readonly searched: readonly number[] | null;
  };
  readonly warnings: readonly string[];
}

/** Where a term stands in the text; times in seconds. */
export interface Occurrence {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly confidence: number;
  /** Geometric mean of the probabilities of its tokens, without context and bonuses. */
  readonly posterior: number;
}

/** Where a term was about to be written and was not; times in seconds. */
export interface Rejection {
  readonly start: number;
  readonly end: number;
  readonly posterior: number;
}

/** What was heard that is most like a term, before the search. */
export interface Likeness {
  /** What a quick pass without terms wrote; null when the sounds alone speak for the term. */
  readonly heard: string | null;
  /** Seconds from the start of the recording. */
  readonly start: number;
  /** Probability that the term was said there. */
  readonly probability: number;
  /** Whether that was enough for a place in the prompt. */
  readonly isEnough: boolean;
}

/** How far recognition has come. */
export interface RecognitionProgress {
  /** Seconds of the recording that are done. */
  processedSeconds: number;
  /** Length of the recording in seconds; null as long as it is not known (streams). */
  totalSeconds: number | null;
}

/** What `recognise.stream` yields. The last event is always `transcript`. */
export type RecognitionEvent =
  | { type: "progress"; progress: RecognitionProgress }
  | { type: "segment"; segment: Segment }
  /** The words of a window as its segments have them, and then as the search's other texts have them, the best first. */
  | { type: "alternatives"; alternatives: readonly (readonly Word[])[] }
  /** A window is done; all its segments have been yielded. */
  | { type: "checkpoint"; checkpoint: Checkpoint }
  | { type: "transcript"; transcript: Transcript };
