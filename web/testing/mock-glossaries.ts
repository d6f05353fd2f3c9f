/** The glossaries of the mock server, and the terms it finds in documents. */
import type { FastifyInstance } from "fastify";
import type { Glossary, Term } from "../api/types.ts";

export function glossaryRoutes(app: FastifyInstance): void {
  const glossaries = new Map<string, Glossary & { terms: Term[] }>();
  let next = 1;
  type Body = { name: string; terms: Term[] };
  app.get("/v1/glossaries", () => ({
    glossaries: Array.from(glossaries.values(), (glossary) => ({ ...glossary, terms: undefined })),
  }));
  const save = (id: string, { name, terms }: Body) => {
    const now = new Date().toISOString();
    const glossary = {
      id,
      name,
      description: "",
      termCount: terms.length,
      createdAt: now,
      updatedAt: now,
      terms,
    };
    glossaries.set(id, glossary);
    return glossary;
  };
  app.post<{ Body: Body }>("/v1/glossaries", (request, reply) =>
    reply.code(201).send(save(`glossary_${next++}`, request.body)),
  );
  app.put<{ Params: { id: string }; Body: Body }>("/v1/glossaries/:id", (request) =>
    save(request.params.id, request.body),
  );
  app.delete<{ Params: { id: string } }>("/v1/glossaries/:id", (request, reply) => {
    glossaries.delete(request.params.id);
    return reply.code(204).send();
  });
  app.get<{ Params: { id: string }; Querystring: { query?: string; limit: string; offset: string } }>(
    "/v1/glossaries/:id/terms",
    (request) => {
      const all = glossaries.get(request.params.id)?.terms ?? [];
      const { query = "", limit, offset } = request.query;
      const matching = all.filter(({ text }) => text.toLowerCase().includes(query.toLowerCase()));
      return {
        terms: matching.slice(Number(offset), Number(offset) + Number(limit)),
        total: all.length,
        matching: matching.length,
      };
    },
  );
  app.post("/v1/documents", async (request) => {
    const terms: (Term & { source: string })[] = [];
    for await (const file of request.files()) {
      const content = (await file.toBuffer()).toString();
      for (const [text] of content.matchAll(
        /\b(?:\p{Lu}\p{L}*\p{Lu}[\p{L}\d-]*|\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+)\b/gu,
      )) {
        if (!terms.some((term) => term.text === text))
          terms.push({ text, spokenForms: [], weight: 1, source: file.filename });
      }
    }
    return { terms, warnings: [] };
  });
}
