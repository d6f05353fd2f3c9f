/**
 * What the server and its recognition processes say to each other.
 */
import type { RecogniseOptions, RecognitionEvent } from "../../recognise/options.ts";
import type { LiveEvent } from "../../recognise/live.ts";

/** Options of a recognition that can be sent; terms are in a file, because lists are long and shared. */
export type TaskOptions = Pick<
  RecogniseOptions,
  "language" | "temperatures" | "wordTimes" | "resume" | "history"
>;

/** A recording to be recognised. */
export interface RecordingTask {
  readonly id: string;
  readonly model: string;
  readonly path: string;
  readonly options: TaskOptions;
  /** File with a JSON array of terms. */
  readonly termsFile: string | null;
  /** Somebody waits for the answer. */
  readonly isUrgent: boolean;
}

/** A live session. */
export interface LiveTask {
  readonly id: string;
  readonly model: string;
  readonly language: string | null;
  readonly endpointSeconds: number;
  readonly partials: boolean;
  readonly termsFile: string | null;
}

export type ToWorker =
  | { readonly type: "load"; readonly model: string }
  | { readonly type: "recognise"; readonly task: RecordingTask }
  | { readonly type: "cancel"; readonly id: string }
  | { readonly type: "listen"; readonly task: LiveTask }
  /** Mono 16 kHz. */
  | { readonly type: "audio"; readonly id: string; readonly samples: Float32Array }
  | { readonly type: "terms"; readonly id: string; readonly termsFile: string | null }
  | { readonly type: "finalise"; readonly id: string }
  | { readonly type: "end"; readonly id: string };

export type FromWorker =
  | {
      readonly type: "loaded";
      readonly model: string;
      readonly id: string;
      readonly languages: readonly string[];
    }
  | { readonly type: "load-failed"; readonly model: string; readonly code: string; readonly message: string }
  /** The work on this task begins now: should the process die, it is the one to blame. */
  | { readonly type: "turn"; readonly id: string }
  | { readonly type: "event"; readonly id: string; readonly event: WorkerEvent }
  | { readonly type: "failed"; readonly id: string; readonly code: string; readonly message: string };

/** Recordings and live sessions give these; the last is always `transcript`. */
export type WorkerEvent = RecognitionEvent | LiveEvent;
