/** How long a job still needs, from how fast it has gone lately. */
import type { Progress } from "../api/types.ts";

/** Milliseconds that are looked back. */
const memory = 60_000;

export class TimeLeft {
  #seen: { at: number; processed: number }[] = [];
  #total: number | null = null;

  /** @param now milliseconds */
  add({ processedSeconds, totalSeconds }: Progress, now: number): void {
    this.#total = totalSeconds;
    const last = this.#seen.at(-1);
    // A job that begins again has not gone backwards, it has no speed yet.
    if (last && processedSeconds < last.processed) this.#seen = [];
    if (last && processedSeconds === last.processed) return;
    this.#seen.push({ at: now, processed: processedSeconds });
    while (this.#seen.length > 2 && this.#seen[0]!.at < now - memory) this.#seen.shift();
  }

  /** Seconds; null while nothing can be said. */
  get seconds(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || this.#total === null || last.at - first.at < 500) return null;
    const speed = (last.processed - first.processed) / ((last.at - first.at) / 1000);
    return speed > 0 ? Math.max(0, (this.#total - last.processed) / speed) : null;
  }
}
