/**
 * The OpenAPI document, made from the schemas that requests are checked by, and a page to read it.
 */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { jobBodySchema } from "./jobs/job-request.ts";
import { transcriptionSchema } from "./routes/transcriptions.ts";
import type { App } from "./services.ts";

const file = { type: "string", format: "binary" };
const files = { type: "array", items: file };
const texts = { type: "array", items: { type: "string" } };

/** Forms are read piece by piece and not checked as a whole, so their shape is told here. */
const forms = {
  job: {
    type: "object",
    required: ["file"],
    properties: {
      file: { ...files, description: "Recordings; several make a batch." },
      context: { ...files, description: "Term files and documents." },
      model: { type: "string" },
      language: { type: "string" },
      temperature: { type: "number", minimum: 0, maximum: 2 },
      word_times: { type: "boolean", default: true },
      terms: { ...texts, description: "One term each." },
      terms_id: { ...texts, description: "Glossaries." },
      webhook_url: { type: "string" },
      webhook_secret: { type: "string" },
      name: { type: "string" },
    },
  },
  glossary: {
    type: "object",
    properties: {
      name: { type: "string" },
      description: { type: "string" },
      terms: texts,
      file: { ...files, description: "Term files." },
    },
  },
  documents: { type: "object", required: ["file"], properties: { file: files } },
} as const;

function formOf(name: keyof typeof forms | "transcription"): object {
  if (name !== "transcription") return forms[name];
  const schema = z.toJSONSchema(transcriptionSchema, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  });
  const { $schema: _, ...described } = schema;
  return {
    ...described,
    required: ["file"],
    properties: { file, "context[]": files, ...schema.properties },
  };
}

export async function addOpenApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Glossa",
        description: "Speech recognition that knows your glossary.",
        version,
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    },
    transform: (input) => {
      const { config } = input.route;
      const { schema, url } = jsonSchemaTransform(input);
      if (!schema) return { schema, url };
      const secured = config?.scope === undefined ? schema : { ...schema, security: [{ key: [] }] };
      if (config?.form === undefined) return { schema: secured, url };
      const alsoJson = config.form === "job" || config.form === "glossary";
      return {
        schema: {
          ...secured,
          consumes: ["multipart/form-data", ...(alsoJson ? ["application/json"] : [])],
          body: formOf(config.form),
        },
        url,
      };
    },
    transformObject: (input) => {
      const document = jsonSchemaTransformObject(input) as {
        paths?: Record<string, Record<string, { requestBody?: { content: Record<string, unknown> } }>>;
      };
      const jobs = document.paths?.["/v1/jobs"]?.post?.requestBody?.content;
      if (jobs) {
        const { $schema: _, ...schema } = z.toJSONSchema(jobBodySchema, { io: "input", target: "draft-7" });
        jobs["application/json"] = { schema };
      }
      return document;
    },
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  app.get("/openapi.json", { schema: { hide: true }, config: { rateLimit: false } }, async () =>
    app.swagger(),
  );
}
