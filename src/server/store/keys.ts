/**
 * Keys: who may do what. Only hashes are kept; a key is shown once, when it is made.
 */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { newIdentifier } from "../identifiers.ts";
import type { Database } from "./database.ts";

export const scopeSchema = z.enum(["transcribe", "glossaries", "admin"]);
export type Scope = z.infer<typeof scopeSchema>;
export const allScopes = scopeSchema.options;

export const keyLimitsSchema = z.strictObject({
  requestsPerMinute: z.number().int().min(1).optional().describe("Default: the server's."),
  unfinishedJobs: z.number().int().min(1).optional().describe("Jobs that may wait or run at a time."),
  liveSessions: z.number().int().min(1).optional().describe("Live sessions at a time."),
  uploadBytes: z.number().int().min(1).optional().describe("Largest recording."),
});
export type KeyLimits = z.infer<typeof keyLimitsSchema>;

export const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    limits: keyLimitsSchema,
    createdAt: z.string(),
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: "Key" });
export type Key = z.infer<typeof keySchema>;

interface Row {
  id: string;
  name: string;
  scopes: string;
  limits: string;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

const columns = "id, name, scopes, limits, created_at, last_used_at, revoked_at";
/** How often the last use of a key is written down. */
const useMilliseconds = 60_000;

/** Keys are 256 random bits, so a fast hash is as good as a slow one. */
export function hashOfKey(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export class KeyStore {
  readonly #database: Database;
  readonly #usedAt = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns the key, and its secret, which cannot be had again */
  create(name: string, scopes: readonly Scope[], limits: KeyLimits): { key: Key; secret: string } {
    const secret = `glossa_${randomBytes(32).toString("base64url")}`;
    const id = newIdentifier("key");
    this.#database.run(
      `INSERT INTO keys (id, name, hash, scopes, limits, created_at)
       VALUES (:id, :name, :hash, :scopes, :limits, :createdAt)`,
      {
        id,
        name,
        hash: hashOfKey(secret),
        scopes: JSON.stringify(scopes),
        limits: JSON.stringify(limits),
        createdAt: new Date().toISOString(),
      },
    );
    return { key: this.get(id)!, secret };
  }

  get(id: string): Key | null {
    const row = this.#database.get<Row>(`SELECT ${columns} FROM keys WHERE id = :id`, { id });
    return row && keyOf(row);
  }

  list(): Key[] {
    return this.#database.all<Row>(`SELECT ${columns} FROM keys ORDER BY id`).map(keyOf);
  }

  /** The key of a secret; null when it is unknown or revoked. */
  find(secret: string): Key | null {
    const row = this.#database.get<Row>(
      `SELECT ${columns} FROM keys WHERE hash = :hash AND revoked_at IS NULL`,
      { hash: hashOfKey(secret) },
    );
    if (!row) return null;
    const now = Date.now();
    if (now - (this.#usedAt.get(row.id) ?? 0) > useMilliseconds) {
      this.#usedAt.set(row.id, now);
      this.#database.run("UPDATE keys SET last_used_at = :at WHERE id = :id", {
        id: row.id,
        at: new Date(now).toISOString(),
      });
    }
    return keyOf(row);
  }

  /** @returns false when there is no such key, or it was revoked before */
  revoke(id: string): boolean {
    return (
      this.#database.run("UPDATE keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL", {
        id,
        at: new Date().toISOString(),
      }) > 0
    );
  }

  /** Whether any key is valid: then every request needs one. */
  get areAny(): boolean {
    return this.#database.get("SELECT 1 AS any FROM keys WHERE revoked_at IS NULL LIMIT 1") !== null;
  }
}

function keyOf(row: Row): Key {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    limits: JSON.parse(row.limits) as KeyLimits,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
