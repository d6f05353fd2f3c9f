/**
 * The database: one SQLite file in the data folder, and the steps that bring it to the present shape.
 *
 * Write-ahead log with full synchronisation: what is committed survives `kill -9` and a power cut
 * (docs/decisions/0020-sqlite-by-libsql.md).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { GlossaError } from "../../errors.ts";

/** What can stand in a column. The engine ends the process on anything else, so the type is narrow on purpose. */
export type Value = string | number | null;
export type Values = Readonly<Record<string, Value>>;

/** SQLite with prepared statements, and values given by name (`:name`). */
export class Database implements Disposable {
  readonly #engine: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement<unknown[]>>();

  /** @param busyMilliseconds how long to wait for another process */
  constructor(file: string, busyMilliseconds = 5000) {
    this.#engine = new Libsql(file);
    this.execute(`PRAGMA busy_timeout = ${busyMilliseconds}`);
    if (busyMilliseconds > 0) this.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  }

  /** Several statements without values or results. */
  execute(statements: string): void {
    this.#engine.exec(statements);
  }

  /** @returns how many rows were changed */
  run(statement: string, values: Values = {}): number {
    return this.#prepared(statement).run(values).changes;
  }

  /** The first row, or null. */
  get<Row>(statement: string, values: Values = {}): Row | null {
    return (this.#prepared(statement).get(values) as Row | undefined) ?? null;
  }

  all<Row>(statement: string, values: Values = {}): Row[] {
    return this.#prepared(statement).all(values) as Row[];
  }

  /** Runs `work`, which must not wait for anything, in a transaction: all of it is kept, or nothing. */
  transaction<T>(work: () => T): T {
    this.execute("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.execute("COMMIT");
      return result;
    } catch (error) {
      this.execute("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#engine.close();
  }

  #prepared(statement: string): Libsql.Statement<unknown[]> {
    let prepared = this.#statements.get(statement);
    if (!prepared) this.#statements.set(statement, (prepared = this.#engine.prepare(statement)));
    return prepared;
  }
}

/** Each step is run once, in order, in a transaction. Steps are never changed, only added. */
const steps: readonly string[] = [
  `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, limits TEXT NOT NULL,
    created_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT
  );
  CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, batch TEXT, name TEXT NOT NULL,
    status TEXT NOT NULL, source TEXT NOT NULL, file TEXT, bytes INTEGER, media_type TEXT,
    created_at TEXT NOT NULL, started_at TEXT, finished_at TEXT, expires_at TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0,
    options TEXT NOT NULL, terms TEXT, webhook TEXT,
    processed_seconds REAL NOT NULL DEFAULT 0, total_seconds REAL, checkpoint TEXT,
    language TEXT, text TEXT, transcript TEXT, error TEXT
  );
  CREATE INDEX jobs_by_status ON jobs (status, number);
  CREATE INDEX jobs_by_owner ON jobs (owner, number);
  CREATE INDEX jobs_by_batch ON jobs (batch) WHERE batch IS NOT NULL;
  CREATE TABLE segments (
    job INTEGER NOT NULL, position INTEGER NOT NULL, segment TEXT NOT NULL, PRIMARY KEY (job, position)
  ) WITHOUT ROWID;
  CREATE VIRTUAL TABLE job_search USING fts5 (name, text, tokenize = 'trigram');
  CREATE TABLE corrections (
    job INTEGER PRIMARY KEY, owner TEXT NOT NULL, saved_at TEXT NOT NULL, transcript TEXT NOT NULL,
    changed_segments INTEGER NOT NULL
  );
  CREATE TABLE glossaries (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, revision INTEGER NOT NULL,
    term_count INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
  );
  CREATE TABLE glossary_terms (
    glossary TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL, folded TEXT NOT NULL,
    weight REAL NOT NULL, spoken TEXT NOT NULL, PRIMARY KEY (glossary, revision, position)
  ) WITHOUT ROWID;
  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, job INTEGER NOT NULL, url TEXT NOT NULL, secret TEXT, body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_at TEXT
  );
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, owner TEXT NOT NULL, action TEXT NOT NULL, target TEXT, address TEXT
  );
  `,
];

/**
 * Opens the database of a data folder, which is made if need be.
 *
 * @throws GlossaError `write-failed` when the folder or the file cannot be used, or was made by a later version
 */
export function openDatabase(dataFolder: string): Database {
  const file = join(dataFolder, "glossa.db");
  try {
    mkdirSync(dataFolder, { recursive: true });
    const database = new Database(file);
    migrate(database, file);
    return database;
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    throw new GlossaError("write-failed", `${file}: cannot be used: ${(cause as Error).message}`, { cause });
  }
}

function migrate(database: Database, file: string): void {
  const version = () => database.get<{ user_version: number }>("PRAGMA user_version")!.user_version;
  database.transaction(() => {
    if (version() > steps.length) {
      throw new GlossaError(
        "write-failed",
        `${file}: was written by a later version of Glossa; use that version, or another --data folder`,
      );
    }
    for (let step = version(); step < steps.length; step++) {
      database.execute(steps[step]!);
      database.execute(`PRAGMA user_version = ${step + 1}`);
    }
  });
}
