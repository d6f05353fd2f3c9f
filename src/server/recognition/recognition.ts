/**
 * All recognition of the server: the processes for recordings and the one for live sessions, and which task goes where.
 */
import { EventEmitter } from "node:events";
import { GlossaError } from "../../errors.ts";
import type { LoadOptions } from "../../recognise/options.ts";
import type { Transcript } from "../../transcript/transcript.ts";
import type { LiveTask, RecordingTask, ToWorker, WorkerEvent } from "./messages.ts";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.ts";

export interface RecognitionOptions {
  readonly workerFile: URL;
  readonly execArgv?: readonly string[];
  readonly load: LoadOptions;
  /** Processes for recordings. */
  readonly workers: number;
}

/** Requests whose clients wait: so many are worked on at a time, so many more may wait. */
const mostUrgent = 8;
const mostUrgentWaiting = 200;
/** A process that crashes again and again is started again after a pause that doubles. */
const longestPauseMilliseconds = 60_000;
/** Recordings give way to live sessions, and both to the server itself. */
const recordingNiceness = 10;
const liveNiceness = 2;

interface Events {
  crash: [how: string];
  loaded: [model: string];
  loadFailed: [model: string, error: Error];
}

export class Recognition extends EventEmitter<Events> implements AsyncDisposable {
  /** Languages of the models that have been loaded. */
  readonly languages = new Map<string, readonly string[]>();
  readonly #workers: readonly WorkerProcess[];
  readonly #live: WorkerProcess;
  readonly #waiting: (() => void)[] = [];
  #urgent = 0;
  #preloaded: string | null = null;

  constructor({ workerFile, execArgv, load, workers }: RecognitionOptions) {
    super();
    const process = (niceness: number, threads = load.threads) => {
      const options: WorkerProcessOptions = {
        file: workerFile,
        execArgv,
        load: { ...load, threads },
        niceness,
      };
      const worker = new WorkerProcess(options);
      worker.on("crash", (how) => {
        this.emit("crash", how);
        this.#reload(worker);
      });
      worker.on("loaded", (model, languages) => {
        this.languages.set(model, languages);
        this.emit("loaded", model);
      });
      worker.on("loadFailed", (model, error) => this.emit("loadFailed", model, error));
      return worker;
    };
    this.#workers = Array.from({ length: workers }, () => process(recordingNiceness));
    this.#live = process(liveNiceness);
  }

  /** Loads a model for recordings before it is needed, and again whenever a process that held it has crashed. */
  preload(model: string): void {
    this.#preloaded = model;
    for (const worker of this.#workers) worker.load(model);
  }

  #reload(worker: WorkerProcess): void {
    const model = this.#preloaded;
    if (model === null || worker === this.#live) return;
    const pause = Math.min(longestPauseMilliseconds, 50 * 2 ** worker.crashesInARow);
    setTimeout(() => worker.load(model), pause).unref();
  }

  get isHealthy(): boolean {
    return this.#workers.every((worker) => worker.isHealthy);
  }

  /** Requests that are worked on or wait. */
  get urgentTasks(): number {
    return this.#urgent + this.#waiting.length;
  }

  get liveSessions(): number {
    return this.#live.openTasks;
  }

  /** Process identifiers, for diagnosis and tests. */
  get processIdentifiers(): number[] {
    return [...this.#workers, this.#live]
      .map((worker) => worker.processIdentifier)
      .filter((id) => id !== null);
  }

  /**
   * Recognises a recording.
   *
   * @throws WorkerCrash when the process died, GlossaError, the signal's reason
   */
  async recognise(
    task: RecordingTask,
    onEvent: (event: WorkerEvent) => void,
    signal?: AbortSignal,
  ): Promise<Transcript> {
    signal?.throwIfAborted();
    const worker = this.#workers.reduce((best, next) => (next.openTasks < best.openTasks ? next : best));
    return new Promise((resolve, reject) => {
      let transcript: Transcript | null = null;
      const cancel = () => worker.tell({ type: "cancel", id: task.id });
      signal?.addEventListener("abort", cancel, { once: true });
      worker.start(
        task.id,
        { type: "recognise", task },
        {
          onEvent: (event) => {
            if (event.type === "transcript") transcript = event.transcript;
            onEvent(event);
          },
          onEnd: (error) => {
            signal?.removeEventListener("abort", cancel);
            if (signal?.aborted) reject(signal.reason as Error);
            else if (error) reject(error);
            else resolve(transcript!);
          },
        },
      );
    });
  }

  /** The same for a client that waits: only some at a time. @throws GlossaError `runtime-failed` when too many wait */
  async recogniseNow(
    task: RecordingTask,
    onEvent: (event: WorkerEvent) => void,
    signal: AbortSignal,
  ): Promise<Transcript> {
    signal.throwIfAborted();
    if (this.#waiting.length >= mostUrgentWaiting) throw new TooBusy();
    if (this.#urgent >= mostUrgent) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        signal.addEventListener(
          "abort",
          () => {
            const place = this.#waiting.indexOf(resolve);
            if (place >= 0) this.#waiting.splice(place, 1);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    } else this.#urgent++;
    try {
      return await this.recognise(task, onEvent, signal);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#urgent--;
    }
  }

  /** Starts a live session. */
  listen(
    task: LiveTask,
    onEvent: (event: WorkerEvent) => void,
    onEnd: (error: Error | null) => void,
  ): { tell: (message: ToWorker) => void } {
    this.#live.start(task.id, { type: "listen", task }, { onEvent, onEnd });
    return { tell: (message) => this.#live.tell(message) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers, this.#live].map((worker) => worker[Symbol.asyncDispose]()));
  }
}

/** More requests wait than can be answered in sensible time. */
export class TooBusy extends GlossaError {
  constructor() {
    super("runtime-failed", "Too many requests wait already; try again in a minute, or create a job.");
  }
}
