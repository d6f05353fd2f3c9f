/** What the reader drops or chooses: sorted out, and on its way. */
import { isRecording } from "../parts/dropped-files.ts";
import { context } from "./context.svelte.ts";
import { jobs } from "./jobs.svelte.ts";
import { uploads } from "./queue.svelte.ts";
import { server } from "./server.svelte.ts";
import { text } from "./settings.svelte.ts";

class Intake {
  /** What was left out, and why. */
  notice = $state<string | null>(null);

  take(files: readonly File[]): void {
    // A single file was meant, whatever it is called; of many only what can be a recording.
    const usable = files.length > 1 ? files.filter(isRecording) : files;
    const limit = server.info?.limits.uploadBytes ?? Number.POSITIVE_INFINITY;
    const tooLarge = usable.filter(({ size }) => size > limit);
    const empty = usable.filter(({ size }) => size === 0);
    this.notice =
      [
        files.length > usable.length ? text().drop.leftOut(files.length - usable.length) : null,
        ...tooLarge.map(({ name }) => text().drop.tooLarge(name)),
        ...empty.map(({ name }) => text().drop.empty(name)),
      ]
        .filter((part) => part !== null)
        .join(" ") || null;
    // Among what was found by a search, what is new would not be seen.
    if (jobs.query !== "") {
      jobs.query = "";
      void jobs.load();
    }
    uploads.add(
      usable.filter((file) => !tooLarge.includes(file) && !empty.includes(file)),
      context.options(),
    );
  }
}

export const intake = new Intake();
