/** The history: jobs newest first, kept true by the server's events. */
import { listJobs } from "../api/client.ts";
import { followJobs } from "../api/job-events.ts";
import type { Job } from "../api/types.ts";
import { messageOf } from "./server.svelte.ts";
import { TimeLeft } from "./time-left.ts";
import { uploads } from "./queue.svelte.ts";

class Jobs {
  list = $state.raw<Job[]>([]);
  /** Where the next page of the history begins. */
  next = $state<string | null>(null);
  query = $state("");
  isLoading = $state(false);
  problem = $state<string | null>(null);
  /** Seconds that running jobs still need, by identifier. */
  secondsLeft = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Whether news come in. */
  isConnected = $state(true);
  /** The last news of each job, and in which order they came: an answer may be older than what was heard meanwhile. */
  #heard = new Map<string, { order: number; job: Job }>();
  #order = 0;
  #estimates = new Map<string, TimeLeft>();
  #abort: AbortController | null = null;

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const since = this.now;
    this.isLoading = true;
    try {
      const page = await listJobs({ query: this.query.trim(), limit: 50, signal: abort.signal });
      this.list = page.jobs.map((job) => this.#newest(job, since));
      this.next = page.next;
      this.problem = null;
    } catch (error) {
      if (!abort.signal.aborted) this.problem = messageOf(error);
    } finally {
      if (this.#abort === abort) this.isLoading = false;
    }
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.isLoading) return;
    const since = this.now;
    this.isLoading = true;
    try {
      const page = await listJobs({ query: this.query.trim(), limit: 50, before: this.next });
      const known = new Set(this.list.map(({ id }) => id));
      this.list = [
        ...this.list,
        ...page.jobs.filter(({ id }) => !known.has(id)).map((job) => this.#newest(job, since)),
      ];
      this.next = page.next;
    } catch (error) {
      this.problem = messageOf(error);
    } finally {
      this.isLoading = false;
    }
  }

  /** To be read before a request whose answer goes to `answer`. */
  get now(): number {
    return this.#order;
  }

  /** Takes in the answer to a request that was sent at `since`. */
  answer(job: Job, since: number): void {
    this.#show(this.#newest(job, since));
  }

  #hear(job: Job): void {
    this.#heard.set(job.id, { order: ++this.#order, job });
    this.#show(job);
  }

  #newest(job: Job, since: number): Job {
    const heard = this.#heard.get(job.id);
    return heard && heard.order > since ? heard.job : job;
  }

  #show(job: Job): void {
    this.#estimate(job);
    const index = this.list.findIndex(({ id }) => id === job.id);
    if (index >= 0) this.list = this.list.with(index, job);
    // While the reader searches, new jobs would stand among results that they do not match.
    else if (this.query.trim() === "") this.list = [job, ...this.list];
  }

  remove(id: string): void {
    this.list = this.list.filter((job) => job.id !== id);
  }

  /** Listens as long as the page is open. */
  follow(): () => void {
    // Nothing can have been heard of it before there was it.
    uploads.onJob = (job) => this.answer(job, 0);
    return followJobs(
      (job) => this.#hear(job),
      (isConnected) => {
        // What happened in between was not heard.
        if (isConnected && !this.isConnected) void this.load();
        this.isConnected = isConnected;
      },
    );
  }

  #estimate(job: Job): void {
    const estimates = this.#estimates;
    if (job.status === "running") {
      const estimate = estimates.get(job.id) ?? new TimeLeft();
      estimates.set(job.id, estimate);
      estimate.add(job.progress, Date.now());
    } else estimates.delete(job.id);
    this.secondsLeft = new Map(
      Array.from(estimates, ([id, estimate]) => [id, estimate.seconds] as const).filter(
        (entry): entry is readonly [string, number] => entry[1] !== null,
      ),
    );
  }
}

export const jobs = new Jobs();
