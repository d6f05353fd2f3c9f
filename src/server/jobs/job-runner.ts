/**
 * Brings jobs from the queue to their end. All that it knows is in the database: killed at any moment, it goes on from the
 * last finished window of every job.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { GlossaError } from "../../errors.ts";
import type { Segment, Transcript } from "../../transcript/transcript.ts";
import type { DataFolder } from "../data-folder.ts";
import type { WorkerEvent } from "../recognition/messages.ts";
import type { Recognition } from "../recognition/recognition.ts";
import { WorkerCrash } from "../recognition/worker-process.ts";
import type { StoredJob } from "../store/job-row.ts";
import type { JobStore } from "../store/jobs.ts";
import type { JobEvents } from "./job-events.ts";
import { publicJob } from "./public-job.ts";

/** Jobs that are worked on at a time, window by window in turn, for each process. */
const openJobsPerWorker = 8;
/** Of those, so many may be large, so that small ones do not wait for them. */
const largeJobsPerWorker = 4;
const largeBytes = 16 * 1024 * 1024;
/** A recording that brings the engine down so often without getting on is given up. */
const mostCrashes = 3;
const progressMilliseconds = 250;

export interface JobRunnerOptions {
  readonly store: JobStore;
  readonly data: DataFolder;
  readonly recognition: Recognition;
  readonly events: JobEvents;
  readonly workers: number;
  /** Null keeps jobs for ever. */
  readonly retentionDays: number | null;
  /** Called when a job ended that has a webhook. */
  readonly onDelivery: () => void;
  readonly onDone: (audioSeconds: number) => void;
  /** Called when the end of a job could not be written down; it is worked on again after the next start. */
  readonly onError: (id: string, error: unknown) => void;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Map<string, { readonly job: StoredJob; readonly aborting: AbortController }>();
  #isStopped = false;
  #isPumping = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** No work is taken up any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  get runningJobs(): number {
    return this.#running.size;
  }

  /** Puts back what an earlier process was working on, and begins. */
  start(): void {
    this.#options.store.parkAll();
    void this.pump();
  }

  /** Takes up jobs for as long as there is room; to be called whenever there may be something to do. */
  async pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (let next = this.#next(); next && !this.#isStopped; next = this.#next()) {
        this.#begin(next);
        await breathe();
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** @returns whether there was anything to cancel */
  cancel(job: StoredJob): boolean {
    const ended = this.#end(job, "cancelled", null);
    this.#running.get(job.id)?.aborting.abort(new Error("The job was cancelled."));
    return ended;
  }

  /** Ends a job that cannot go on. */
  fail(job: StoredJob, error: { code: string; message: string }): void {
    this.#end(job, "failed", error);
  }

  /** Stops taking up jobs and parks those that run; they go on with the next start. */
  stop(): void {
    this.#isStopped = true;
    for (const { aborting } of this.#running.values()) aborting.abort(new Error("The server stops."));
  }

  expiry(): string | null {
    const { retentionDays } = this.#options;
    return retentionDays === null ? null : new Date(Date.now() + retentionDays * 86_400_000).toISOString();
  }

  /** The owner with the fewest jobs under way comes first, then the job that has waited longest. */
  #next(): StoredJob | null {
    const { store, workers } = this.#options;
    if (this.#isStopped || this.#running.size >= openJobsPerWorker * workers) return null;
    const running = [...this.#running.values()].map(({ job }) => job);
    const isFull = running.filter(isLarge).length >= largeJobsPerWorker * workers;
    const load = (owner: string) => running.filter((job) => job.owner === owner).length;
    const waiting = store.waiting().filter((job) => !this.#running.has(job.id) && !(isFull && isLarge(job)));
    if (waiting.length === 0) return null;
    const best = waiting.reduce((best, job) => (load(job.owner) < load(best.owner) ? job : best));
    return store.get(best.id);
  }

  #begin(job: StoredJob): void {
    const { store, events } = this.#options;
    if (!store.started(job)) return;
    const aborting = new AbortController();
    this.#running.set(job.id, { job, aborting });
    events.tell(job, { type: "job" });
    this.#recognise(job, aborting.signal)
      .then(
        (transcript) => this.#done(job, transcript),
        (error: unknown) => this.#failed(job, error, aborting.signal),
      )
      .catch((error: unknown) => this.#options.onError(job.id, error))
      .finally(() => {
        this.#running.delete(job.id);
        void this.pump();
      });
  }

  async #recognise(job: StoredJob, signal: AbortSignal): Promise<Transcript> {
    const { store, data, recognition, events } = this.#options;
    const segments = store.segments(job);
    let fresh: Segment[] = [];
    let position = segments.length;
    let toldAt = 0;
    let totalSeconds: number | null = null;
    const onEvent = (event: WorkerEvent) => {
      if (signal.aborted) return;
      if (event.type === "segment") fresh.push(event.segment);
      else if (event.type === "checkpoint") {
        store.windowDone(job, event.checkpoint, position, fresh);
        // Told only when they are safe: whoever has seen a segment will find it again.
        for (const segment of fresh) events.tell(job, { type: "segment", index: position++, segment });
        fresh = [];
      } else if (event.type === "progress") {
        const { progress } = event;
        if (progress.totalSeconds !== null && progress.totalSeconds !== totalSeconds) {
          totalSeconds = progress.totalSeconds;
          store.noteTotal(job, totalSeconds);
        }
        if (Date.now() - toldAt < progressMilliseconds) return;
        toldAt = Date.now();
        events.tell(job, {
          type: "progress",
          processedSeconds: progress.processedSeconds,
          totalSeconds: progress.totalSeconds,
        });
      }
    };
    const { options } = job;
    return recognition.recognise(
      {
        id: `${job.id}#${job.attempts}`,
        model: options.model,
        path: data.recording(job.file!),
        options: {
          language: options.language ?? undefined,
          temperatures: options.temperature === null ? undefined : [options.temperature],
          wordTimes: options.wordTimes,
          resume: job.checkpoint ? { checkpoint: job.checkpoint, segments } : undefined,
        },
        termsFile: job.terms && data.termsFile(job.terms),
        isUrgent: false,
      },
      onEvent,
      signal,
    );
  }

  #done(job: StoredJob, transcript: Transcript): void {
    const { store, events, onDelivery, onDone } = this.#options;
    // Named for the person who uploaded it, not after our file.
    const named = {
      ...transcript,
      warnings: transcript.warnings.map((text) => this.#named(job, text)),
    };
    if (store.done(job, named, this.expiry(), this.#delivery(job, "done", null))) {
      events.tell(job, { type: "job" });
      onDone(transcript.durationSeconds);
      if (job.webhook) onDelivery();
    }
  }

  #failed(job: StoredJob, error: unknown, signal: AbortSignal): void {
    const { store, events } = this.#options;
    if (this.#isStopped) {
      store.parked(job, false);
      return;
    }
    // Cancelled or deleted: that has been written down already.
    if (signal.aborted) return;
    if (error instanceof WorkerCrash) {
      // Counted since the last window that was finished.
      const crashes = (store.get(job.id)?.crashes ?? 0) + 1;
      if (!error.isToBlame || crashes < mostCrashes) {
        store.parked(job, error.isToBlame);
        events.tell(job, { type: "job" });
        return;
      }
      this.fail(job, {
        code: "runtime-failed",
        message: `The recogniser crashed ${mostCrashes} times at the same place of this recording.`,
      });
      return;
    }
    const code = error instanceof GlossaError ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    this.fail(job, { code, message: this.#named(job, message) });
  }

  #end(job: StoredJob, status: "failed" | "cancelled", error: { code: string; message: string } | null) {
    const { store, events, onDelivery } = this.#options;
    const ended = store.ended(job, status, error, this.expiry(), this.#delivery(job, status, error));
    if (ended) {
      events.tell(job, { type: "job" });
      if (job.webhook) onDelivery();
    }
    return ended;
  }

  #named(job: StoredJob, text: string): string {
    return job.file === null ? text : text.replaceAll(this.#options.data.recording(job.file), job.name);
  }

  #delivery(
    job: StoredJob,
    status: "done" | "failed" | "cancelled",
    error: StoredJob["error"],
  ): string | null {
    if (!job.webhook) return null;
    const finishedAt = new Date().toISOString();
    return JSON.stringify({
      type: `job.${status}`,
      timestamp: finishedAt,
      data: { ...publicJob(job), status, error, finishedAt, position: null },
    });
  }
}

function isLarge(job: { readonly bytes: number | null }): boolean {
  return (job.bytes ?? 0) > largeBytes;
}
