/** What happens to jobs, as it happens. A connection that breaks is made again; the server then starts over. */
import { serverUrl } from "./client.ts";
import type { Job, JobEvents } from "./types.ts";

/** Milliseconds until a stream that was refused is tried again; one that broke the browser opens again by itself. */
const pause = 3000;

/** @returns what stops listening */
export function followJob(id: string, events: JobEvents): () => void {
  return follow(`v1/jobs/${id}/events`, ["job", "segment", "progress", "done"], (name, data, stop) => {
    // The stream ends after `done`; it would be opened again.
    if (name === "done") stop();
    (events[name as keyof JobEvents] as (data: unknown) => void)(data);
  });
}

/**
 * Every change of any job that the reader may see.
 *
 * @param connected is called when the connection breaks and when it stands again
 */
export function followJobs(
  listener: (job: Job) => void,
  connected: (isConnected: boolean) => void,
): () => void {
  return follow("v1/events", ["job"], (_, data) => listener(data as Job), connected);
}

function follow(
  path: string,
  names: readonly string[],
  take: (name: string, data: unknown, stop: () => void) => void,
  connected: (isConnected: boolean) => void = () => {},
): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    source.close();
  };
  const open = () => {
    source = new EventSource(serverUrl(path));
    source.addEventListener("open", () => connected(true));
    source.addEventListener("error", () => {
      connected(false);
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, pause);
    });
    for (const name of names) {
      source.addEventListener(name, (event: MessageEvent<string>) =>
        take(name, JSON.parse(event.data), stop),
      );
    }
  };
  open();
  return stop;
}
