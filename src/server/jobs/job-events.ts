/**
 * What happens to jobs, told to whoever watches them at the moment.
 */
import { EventEmitter } from "node:events";
import type { Segment } from "../../transcript/transcript.ts";

export type JobEvent =
  /** The job changed: ask for it again. */
  | { readonly type: "job" }
  | { readonly type: "segment"; readonly index: number; readonly segment: Segment }
  | { readonly type: "progress"; readonly processedSeconds: number; readonly totalSeconds: number | null };

interface Events {
  job: [id: string, owner: string, event: JobEvent];
}

export class JobEvents extends EventEmitter<Events> {
  constructor() {
    super();
    // One listener for every page that is open.
    this.setMaxListeners(0);
  }

  tell(job: { readonly id: string; readonly owner: string }, event: JobEvent): void {
    this.emit("job", job.id, job.owner, event);
  }
}
