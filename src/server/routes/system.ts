/**
 * The server itself: health, what it offers, logging in, keys, the audit log.
 */
import { z } from "zod";
import { transcriptFormats } from "../../transcript/formats.ts";
import { clientOf, sessionCookie } from "../http/access.ts";
import { fieldProblem, Problem } from "../http/problem.ts";
import { contextLimit, mostFiles } from "../jobs/job-request.ts";
import type { Metrics } from "../metrics.ts";
import { mostTerms } from "../schemas.ts";
import type { App, Services } from "../services.ts";
import { auditEntrySchema } from "../store/audit.ts";
import { keyLimitsSchema, keySchema, scopeSchema } from "../store/keys.ts";

/** A server with less room on its disk is not ready. */
const leastFreeBytes = 512 * 1024 * 1024;

/** Endings of files that terms are read from: lists, and documents. */
const contextEndings =
  ".txt .csv .tsv .json .md .html .pdf .docx .pptx .epub .srt .vtt .tex .bib .ipynb .png .jpg".split(" ");

export function addSystemRoutes(app: App, services: Services, metrics: Metrics): void {
  const { settings, recognition, data, access, keys, audit } = services;
  const tags = ["Server"];
  const admin = { scope: "admin" as const };

  app.get(
    "/health",
    {
      logLevel: "warn",
      config: { rateLimit: false },
      schema: {
        tags,
        summary: "Whether the process is alive",
        response: { 200: z.object({ status: z.literal("ok") }) },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  const readySchema = z.object({
    status: z.enum(["ready", "not-ready"]),
    checks: z.object({ database: z.string(), workers: z.string(), disk: z.string() }),
  });
  app.get(
    "/ready",
    {
      logLevel: "warn",
      config: { rateLimit: false },
      schema: {
        tags,
        summary: "Whether work can be taken",
        response: { 200: readySchema, 503: readySchema },
      },
    },
    async (_request, reply) => {
      const database = services.jobs.countByStatus().size >= 0 ? "ok" : "failed";
      const workers = !recognition.isHealthy
        ? "the recogniser crashes"
        : recognition.languages.has(settings.model)
          ? "ok"
          : "the model is being loaded";
      const disk = (await data.freeBytes()) >= leastFreeBytes ? "ok" : "nearly full";
      const isReady =
        [database, workers, disk].every((check) => check === "ok") && !services.runner.isStopped;
      return reply.code(isReady ? 200 : 503).send({
        status: isReady ? "ready" : "not-ready",
        checks: { database, workers, disk },
      });
    },
  );

  app.get(
    "/metrics",
    {
      logLevel: "warn",
      config: { rateLimit: false, ...admin },
      schema: { tags, summary: "Measurements for Prometheus" },
    },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  app.get(
    "/v1/server",
    {
      schema: {
        tags,
        summary: "What the server offers, and what the client may do",
        response: {
          200: z.object({
            name: z.literal("glossa"),
            version: z.string(),
            keyRequired: z.boolean(),
            authenticated: z.boolean(),
            scopes: z.array(scopeSchema),
            defaultModel: z.string(),
            liveModel: z.string(),
            models: z.array(z.string()),
            languages: z.record(z.string(), z.array(z.string())),
            formats: z.array(z.string()),
            documents: z.array(z.string()),
            limits: z.object({
              uploadBytes: z.number(),
              terms: z.number(),
              documentBytes: z.number(),
              filesPerRequest: z.number(),
            }),
            urlJobs: z.boolean(),
            retentionDays: z.number().nullable(),
          }),
        },
      },
    },
    async ({ client }) => ({
      name: "glossa" as const,
      version: settings.version,
      keyRequired: access.isKeyRequired,
      authenticated: client !== null,
      scopes: [...(client?.scopes ?? [])],
      defaultModel: settings.model,
      liveModel: settings.liveModel,
      models: [...settings.models],
      languages: Object.fromEntries(
        [...recognition.languages].map(([model, languages]) => [model, [...languages]]),
      ),
      formats: [...transcriptFormats],
      documents: contextEndings,
      limits: {
        uploadBytes: client?.limits.uploadBytes ?? settings.uploadBytes,
        terms: mostTerms,
        documentBytes: contextLimit.bytes,
        filesPerRequest: mostFiles,
      },
      urlJobs: settings.urlHosts.length > 0,
      retentionDays: settings.retentionDays,
    }),
  );

  const modelSchema = z.object({
    id: z.string(),
    object: z.literal("model"),
    created: z.number(),
    owned_by: z.string(),
  });
  const modelOf = (id: string) => ({ id, object: "model" as const, created: 0, owned_by: "glossa" });
  app.get(
    "/v1/models",
    {
      config: { scope: "transcribe" },
      schema: {
        tags: ["OpenAI"],
        summary: "Models that requests may name",
        response: { 200: z.object({ object: z.literal("list"), data: z.array(modelSchema) }) },
      },
    },
    async () => ({ object: "list" as const, data: settings.models.map(modelOf) }),
  );
  app.get(
    "/v1/models/:id",
    {
      config: { scope: "transcribe" },
      schema: {
        tags: ["OpenAI"],
        summary: "A model",
        params: z.object({ id: z.string().max(100) }),
        response: { 200: modelSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      if (!settings.models.includes(id)) throw new Problem(404, `There is no model ${id}.`);
      return modelOf(id);
    },
  );

  app.post(
    "/v1/session",
    {
      config: { rateLimit: { max: 10, timeWindow: "1 minute" } },
      schema: {
        tags,
        summary: "Log a browser in: a cookie takes the place of the key",
        body: z.strictObject({ key: z.string().min(1).max(500) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { key } = request.body;
      if (!access.clientOf(key)) throw fieldProblem("key", "is not valid");
      return reply
        .setCookie(sessionCookie, key, {
          path: "/",
          httpOnly: true,
          sameSite: "strict",
          secure: request.protocol === "https",
          maxAge: 30 * 86_400,
        })
        .code(204)
        .send(null);
    },
  );
  app.delete(
    "/v1/session",
    { schema: { tags, summary: "Log a browser out", response: { 204: z.null() } } },
    async (_request, reply) => reply.clearCookie(sessionCookie, { path: "/" }).code(204).send(null),
  );

  app.post(
    "/v1/keys",
    {
      config: admin,
      schema: {
        tags: ["Keys"],
        summary: "Make a key; its secret is shown only here",
        body: z.strictObject({
          name: z.string().trim().min(1).max(200),
          scopes: z.array(scopeSchema).min(1),
          limits: keyLimitsSchema.default({}),
        }),
        response: { 201: keySchema.extend({ secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const { name, scopes, limits } = request.body;
      const { owner } = clientOf(request);
      const { key, secret } = keys.create(name, [...new Set(scopes)], limits);
      audit.note(owner, "key.create", key.id, request.ip);
      return reply.code(201).send({ ...key, secret });
    },
  );
  app.get(
    "/v1/keys",
    {
      config: admin,
      schema: {
        tags: ["Keys"],
        summary: "List keys, those that were revoked too",
        response: { 200: z.object({ keys: z.array(keySchema) }) },
      },
    },
    async () => ({ keys: keys.list() }),
  );
  app.delete(
    "/v1/keys/:id",
    {
      config: admin,
      schema: {
        tags: ["Keys"],
        summary: "Revoke a key",
        params: z.object({ id: z.string().max(100) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!keys.revoke(id)) throw new Problem(404, `There is no valid key ${id}.`);
      audit.note(clientOf(request).owner, "key.revoke", id, request.ip);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/v1/audit",
    {
      config: admin,
      schema: {
        tags: ["Keys"],
        summary: "Who changed what, newest first",
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          before: z.coerce.number().int().optional().describe("Entries before this number."),
        }),
        response: { 200: z.object({ entries: z.array(auditEntrySchema) }) },
      },
    },
    async (request) => ({ entries: audit.list(request.query.limit, request.query.before ?? null) }),
  );
}
