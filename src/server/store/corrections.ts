/**
 * Transcripts as people corrected them.
 */
import type { Transcript } from "../../transcript/transcript.ts";
import type { Database } from "./database.ts";
import type { StoredJob } from "./job-row.ts";

export interface Correction {
  readonly jobId: string;
  readonly name: string;
  readonly file: string;
  readonly savedAt: string;
  readonly durationSeconds: number;
  readonly changedSegments: number;
  readonly segmentCount: number;
}

export class CorrectionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  save(job: StoredJob, transcript: Transcript, changedSegments: number): string {
    const savedAt = new Date().toISOString();
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO corrections (job, owner, saved_at, transcript, changed_segments)
         VALUES (:job, :owner, :savedAt, :transcript, :changed)
         ON CONFLICT (job) DO UPDATE SET saved_at = :savedAt, transcript = :transcript, changed_segments = :changed`,
        {
          job: job.number,
          owner: job.owner,
          savedAt,
          transcript: JSON.stringify(transcript),
          changed: changedSegments,
        },
      );
      // Found by what it says now.
      this.#database.run("UPDATE job_search SET text = :text WHERE rowid = :job", {
        job: job.number,
        text: transcript.text,
      });
    });
    return savedAt;
  }

  get(job: StoredJob): { savedAt: string; transcript: Transcript } | null {
    const row = this.#database.get<{ saved_at: string; transcript: string }>(
      "SELECT saved_at, transcript FROM corrections WHERE job = :job",
      { job: job.number },
    );
    return row && { savedAt: row.saved_at, transcript: JSON.parse(row.transcript) as Transcript };
  }

  delete(job: StoredJob): boolean {
    return this.#database.transaction(() => {
      const values = { job: job.number };
      if (this.#database.run("DELETE FROM corrections WHERE job = :job", values) === 0) return false;
      // Found by what was recognised again.
      this.#database.run(
        "UPDATE job_search SET text = (SELECT coalesce(text, '') FROM jobs WHERE number = :job) WHERE rowid = :job",
        values,
      );
      return true;
    });
  }

  /** Newest first. @param owner null finds those of all */
  list(owner: string | null): Correction[] {
    return this.#database.all<Correction>(
      `SELECT jobs.id AS jobId, jobs.name AS name, jobs.file AS file, saved_at AS savedAt,
         jobs.total_seconds AS durationSeconds, changed_segments AS changedSegments,
         json_array_length(corrections.transcript, '$.segments') AS segmentCount
       FROM corrections JOIN jobs ON jobs.number = corrections.job
       WHERE :owner IS NULL OR corrections.owner = :owner ORDER BY saved_at DESC`,
      { owner },
    );
  }
}
