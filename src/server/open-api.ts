/**
 * The OpenAPI document, made from the schemas that requests are checked by, and a page to read it.
 */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { jobBodySchema } from "./jobs/job-request.ts";
import { glossaryBodySchema } from "./routes/glossaries.ts";
import { listenQuerySchema } from "./routes/live.ts";
import { asrBodySchema, transcriptionSchema } from "./routes/transcriptions.ts";
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
  asr: {
    type: "object",
    required: ["file"],
    properties: {
      file,
      language: { type: "string" },
      temperature: { type: "number", minimum: 0, maximum: 2 },
    },
  },
} as const;

/** Routes that take JSON in place of a form. */
const jsonBodies: readonly (readonly [path: string, method: string, schema: z.ZodType])[] = [
  ["/v1/jobs", "post", jobBodySchema],
  ["/v1/glossaries", "post", glossaryBodySchema],
  ["/v1/glossaries/{id}", "put", glossaryBodySchema],
  ["/asr", "post", asrBodySchema],
];

interface Operation {
  readonly requestBody?: { readonly content: Record<string, { schema: object }> };
  readonly responses: Record<string, object>;
}
type PathItem = Record<string, Operation>;

const problemResponse = {
  description: "What is wrong (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const tusHeader = {
  in: "header",
  name: "Tus-Resumable",
  required: true,
  schema: { type: "string", const: "1.0.0" },
};
const security = [{ key: [] }];

/** What is no plain request and answer: the WebSocket, and uploads, whose protocol is laid down elsewhere. */
const describedByHand = {
  "/v1/listen": {
    get: {
      tags: ["Live"],
      summary: "Recognise audio while it is spoken (WebSocket)",
      description:
        "Audio goes in as binary messages, Deepgram's message shapes come out. Text messages: `Configure` (new `terms` and " +
        "`glossaries`), `Finalize`, `KeepAlive`, `CloseStream`.",
      security,
      parameters: Object.entries(plainSchema(listenQuerySchema).properties!).map(([name, schema]) => {
        const { description, ...rest } = schema as { description?: string };
        return { in: "query", name, description, schema: rest };
      }),
      responses: { 101: { description: "The connection is a WebSocket now." } },
    },
  },
  "/v1/uploads": {
    post: {
      tags: ["Jobs"],
      summary: "Begin a resumable upload (tus 1.0.0)",
      description:
        "https://tus.io/protocols/resumable-upload. `Upload-Metadata` may hold `filename` and `filetype`.",
      security,
      parameters: [
        tusHeader,
        { in: "header", name: "Upload-Length", required: true, schema: { type: "integer", minimum: 0 } },
        { in: "header", name: "Upload-Metadata", schema: { type: "string" } },
      ],
      responses: { 201: { description: "The address for the content is in `Location`." } },
    },
  },
  "/v1/uploads/{id}": {
    head: {
      tags: ["Jobs"],
      summary: "How much of an upload has come",
      security,
      parameters: [{ in: "path", name: "id", required: true, schema: { type: "string" } }, tusHeader],
      responses: { 200: { description: "`Upload-Offset` says how many bytes there are." } },
    },
    patch: {
      tags: ["Jobs"],
      summary: "Go on with an upload",
      security,
      parameters: [
        { in: "path", name: "id", required: true, schema: { type: "string" } },
        tusHeader,
        { in: "header", name: "Upload-Offset", required: true, schema: { type: "integer", minimum: 0 } },
      ],
      requestBody: {
        required: true,
        content: { "application/offset+octet-stream": { schema: { type: "string", format: "binary" } } },
      },
      responses: { 204: { description: "`Upload-Offset` says how many bytes there are." } },
    },
    delete: {
      tags: ["Jobs"],
      summary: "Give an upload up",
      security,
      parameters: [{ in: "path", name: "id", required: true, schema: { type: "string" } }, tusHeader],
      responses: { 204: { description: "It is deleted." } },
    },
  },
};

/** A schema as JSON schema, without the dialect, which the document names. */
function plainSchema(schema: z.ZodType): { properties?: Record<string, unknown> } {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    unrepresentable: "any",
  });
  return plain as { properties?: Record<string, unknown> };
}

function formOf(name: keyof typeof forms | "transcription"): object {
  if (name !== "transcription") return forms[name];
  const described = plainSchema(transcriptionSchema);
  return {
    ...described,
    required: ["file"],
    properties: { file, "context[]": files, ...described.properties },
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
      const alsoJson = jsonBodies.some(([path]) => path === url.replace(/:(\w+)/g, "{$1}"));
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
      const document = jsonSchemaTransformObject(input) as { paths: Record<string, PathItem> };
      for (const [path, method, schema] of jsonBodies) {
        const { content } = document.paths[path]![method]!.requestBody!;
        content["application/json"] = { schema: plainSchema(schema) };
      }
      Object.assign(document.paths, describedByHand);
      for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
        operation.responses["default"] = problemResponse;
      }
      return document;
    },
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  app.get("/openapi.json", { schema: { hide: true }, config: { rateLimit: false } }, async () =>
    app.swagger(),
  );
}
