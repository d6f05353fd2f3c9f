/** What happens to a job, as it happens. The browser connects again by itself; the server then starts over. */
import { serverUrl } from "./client.ts";
import type { Job, JobEvents } from "./types.ts";

/** @returns what stops listening */
export function followJob(id: string, events: JobEvents): () => void {
  const source = new EventSource(serverUrl(`v1/jobs/${id}/events`));
  for (const name of ["job", "segment", "progress", "done"] as const) {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      // The stream ends after `done`; without closing, the browser would open it again.
      if (name === "done") source.close();
      (events[name] as (data: unknown) => void)(JSON.parse(event.data));
    });
  }
  return () => source.close();
}

/** Every change of any job that the reader may see. */
export function followJobs(listener: (job: Job) => void): () => void {
  const source = new EventSource(serverUrl("v1/events"));
  source.addEventListener("job", (event: MessageEvent<string>) => listener(JSON.parse(event.data) as Job));
  return () => source.close();
}
