/**
 * Glossaries in the database. A list of 100,000 terms is written in parts, so that other requests are answered in
 * between; readers see the old list until the new one is complete.
 */
import { setImmediate as breathe } from "node:timers/promises";
import type { Term } from "../../context/term.ts";
import { newIdentifier } from "../identifiers.ts";
import type { GlossaryResource } from "../schemas.ts";
import type { Database } from "./database.ts";

interface Row {
  id: string;
  owner: string;
  name: string;
  description: string;
  revision: number;
  term_count: number;
  created_at: string;
  updated_at: string;
}

interface TermRow {
  text: string;
  weight: number;
  spoken: string;
}

const rowsAtATime = 500;

/** How terms are compared in a search: case, width and accents aside. */
const folded = (text: string) =>
  text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();

export class GlossaryStore {
  readonly #database: Database;
  /** The first free revision: every list that was ever begun has its own. */
  #revision: number;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
    // What a process that was killed did not finish belongs to no glossary.
    database.run(
      `DELETE FROM glossary_terms WHERE (glossary, revision) NOT IN (SELECT id, revision FROM glossaries)`,
    );
    this.#revision = database.get<{ last: number }>(
      "SELECT coalesce(max(revision), 0) + 1 AS last FROM glossaries",
    )!.last;
  }

  create(
    owner: string,
    name: string,
    description: string,
    terms: readonly Term[],
  ): Promise<GlossaryResource> {
    return this.#oneByOne(async () => {
      const id = newIdentifier("glossary");
      const revision = await this.#write(id, terms);
      const at = new Date().toISOString();
      this.#database.run(
        `INSERT INTO glossaries (id, owner, name, description, revision, term_count, created_at, updated_at)
         VALUES (:id, :owner, :name, :description, :revision, :count, :at, :at)`,
        { id, owner, name, description, revision, count: terms.length, at },
      );
      return this.get(id, null)!;
    });
  }

  /** @returns null when it was deleted in the meantime */
  replace(
    id: string,
    name: string,
    description: string,
    terms: readonly Term[],
  ): Promise<GlossaryResource | null> {
    return this.#oneByOne(async () => {
      const revision = await this.#write(id, terms);
      this.#database.run(
        `UPDATE glossaries SET name = :name, description = :description, revision = :revision, term_count = :count,
           updated_at = :at WHERE id = :id`,
        { id, name, description, revision, count: terms.length, at: new Date().toISOString() },
      );
      await this.#clean(id);
      return this.get(id, null);
    });
  }

  /** @param owner null finds the glossaries of all */
  get(id: string, owner: string | null): GlossaryResource | null {
    const row = this.#row(id, owner);
    return row && resourceOf(row);
  }

  list(owner: string | null, query: string | null): GlossaryResource[] {
    return this.#database
      .all<Row>(
        `SELECT * FROM glossaries WHERE (:owner IS NULL OR owner = :owner)
           AND (:query IS NULL OR instr(lower(name || ' ' || description), :query) > 0) ORDER BY id DESC LIMIT 1000`,
        { owner, query: query && query.toLowerCase() },
      )
      .map(resourceOf);
  }

  delete(id: string): Promise<void> {
    return this.#oneByOne(async () => {
      this.#database.run("DELETE FROM glossaries WHERE id = :id", { id });
      await this.#clean(id);
    });
  }

  /** A page of the terms that hold `query`, those that begin with it first. */
  search(
    id: string,
    query: string,
    limit: number,
    offset: number,
  ): { terms: Term[]; total: number; matching: number } {
    const { revision, term_count: total } = this.#row(id, null)!;
    const values = { id, revision, query: folded(query) };
    const condition = "glossary = :id AND revision = :revision AND instr(folded, :query) > 0";
    const matching =
      query === ""
        ? total
        : this.#database.get<{ count: number }>(
            `SELECT count(*) AS count FROM glossary_terms WHERE ${condition}`,
            values,
          )!.count;
    // Nothing to compare with: the first page of a long list should not read all of it.
    const order = query === "" ? "position" : "instr(folded, :query) > 1, position";
    const rows = this.#database.all<TermRow>(
      `SELECT text, weight, spoken FROM glossary_terms WHERE ${condition} ORDER BY ${order} LIMIT :limit OFFSET :offset`,
      { ...values, limit, offset },
    );
    return { terms: rows.map(termOf), total, matching };
  }

  /** All terms, in order. */
  async terms(id: string): Promise<Term[]> {
    const { revision } = this.#row(id, null)!;
    const terms: Term[] = [];
    for (;;) {
      const rows = this.#database.all<TermRow>(
        `SELECT text, weight, spoken FROM glossary_terms
         WHERE glossary = :id AND revision = :revision AND position >= :from ORDER BY position LIMIT :limit`,
        { id, revision, from: terms.length, limit: 20 * rowsAtATime },
      );
      terms.push(...rows.map(termOf));
      if (rows.length < 20 * rowsAtATime) return terms;
      await breathe();
    }
  }

  #row(id: string, owner: string | null): Row | null {
    return this.#database.get<Row>(
      "SELECT * FROM glossaries WHERE id = :id AND (:owner IS NULL OR owner = :owner)",
      { id, owner },
    );
  }

  async #write(id: string, terms: readonly Term[]): Promise<number> {
    const revision = this.#revision++;
    for (let start = 0; start < terms.length; start += rowsAtATime) {
      this.#database.transaction(() => {
        for (const [index, term] of terms.slice(start, start + rowsAtATime).entries()) {
          this.#database.run(
            `INSERT INTO glossary_terms (glossary, revision, position, text, folded, weight, spoken)
             VALUES (:id, :revision, :position, :text, :folded, :weight, :spoken)`,
            {
              id,
              revision,
              position: start + index,
              text: term.text,
              folded: folded([term.text, ...term.spokenForms].join("\n")),
              weight: term.weight,
              spoken: JSON.stringify(term.spokenForms),
            },
          );
        }
      });
      await breathe();
    }
    return revision;
  }

  /** Lists are written one after the other, so that what is incomplete can be told from what is left over. */
  async #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  /** Deletes the lists that a glossary does not have any more. */
  async #clean(id: string): Promise<void> {
    for (;;) {
      const deleted = this.#database.run(
        `DELETE FROM glossary_terms WHERE (glossary, revision, position) IN (
           SELECT glossary, revision, position FROM glossary_terms
           WHERE glossary = :id AND revision <> coalesce((SELECT revision FROM glossaries WHERE id = :id), -1)
           LIMIT ${rowsAtATime})`,
        { id },
      );
      if (deleted === 0) return;
      await breathe();
    }
  }
}

function termOf({ text, weight, spoken }: TermRow): Term {
  return { text, weight, spokenForms: JSON.parse(spoken) as string[] };
}

function resourceOf(row: Row): GlossaryResource {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    termCount: row.term_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
