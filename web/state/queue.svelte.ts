/** Files on their way to the server, and how they become jobs. One goes up at a time: two would only halve the speed. */
import { createJob } from "../api/client.ts";
import { uploadFile } from "../api/upload.ts";
import type { Job, JobOptions } from "../api/types.ts";
import { messageOf } from "./server.svelte.ts";

/** Names on the server have at most so many characters; the end tells more than the beginning. */
const longestName = 200;

export interface QueuedFile {
  readonly key: number;
  readonly file: File;
  readonly options: JobOptions;
  state: "waiting" | "uploading" | "failed";
  sentBytes: number;
  /** Moment at which the upload began, for the time left. */
  startedAt: number;
  problem: string | null;
}

class UploadQueue {
  files = $state<QueuedFile[]>([]);
  #aborts = new Map<number, AbortController>();
  #nextKey = 1;
  #isRunning = false;
  /** Called for every job that an upload has become. */
  onJob: (job: Job) => void = () => {};

  add(files: readonly File[], options: JobOptions): void {
    for (const file of files) {
      this.files.push({
        key: this.#nextKey++,
        file,
        options,
        state: "waiting",
        sentBytes: 0,
        startedAt: 0,
        problem: null,
      });
    }
    void this.#run();
  }

  remove(key: number): void {
    this.#aborts.get(key)?.abort();
    this.files = this.files.filter((queued) => queued.key !== key);
  }

  retry(key: number): void {
    const queued = this.files.find((candidate) => candidate.key === key);
    if (!queued) return;
    queued.state = "waiting";
    queued.problem = null;
    void this.#run();
  }

  get isBusy(): boolean {
    return this.files.some(({ state }) => state !== "failed");
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#next(); next; next = this.#next()) await this.#upload(next);
    this.#isRunning = false;
  }

  #next(): QueuedFile | undefined {
    return this.files.find(({ state }) => state === "waiting");
  }

  async #upload(queued: QueuedFile): Promise<void> {
    const abort = new AbortController();
    this.#aborts.set(queued.key, abort);
    queued.state = "uploading";
    queued.startedAt = Date.now();
    try {
      const upload = await uploadFile(queued.file, {
        signal: abort.signal,
        onProgress: (sentBytes) => {
          queued.sentBytes = sentBytes;
        },
      });
      const job = await createJob({ upload, name: queued.file.name.slice(-longestName) }, queued.options);
      this.files = this.files.filter(({ key }) => key !== queued.key);
      this.onJob(job);
    } catch (error) {
      if (abort.signal.aborted) return;
      queued.state = "failed";
      queued.problem = messageOf(error);
    } finally {
      this.#aborts.delete(queued.key);
    }
  }
}

export const uploads = new UploadQueue();
