/**
 * A job as a row of the database, and as the server works with it.
 */
import type { Checkpoint } from "../../recognise/options.ts";
import type { Job, JobOptions, JobStatus } from "../schemas.ts";

/** What the runner needs of a job beside what clients see. */
export interface StoredJob extends Job {
  readonly number: number;
  readonly owner: string;
  readonly file: string | null;
  readonly terms: string | null;
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
  readonly checkpoint: Checkpoint | null;
  readonly crashes: number;
}

export interface JobRow {
  number: number;
  id: string;
  owner: string;
  batch: string | null;
  name: string;
  status: JobStatus;
  source: string;
  file: string | null;
  bytes: number | null;
  media_type: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  expires_at: string | null;
  attempts: number;
  crashes: number;
  options: string;
  terms: string | null;
  webhook: string | null;
  processed_seconds: number;
  total_seconds: number | null;
  checkpoint: string | null;
  language: string | null;
  excerpt: string | null;
  error: string | null;
  corrected: number;
}

/** Everything but the text and the transcript, which may be long. */
export const jobColumns = `jobs.number, id, jobs.owner, batch, name, status, source, file, bytes, media_type, created_at, started_at,
  finished_at, expires_at, attempts, crashes, options, terms, webhook, processed_seconds, total_seconds, checkpoint, language,
  substr(text, 1, 200) AS excerpt, error,
  EXISTS (SELECT 1 FROM corrections WHERE corrections.job = jobs.number) AS corrected`;

/** @param position place in the queue */
export function jobOfRow(row: JobRow, position: number | null): StoredJob {
  return {
    number: row.number,
    id: row.id,
    owner: row.owner,
    batch: row.batch,
    name: row.name,
    status: row.status,
    source: JSON.parse(row.source) as Job["source"],
    file: row.file,
    bytes: row.bytes,
    mediaType: row.media_type,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
    attempts: row.attempts,
    crashes: row.crashes,
    options: JSON.parse(row.options) as JobOptions,
    terms: row.terms,
    webhook: row.webhook === null ? null : (JSON.parse(row.webhook) as StoredJob["webhook"]),
    progress: { processedSeconds: row.processed_seconds, totalSeconds: row.total_seconds },
    position,
    checkpoint: row.checkpoint === null ? null : (JSON.parse(row.checkpoint) as Checkpoint),
    durationSeconds: row.status === "done" ? row.total_seconds : null,
    language: row.language,
    excerpt: row.excerpt,
    corrected: row.corrected === 1,
    error: row.error === null ? null : (JSON.parse(row.error) as Job["error"]),
  };
}
