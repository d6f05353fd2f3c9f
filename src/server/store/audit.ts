/**
 * Who changed what, and when: keys, glossaries, jobs. No content of recordings or texts.
 */
import { z } from "zod";
import type { Database } from "./database.ts";

export const auditEntrySchema = z.object({
  number: z.number().int(),
  at: z.string(),
  owner: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  address: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export class AuditLog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  note(owner: string, action: string, target: string | null, address: string | null): void {
    this.#database.run(
      "INSERT INTO audit (at, owner, action, target, address) VALUES (:at, :owner, :action, :target, :address)",
      { at: new Date().toISOString(), owner, action, target, address },
    );
  }

  /** Newest first. @param before a number: entries before it */
  list(limit: number, before: number | null): AuditEntry[] {
    return this.#database.all(
      `SELECT number, at, owner, action, target, address FROM audit
       WHERE :before IS NULL OR number < :before ORDER BY number DESC LIMIT :limit`,
      { limit, before },
    );
  }

  /** @param days how long entries are kept */
  sweep(days: number): void {
    this.#database.run("DELETE FROM audit WHERE at < :before", {
      before: new Date(Date.now() - days * 86_400_000).toISOString(),
    });
  }
}
