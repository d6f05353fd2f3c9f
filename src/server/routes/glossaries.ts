/**
 * Glossaries as resources, and terms out of documents.
 */
import type { FastifyRequest } from "fastify";
import Papa from "papaparse";
import { z } from "zod";
import type { Term } from "../../context/term.ts";
import { mergeTerms } from "../../context/term-list.ts";
import { readContextFiles } from "../context-reader.ts";
import { clientOf, type Client } from "../http/access.ts";
import { readForm } from "../http/multipart.ts";
import { fieldProblem, parsed, Problem } from "../http/problem.ts";
import { contextLimit, fieldsOf } from "../jobs/job-request.ts";
import { termsOfInput } from "../request-terms.ts";
import { glossarySchema, mostTerms, termInputSchema, termSchema, type GlossaryResource } from "../schemas.ts";
import type { App, Services } from "../services.ts";
import { attachment, mediaTypes } from "./jobs.ts";

const parameters = z.object({ id: z.string().max(100) });
const nameSchema = z.string().trim().min(1).max(200);
const descriptionSchema = z.string().max(2000);
const termsSchema = z.array(termInputSchema).max(mostTerms);

/** A glossary as JSON. */
export const glossaryBodySchema = z.strictObject({
  name: nameSchema,
  description: descriptionSchema.default(""),
  terms: termsSchema.default([]),
});
const changeSchema = z.strictObject({
  name: nameSchema.optional(),
  description: descriptionSchema.optional(),
  add: termsSchema.default([]).describe("Terms that are there already are replaced."),
  remove: z.array(z.string()).max(mostTerms).default([]).describe("Texts of terms."),
});

/** A list of 100,000 terms with spoken forms. */
const bodyLimit = 32 * 1024 * 1024;
const read = ["transcribe", "glossaries"] as const;

