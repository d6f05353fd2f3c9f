/**
 * The HTTP application: plugins, limits, errors, documents, routes, and the page.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import staticFiles from "@fastify/static";
import websocket from "@fastify/websocket";
import Fastify, { type FastifyBaseLogger } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { addAccess } from "./http/access.ts";
import { defaultBodyTimes, watchBodies, type BodyTimes } from "./http/body-watch.ts";
import { Problem, sendProblem } from "./http/problem.ts";
import { Metrics } from "./metrics.ts";
import { addOpenApi } from "./open-api.ts";
import { addCorrectionRoutes } from "./routes/corrections.ts";
import { addGlossaryRoutes } from "./routes/glossaries.ts";
import { addJobRoutes } from "./routes/jobs.ts";
import { addLiveRoute, largestMessageBytes } from "./routes/live.ts";
import { addSystemRoutes } from "./routes/system.ts";
import { addTranscriptionRoutes } from "./routes/transcriptions.ts";
import type { App, Services } from "./services.ts";
import { addUploadRoutes } from "./uploads.ts";

/** The page, as it is built. */
const pageFolder = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** The headers of a request have to be there in this time. */
const headersMilliseconds = 15_000;
/** A recording of several gigabytes over a slow line. */
const requestMilliseconds = 4 * 60 * 60_000;
const mostConnections = 2000;

export interface AppOptions {
  readonly services: Services;
  readonly metrics: Metrics;
  readonly logger: FastifyBaseLogger | false;
  readonly trustProxy: boolean;
  /** For tests: how long slow clients are waited for. */
  readonly times?: Partial<Times>;
}

export interface Times extends BodyTimes {
  readonly headersMilliseconds: number;
}

export async function createApp({ services, metrics, logger, trustProxy, times }: AppOptions): Promise<App> {
  const { settings } = services;
  const app: App = Fastify({
    ...(logger === false ? { logger: false } : { loggerInstance: logger }),
    trustProxy,
    bodyLimit: 1024 * 1024,
    requestTimeout: requestMilliseconds,
    connectionTimeout: 0,
    keepAliveTimeout: 10_000,
    // Answers that hang on would hold up the stop of the server.
    forceCloseConnections: true,
    // How often Node looks for requests that are late; its default is 30 s.
    http: { connectionsCheckingInterval: Math.min(5000, times?.headersMilliseconds ?? Infinity) },
    genReqId: () => `req_${Math.random().toString(36).slice(2, 12)}`,
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler(error, socket) {
      if (socket.destroyed || !socket.writable) return;
      const [status, kind] =
        error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? ["408 Request Timeout", "timeout"]
          : error.code === "HPE_HEADER_OVERFLOW"
            ? ["431 Request Header Fields Too Large", "too-large"]
            : ["400 Bad Request", "invalid-request"];
      const body = JSON.stringify({
        type: `https://glossa.dev/problems/${kind}`,
        title: "The request is not valid",
        status: Number(status.slice(0, 3)),
        detail: "The request is no valid HTTP, or took too long.",
      });
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.server.headersTimeout = times?.headersMilliseconds ?? headersMilliseconds;
  app.server.maxConnections = mostConnections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    if (request.url === "/") {
      return reply
        .type("text/plain; charset=utf-8")
        .send("Glossa is running. Its page has not been built: run `npm run build`. The interface: /docs\n");
    }
    sendProblem(
      new Problem(404, `There is no ${request.method} ${request.url.split("?")[0]}.`),
      request,
      reply,
    );
  });
  metrics.watch(app);
  watchBodies(app, { ...defaultBodyTimes, ...times });

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:", "blob:"],
        // Recordings that the page holds in memory.
        mediaSrc: ["'self'", "blob:"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether there is HTTPS is known to whoever runs the proxy before us.
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: settings.corsOrigins.length > 0 ? "cross-origin" : "same-origin" },
  });
  app.addHook("onSend", async (_request, reply) => {
    reply.header("permissions-policy", "microphone=(self), camera=(), geolocation=()");
  });
  await app.register(cors, {
    origin: settings.corsOrigins.includes("*") ? true : [...settings.corsOrigins],
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposedHeaders: [
      "Location",
      "Upload-Offset",
      "Upload-Length",
      "Tus-Resumable",
      "Retry-After",
      "Content-Disposition",
    ],
  });
  await addAccess(app, services, trustProxy);
  await app.register(rateLimit, {
    max: (request) => request.client?.limits.requestsPerMinute ?? settings.requestsPerMinute,
    timeWindow: "1 minute",
    // By key where there is one, so that clients behind one address do not share a limit.
    keyGenerator: (request) =>
      request.client && request.client.owner !== "local" ? request.client.owner : request.ip,
    errorResponseBuilder: (_request, { after }) =>
      new Problem(429, `Too many requests; try again in ${after}.`),
  });
  await app.register(multipart, {
    limits: {
      fields: 10_000,
      fieldNameSize: 200,
      fieldSize: 1024 * 1024,
      files: 200,
      parts: 10_200,
      fileSize: Infinity,
    },
  });
  await app.register(websocket, {
    options: { maxPayload: largestMessageBytes, perMessageDeflate: false, handleProtocols: chooseProtocol },
  });
  await addOpenApi(app, settings.version);
  await app.register(async (scoped) => {
    const routes = scoped.withTypeProvider<ZodTypeProvider>();
    addSystemRoutes(routes, services, metrics);
    addTranscriptionRoutes(routes, services);
    addJobRoutes(routes, services);
    addCorrectionRoutes(routes, services);
    addGlossaryRoutes(routes, services);
    addLiveRoute(routes, services);
    await addUploadRoutes(routes, services);
  });
  if (existsSync(pageFolder)) {
    await app.register(staticFiles, {
      root: pageFolder,
      cacheControl: false,
      setHeaders: (reply, path) => {
        // Built files are named after their content; the page itself is asked for each time.
        const isNamedByContent = /[\\/]assets[\\/]/.test(path);
        reply.setHeader(
          "cache-control",
          isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache",
        );
      },
    });
  }
  return app;
}

/** Answers `token, KEY` with `token`: browsers insist on an answer, and the key must not be echoed. */
function chooseProtocol(protocols: Set<string>): string | false {
  return [...protocols].find((name) => /^(?:token|bearer)$/i.test(name)) ?? false;
}
