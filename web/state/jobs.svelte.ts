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
  #estimates = new Map<string, TimeLeft>();
  #abort: AbortController | null = null;

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.isLoading = true;
    try {
      const page = await listJobs({ query: this.query.trim(), limit: 50, signal: abort.signal });
      this.list = page.jobs;
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
    this.isLoading = true;
    try {
      const page = await listJobs({ query: this.query.trim(), limit: 50, before: this.next });
      const known = new Set(this.list.map(({ id }) => id));
      this.list = [...this.list, ...page.jobs.filter(({ id }) => !known.has(id))];
      this.next = page.next;
    } catch (error) {
      this.problem = messageOf(error);
    } finally {
      this.isLoading = false;
    }
  }

  /** Takes in what is known of a job now. */
  update(job: Job): void {
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
    uploads.onJob = (job) => this.update(job);
    return followJobs(
      (job) => this.update(job),
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
