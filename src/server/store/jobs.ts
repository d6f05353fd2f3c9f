/**
 * Jobs in the database. Every change is one transaction, so a process that is killed leaves each job either before or after
 * it: a window's segments and its checkpoint are kept together or not at all.
 */
import type { Checkpoint } from "../../recognise/options.ts";
import type { Segment, Transcript } from "../../transcript/transcript.ts";
import { newIdentifier } from "../identifiers.ts";
import type { Job, JobOptions, JobStatus } from "../schemas.ts";
import type { Database } from "./database.ts";
import { jobColumns, jobOfRow, type JobRow, type StoredJob } from "./job-row.ts";

export interface NewJob {
  readonly owner: string;
  readonly batch: string | null;
  readonly name: string;
  readonly source: Job["source"];
  /** Name of the recording in the data folder; null until it is fetched. */
  readonly file: string | null;
  readonly bytes: number | null;
  readonly mediaType: string | null;
  readonly totalSeconds: number | null;
  readonly options: JobOptions;
  /** Name of the list of terms in the data folder. */
  readonly terms: string | null;
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
}

const now = () => new Date().toISOString();

export class JobStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes all the jobs of a request, or none. */
  create(jobs: readonly NewJob[]): StoredJob[] {
    return this.#database.transaction(() =>
      jobs.map((job) => {
        const id = newIdentifier("job");
        this.#database.run(
          `INSERT INTO jobs (id, owner, batch, name, status, source, file, bytes, media_type, created_at, total_seconds, options,
             terms, webhook)
           VALUES (:id, :owner, :batch, :name, :status, :source, :file, :bytes, :mediaType, :createdAt, :totalSeconds,
             :options, :terms, :webhook)`,
          {
            id,
            owner: job.owner,
            batch: job.batch,
            name: job.name,
            status: job.file === null ? "fetching" : "queued",
            source: JSON.stringify(job.source),
            file: job.file,
            bytes: job.bytes,
            mediaType: job.mediaType,
            createdAt: now(),
            totalSeconds: job.totalSeconds,
            options: JSON.stringify(job.options),
            terms: job.terms,
            webhook: job.webhook && JSON.stringify(job.webhook),
          },
        );
        const created = this.get(id)!;
        this.#index(created.number, job.name, "");
        return created;
      }),
    );
  }

  /** @param owner when given, only a job of this owner is found */
  get(id: string, owner: string | null = null): StoredJob | null {
    const row = this.#database.get<JobRow>(
      `SELECT ${jobColumns} FROM jobs WHERE id = :id AND (:owner IS NULL OR owner = :owner)`,
      { id, owner },
    );
    return row && this.#jobOf(row);
  }

  /** Newest first. */
  list(filter: {
    owner: string | null;
    status: JobStatus | null;
    batch: string | null;
    /** Only jobs over the recording of this one. */
    job: string | null;
    query: string | null;
    before: string | null;
    limit: number;
  }): StoredJob[] {
    const { query } = filter;
    // The index knows sequences of three characters and more; two Chinese characters are a word too.
    const search =
      query === null
        ? ""
        : Array.from(query).length >= 3
          ? "AND number IN (SELECT rowid FROM job_search WHERE job_search MATCH :query)"
          : "AND (instr(lower(name), :query) > 0 OR instr(lower(text), :query) > 0)";
    const rows = this.#database.all<JobRow>(
      `SELECT ${jobColumns} FROM jobs
       WHERE (:owner IS NULL OR owner = :owner) AND (:status IS NULL OR status = :status)
         AND (:batch IS NULL OR batch = :batch) AND (:job IS NULL OR json_extract(source, '$.job') = :job)
         AND (:before IS NULL OR id < :before) ${search}
       ORDER BY id DESC LIMIT :limit`,
      {
        owner: filter.owner,
        status: filter.status,
        batch: filter.batch,
        job: filter.job,
        before: filter.before,
        limit: filter.limit,
        ...(query !== null && {
          query: Array.from(query).length >= 3 ? `"${query.replaceAll('"', '""')}"` : query.toLowerCase(),
        }),
      },
    );
    return rows.map((row) => this.#jobOf(row));
  }

  /** Jobs of a status, oldest first. */
  withStatus(status: JobStatus): StoredJob[] {
    return this.#database
      .all<JobRow>(`SELECT ${jobColumns} FROM jobs WHERE status = :status ORDER BY number`, { status })
      .map((row) => this.#jobOf(row));
  }

  /** What choosing the next job needs to know of those that wait, oldest first. */
  waiting(): { id: string; owner: string; bytes: number | null }[] {
    return this.#database.all("SELECT id, owner, bytes FROM jobs WHERE status = 'queued' ORDER BY number");
  }

  /** Unfinished jobs of an owner. */
  countUnfinished(owner: string): number {
    return this.#database.get<{ count: number }>(
      "SELECT count(*) AS count FROM jobs WHERE owner = :owner AND status IN ('fetching', 'queued', 'running')",
      { owner },
    )!.count;
  }

  countByStatus(): Map<JobStatus, number> {
    const rows = this.#database.all<{ status: JobStatus; count: number }>(
      "SELECT status, count(*) AS count FROM jobs GROUP BY status",
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  }

  segments(job: StoredJob): Segment[] {
    return this.#database
      .all<{ segment: string }>("SELECT segment FROM segments WHERE job = :job ORDER BY position", {
        job: job.number,
      })
      .map(({ segment }) => JSON.parse(segment) as Segment);
  }

  transcript(job: StoredJob): Transcript | null {
    const row = this.#database.get<{ transcript: string | null }>(
      "SELECT transcript FROM jobs WHERE number = :job",
      {
        job: job.number,
      },
    );
    return row?.transcript ? (JSON.parse(row.transcript) as Transcript) : null;
  }

  /** A recording that had to be fetched is there. */
  fetched(job: StoredJob, file: string, bytes: number, mediaType: string | null): boolean {
    return this.#changed(
      "UPDATE jobs SET status = 'queued', file = :file, bytes = :bytes, media_type = :mediaType WHERE id = :id AND status = 'fetching'",
      { id: job.id, file, bytes, mediaType },
    );
  }

  started(job: StoredJob): boolean {
    return this.#changed(
      `UPDATE jobs SET status = 'running', started_at = coalesce(started_at, :at), attempts = attempts + 1
       WHERE id = :id AND status = 'queued'`,
      { id: job.id, at: now() },
    );
  }

  /** A window is done: its segments and where to go on are kept together. */
  windowDone(
    job: StoredJob,
    checkpoint: Checkpoint,
    firstPosition: number,
    segments: readonly Segment[],
  ): void {
    this.#database.transaction(() => {
      const kept = this.#changed(
        `UPDATE jobs SET checkpoint = :checkpoint, processed_seconds = :processedSeconds, crashes = 0
         WHERE id = :id AND status = 'running'`,
        {
          id: job.id,
          checkpoint: JSON.stringify(checkpoint),
          processedSeconds: checkpoint.endSeconds,
        },
      );
      if (!kept) return;
      for (const [index, segment] of segments.entries()) {
        this.#database.run(
          "INSERT INTO segments (job, position, segment) VALUES (:job, :position, :segment)",
          { job: job.number, position: firstPosition + index, segment: JSON.stringify(segment) },
        );
      }
    });
  }

  noteTotal(job: StoredJob, totalSeconds: number): void {
    this.#database.run("UPDATE jobs SET total_seconds = :totalSeconds WHERE id = :id", {
      id: job.id,
      totalSeconds,
    });
  }

  done(job: StoredJob, transcript: Transcript, expiresAt: string | null, delivery: string | null): boolean {
    return this.#database.transaction(() => {
      const kept = this.#changed(
        `UPDATE jobs SET status = 'done', finished_at = :at, expires_at = :expiresAt, checkpoint = NULL, error = NULL,
           processed_seconds = :duration, total_seconds = :duration, language = :language, text = :text,
           transcript = :transcript
         WHERE id = :id AND status = 'running'`,
        {
          id: job.id,
          at: now(),
          expiresAt,
          duration: transcript.durationSeconds,
          language: transcript.language,
          text: transcript.text,
          transcript: JSON.stringify(transcript),
        },
      );
      if (!kept) return false;
      // The transcript holds them from here on.
      this.#database.run("DELETE FROM segments WHERE job = :job", { job: job.number });
      this.#index(job.number, job.name, transcript.text);
      this.#addDelivery(job, delivery);
      return true;
    });
  }

  /** Ends an unfinished job. What was recognised stays, so that it can be gone on with. */
  ended(
    job: StoredJob,
    status: "failed" | "cancelled",
    error: Job["error"],
    expiresAt: string | null,
    delivery: string | null,
  ): boolean {
    return this.#database.transaction(() => {
      const changed = this.#changed(
        `UPDATE jobs SET status = :status, finished_at = :at, expires_at = :expiresAt, error = :error
         WHERE id = :id AND status IN ('fetching', 'queued', 'running')`,
        { id: job.id, status, at: now(), expiresAt, error: error && JSON.stringify(error) },
      );
      if (changed) this.#addDelivery(job, delivery);
      return changed;
    });
  }

  /** Puts a job that was running back into the queue. @param crashed its own window brought a worker down */
  parked(job: StoredJob, crashed: boolean): boolean {
    return this.#changed(
      "UPDATE jobs SET status = 'queued', crashes = crashes + :crashes WHERE id = :id AND status = 'running'",
      { id: job.id, crashes: crashed ? 1 : 0 },
    );
  }

  retried(job: StoredJob): boolean {
    return this.#changed(
      `UPDATE jobs SET status = iif(file IS NULL, 'fetching', 'queued'), crashes = 0, error = NULL, finished_at = NULL, expires_at = NULL
       WHERE id = :id AND status IN ('failed', 'cancelled')`,
      { id: job.id },
    );
  }

  /** After a stop or a crash of the server: what was running goes on. */
  parkAll(): number {
    return this.#database.run("UPDATE jobs SET status = 'queued' WHERE status = 'running'");
  }

  delete(job: StoredJob): void {
    this.#database.transaction(() => {
      for (const table of ["segments", "corrections", "deliveries"]) {
        this.#database.run(`DELETE FROM ${table} WHERE job = :job`, { job: job.number });
      }
      this.#database.run("DELETE FROM job_search WHERE rowid = :job", { job: job.number });
      this.#database.run("DELETE FROM jobs WHERE number = :job", { job: job.number });
    });
  }

  expired(): StoredJob[] {
    return this.#database
      .all<JobRow>(`SELECT ${jobColumns} FROM jobs WHERE expires_at < :now ORDER BY number LIMIT 100`, {
        now: now(),
      })
      .map((row) => this.#jobOf(row));
  }

  /** Recordings and lists of terms that some job still needs. */
  filesInUse(): { recordings: Set<string>; terms: Set<string> } {
    const rows = this.#database.all<{ file: string | null; terms: string | null }>(
      "SELECT file, terms FROM jobs",
    );
    const names = (values: (string | null)[]) => new Set(values.filter((name) => name !== null));
    return { recordings: names(rows.map(({ file }) => file)), terms: names(rows.map(({ terms }) => terms)) };
  }

  /** Changes a job by its identifier: the number of one that was deleted may be given to another. */
  #changed(statement: string, values: Parameters<Database["run"]>[1]): boolean {
    return this.#database.run(statement, values) > 0;
  }

  #index(number: number, name: string, text: string): void {
    this.#database.run("DELETE FROM job_search WHERE rowid = :number", { number });
    this.#database.run("INSERT INTO job_search (rowid, name, text) VALUES (:number, :name, :text)", {
      number,
      name,
      text,
    });
  }

  #addDelivery(job: StoredJob, body: string | null): void {
    if (body === null || job.webhook === null) return;
    this.#database.run(
      "INSERT INTO deliveries (id, job, url, secret, body, next_at) VALUES (:id, :job, :url, :secret, :body, :at)",
      {
        id: newIdentifier("delivery"),
        job: job.number,
        url: job.webhook.url,
        secret: job.webhook.secret,
        body,
        at: now(),
      },
    );
  }

  #jobOf(row: JobRow): StoredJob {
    const position =
      row.status === "queued"
        ? this.#database.get<{ count: number }>(
            "SELECT count(*) AS count FROM jobs WHERE status = 'queued' AND number <= :number",
            { number: row.number },
          )!.count
        : null;
    return jobOfRow(row, position);
  }
}