export function addGlossaryRoutes(app: App, services: Services): void {
  const { glossaries, audit, data } = services;
  const tags = ["Glossaries"];

  app.post(
    "/v1/glossaries",
    {
      bodyLimit,
      config: { scope: "glossaries", form: "glossary" },
      schema: {
        tags,
        summary: "Make a glossary from terms, term files or documents",
        response: { 201: glossarySchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { name, description, terms, warnings } = await readGlossary(request, services);
      const glossary = await glossaries.create(client.owner, name, description, terms);
      audit.note(client.owner, "glossary.create", glossary.id, request.ip);
      return reply.code(201).send({ ...glossary, warnings });
    },
  );

  app.get(
    "/v1/glossaries",
    {
      config: { scope: read },
      schema: {
        tags,
        summary: "List glossaries, newest first",
        querystring: z.object({ query: z.string().trim().max(200).optional() }),
        response: { 200: z.object({ glossaries: z.array(glossarySchema) }) },
      },
    },
    async (request) => ({
      glossaries: glossaries.list(clientOf(request).sees, request.query.query || null),
    }),
  );

  app.get(
    "/v1/glossaries/:id",
    {
      config: { scope: read },
      schema: { tags, summary: "A glossary", params: parameters, response: { 200: glossarySchema } },
    },
    async (request) => find(request.params.id, clientOf(request)),
  );

  app.put(
    "/v1/glossaries/:id",
    {
      bodyLimit,
      config: { scope: "glossaries", form: "glossary" },
      schema: {
        tags,
        summary: "Replace a glossary",
        params: parameters,
        response: { 200: glossarySchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { id } = find(request.params.id, client);
      const { name, description, terms, warnings } = await readGlossary(request, services);
      audit.note(client.owner, "glossary.replace", id, request.ip);
      return { ...existing(await glossaries.replace(id, name, description, terms), id), warnings };
    },
  );

  app.patch(
    "/v1/glossaries/:id",
    {
      bodyLimit,
      config: { scope: "glossaries" },
      schema: {
        tags,
        summary: "Rename a glossary, add and remove terms",
        params: parameters,
        body: changeSchema,
        response: { 200: glossarySchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { id, name, description } = find(request.params.id, client);
      const { add, remove, ...change } = request.body;
      const added = termsOfInput(add, "add");
      const gone = new Set([...remove, ...added.map(({ text }) => text)]);
      const kept = (await glossaries.terms(id)).filter(({ text }) => !gone.has(text));
      const { terms, warnings } = mergeTerms([{ terms: [...kept, ...added], warnings: [] }]);
      checkCount(terms, "add");
      audit.note(client.owner, "glossary.change", id, request.ip);
      const changed = await glossaries.replace(
        id,
        change.name ?? name,
        change.description ?? description,
        terms,
      );
      return { ...existing(changed, id), warnings };
    },
  );

  app.delete(
    "/v1/glossaries/:id",
    {
      config: { scope: "glossaries" },
      schema: { tags, summary: "Delete a glossary", params: parameters, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { id } = find(request.params.id, client);
      await glossaries.delete(id);
      audit.note(client.owner, "glossary.delete", id, request.ip);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/v1/glossaries/:id/terms",
    {
      config: { scope: read },
      schema: {
        tags,
        summary: "Terms of a glossary, a page at a time, and search in them",
        params: parameters,
        querystring: z.object({
          query: z.string().trim().max(200).default(""),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          offset: z.coerce.number().int().min(0).max(mostTerms).default(0),
        }),
        response: {
          200: z.object({
            terms: z.array(termSchema),
            total: z.number().int(),
            matching: z.number().int(),
          }),
        },
      },
    },
    async (request) => {
      const { id } = find(request.params.id, clientOf(request));
      const { query, limit, offset } = request.query;
      const found = glossaries.search(id, query, limit, offset);
      return { ...found, terms: found.terms.map(withLists) };
    },
  );

  app.get(
    "/v1/glossaries/:id/export",
    {
      config: { scope: read },
      schema: {
        tags,
        summary: "A glossary as a file that `--terms` reads",
        params: parameters,
        querystring: z.object({ format: z.enum(["txt", "csv", "tsv", "json"]).default("csv") }),
      },
    },
    async (request, reply) => {
      const { id, name } = find(request.params.id, clientOf(request));
      const { format } = request.query;
      const terms = await glossaries.terms(id);
      return reply
        .type(format === "csv" ? "text/csv; charset=utf-8" : mediaTypes[format])
        .header("content-disposition", attachment(`${name}.${format}`))
        .send(termFile(terms, format));
    },
  );

  app.post(
    "/v1/documents",
    {
      config: { scope: read, form: "documents" },
      schema: {
        tags,
        summary: "The terms in documents and term files; nothing is stored",
        response: {
          200: z.object({
            terms: z.array(termSchema.extend({ source: z.string().optional() })),
            warnings: z.array(z.string()),
          }),
        },
      },
    },
    async (request) => {
      await using form = await readForm(request, data, { files: { file: contextLimit } });
      if (form.files.length === 0) throw fieldProblem("file", "no document was given");
      const { terms, warnings } = mergeTerms(await readContextFiles(form.files, "file"));
      checkCount(terms, "file");
      return {
        terms: terms.map((term) => ({ ...withLists(term), source: term.source })),
        warnings,
      };
    },
  );

  function find(id: string, client: Client): GlossaryResource {
    return existing(glossaries.get(id, client.sees), id);
  }
}

function existing(glossary: GlossaryResource | null, id: string): GlossaryResource {
  if (!glossary) throw new Problem(404, `There is no glossary ${id}.`);
  return glossary;
}

async function readGlossary(
  request: FastifyRequest,
  { data }: Services,
): Promise<{ name: string; description: string; terms: Term[]; warnings: string[] }> {
  if (!request.isMultipart()) {
    const { name, description, terms } = parsed(glossaryBodySchema, request.body ?? {});
    const merged = mergeTerms([{ terms: termsOfInput(terms, "terms"), warnings: [] }]);
    return { name, description, ...merged };
  }
  await using form = await readForm(request, data, { files: { file: contextLimit } });
  const schema = glossaryBodySchema.extend({ name: nameSchema.optional() });
  const { name, description, terms } = parsed(schema, fieldsOf(form, ["terms"]));
  if (name === undefined && form.files.length === 0) throw fieldProblem("name", "a name is needed");
  const lists = await readContextFiles(form.files, "file");
  const merged = mergeTerms([{ terms: termsOfInput(terms, "terms"), warnings: [] }, ...lists]);
  checkCount(merged.terms, "file");
  return { name: name ?? form.files[0]!.name.replace(/\.[^.]*$/, ""), description, ...merged };
}

function checkCount(terms: readonly Term[], field: string): void {
  if (terms.length > mostTerms)
    throw fieldProblem(field, `${terms.length} terms; at most ${mostTerms} are taken`);
}

function withLists({ text, spokenForms, weight }: Term): z.infer<typeof termSchema> {
  return { text, spokenForms: [...spokenForms], weight };
}

function termFile(terms: readonly Term[], format: "txt" | "csv" | "tsv" | "json"): string {
  switch (format) {
    case "txt":
      return terms.map(({ text }) => `${text}\n`).join("");
    case "json":
      return `${JSON.stringify(
        terms.map(({ text, weight, spokenForms }) => ({ term: text, weight, spoken: spokenForms })),
        null,
        2,
      )}\n`;
    default: {
      const rows = terms.map(({ text, weight, spokenForms }) => [text, weight, spokenForms.join("|")]);
      const delimiter = format === "csv" ? "," : "\t";
      return `${Papa.unparse([["term", "weight", "spoken"], ...rows], { delimiter, newline: "\n" })}\n`;
    }
  }
}
