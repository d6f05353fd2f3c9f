/**
 * `glossa serve`: a server until it is interrupted.
 */
import { once } from "node:events";
import { isIP } from "node:net";
import { GlossaError } from "../errors.ts";
import type { Device } from "../runtime/session.ts";
import { resolveDataFolder } from "../server/data-place.ts";
import { isRecogniser } from "../weights/manifest.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { Screen } from "./screen.ts";
import { packageVersion } from "./version.ts";

/** The options as the command line names them. */
export interface ServeOptions {
  host: string;
  port: number;
  data?: string;
  model: string;
  liveModel: string;
  offer?: string[];
  workers?: number;
  maxUpload?: number;
  retention?: number;
  allowHost?: string[];
  cors?: string[];
  rate?: number;
  liveSessions?: number;
  grace?: number;
  trustProxy?: boolean;
  open?: boolean;
  logLevel: string;
  threads?: number;
  device?: Device;
  offline?: boolean;
  cache?: string;
  quiet?: boolean;
  verbose?: boolean;
}

const shortestKey = 16;

/** @throws GlossaError when the server cannot be started */
export async function serve(options: ServeOptions, environment: Environment): Promise<number> {
  const screen = new Screen(environment, options);
  const adminKey = process.env.GLOSSA_KEY || null;
  if (adminKey !== null && (adminKey.length < shortestKey || /[^!-~]/.test(adminKey))) {
    throw new GlossaError(
      "invalid-argument",
      `GLOSSA_KEY: a key has at least ${shortestKey} letters, digits and signs, and no spaces`,
    );
  }
  const known = (await environment.models.list({ cacheFolder: options.cache })).filter(({ manifest }) =>
    isRecogniser(manifest),
  );
  const cached = known.filter(({ isCached }) => isCached).map(({ manifest }) => manifest.id);
  const models = [...new Set([options.model, options.liveModel, ...(options.offer ?? cached)])];

  const { pino } = await import("pino");
  const logger = pino(
    {
      level: options.logLevel,
      // What users send and say has no business in a log.
      redact: ["req.headers.authorization", "req.headers.cookie"],
      serializers: {
        req: ({ method, url, ip }: { method: string; url?: string; ip?: string }) => ({
          method,
          // Searches and terms stand behind the question mark.
          path: url?.split("?")[0],
          address: ip,
        }),
        res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
      },
    },
    { write: (line: string) => void environment.stderr.write(line) },
  );
  const { GlossaServer } = await import("../server/server.ts");
  const server = await GlossaServer.create({
    dataFolder: resolveDataFolder(options.data),
    settings: {
      version: packageVersion(),
      model: options.model,
      liveModel: options.liveModel,
      models,
      uploadBytes: options.maxUpload ?? 5 * 1024 ** 3,
      retentionDays: options.retention ?? null,
      urlHosts: options.allowHost ?? [],
      corsOrigins: options.cors ?? [],
      isOpen: options.open ?? false,
      requestsPerMinute: options.rate ?? 600,
      liveSessions: options.liveSessions ?? 8,
    },
    load: {
      device: options.device,
      threads: options.threads,
      offline: options.offline,
      cacheFolder: options.cache,
    },
    workers: options.workers ?? 1,
    adminKey,
    trustProxy: options.trustProxy ?? false,
    logger,
  });
  try {
    if (!server.services.access.isKeyRequired && !isLoopback(options.host) && !options.open) {
      throw new GlossaError(
        "invalid-argument",
        `--host ${options.host}: others could use this server without a key. Set GLOSSA_KEY, make a key with ` +
          "`glossa keys create`, or say --open if that is what you want.",
      );
    }
    const address = await listen(server, options);
    await screen.print(`Glossa listens at ${address}\n`);
    if (!environment.signal.aborted) await once(environment.signal, "abort");
    await screen.note("stopping");
  } finally {
    await server.stop(options.grace ?? 10);
  }
  return exitCodes.success;
}

async function listen(
  server: { listen(host: string, port: number): Promise<string> },
  { host, port }: ServeOptions,
): Promise<string> {
  try {
    return await server.listen(host, port);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      EADDRINUSE: "something listens there already; choose another --port",
      EACCES: "no permission; ports below 1024 are for the system",
      EADDRNOTAVAIL: "this machine has no such address",
      ENOTFOUND: "no such address",
    };
    throw new GlossaError("invalid-argument", `${host}:${port}: ${why[code ?? ""] ?? message}`, { cause });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
