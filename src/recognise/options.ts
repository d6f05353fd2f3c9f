/**
 * The one options type that every surface shares: library, command line, server and evaluator.
 */
import type { Term } from "../context/term.ts";
import type { Device } from "../runtime/session.ts";
import type { Segment, Transcript } from "../transcript/transcript.ts";

/** What decides how a model is loaded. */
export interface LoadOptions {
  /** Model identifier (see `glossa models list`) or a folder that holds one. Default `whisper-small`. */
  model?: string;
  /** Default `cpu`. */
  device?: Device;
  /** Threads for the engine; default: the number of physical cores that the process may use. */
  threads?: number;
  /** Never touch the network; fail if the weights are not in the cache. */
  offline?: boolean;
  /** Folder for downloaded models; default `GLOSSA_CACHE`, else the XDG cache folder. */
  cacheFolder?: string;
  /** Called while weights are fetched. */
  onDownload?: (progress: { file: string; receivedBytes: number; totalBytes: number | null }) => void;
  signal?: AbortSignal;
}

/** What decides how one recording is recognised. */
export interface RecogniseOptions {
  /** ISO 639-1 code such as `en` or `zh`; default: detected. */
  language?: string;
  /** The glossary: plain strings or full terms. */
  terms?: readonly (string | Term)[];
  /** Hypotheses kept at every step; 1 is greedy. Default 5. */
  beamSize?: number;
  /** Sampling temperatures tried in turn when a result looks like a known failure. Default [0, 0.4, 0.8]. */
  temperatures?: readonly number[];
  /** Seed for sampling at temperatures above 0. Default 0: the same input gives the same text. */
  seed?: number;
  /** Give start, end and confidence for every word. Default true. */
  wordTimes?: boolean;
  /** Give the text so far to the model as context for the next window, where the model takes it. Default true. */
  previousText?: boolean;
  /** Leave out stretches without speech before recognition. Default true. */
  voiceActivity?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: RecognitionProgress) => void;
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
  | { type: "transcript"; transcript: Transcript };
