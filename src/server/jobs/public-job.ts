/**
 * A job as clients see it.
 */
import type { Job } from "../schemas.ts";
import type { StoredJob } from "../store/job-row.ts";

/** Leaves out what is the server's own business; of a webhook, its secret. */
export function publicJob(stored: StoredJob): Job {
  const { number: _1, owner: _2, file: _3, terms: _4, checkpoint: _5, crashes: _6, webhook, ...job } = stored;
  return { ...job, webhook: webhook && { url: webhook.url } };
}
