/**
 * Who is asking, and whether they may.
 */
import { timingSafeEqual } from "node:crypto";
import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isIP } from "node:net";
import { hashOfKey, type KeyLimits, type KeyStore, type Scope, allScopes } from "../store/keys.ts";
import type { Services } from "../services.ts";
import { Problem } from "./problem.ts";

export interface Client {
  /** Whose jobs and glossaries it sees: the identifier of the key, `admin` or `local`. */
  readonly owner: string;
  readonly scopes: readonly Scope[];
  readonly limits: KeyLimits;
  /** What it may see: null is everything. */
  readonly sees: string | null;
}

declare module "fastify" {
  interface FastifyRequest {
    client: Client | null;
  }
  interface FastifyContextConfig {
    /** What a key needs to use the route; routes without it are open to everybody. Any of several will do. */
    scope?: Scope | readonly Scope[];
    /** The form that the route takes, for the OpenAPI document. */
    form?: "job" | "transcription" | "glossary" | "documents" | "asr";
  }
}

/** Cookie of a browser that has logged in. */
export const sessionCookie = "glossa_session";

const local: Client = { owner: "local", scopes: allScopes, limits: {}, sees: null };
const admin: Client = { owner: "admin", scopes: allScopes, limits: {}, sees: null };

export class Access {
  readonly #keys: KeyStore;
  readonly #adminHash: Buffer | null;

  /** @param adminKey a key that may do everything, given when the server is started */
  constructor(keys: KeyStore, adminKey: string | null) {
    this.#keys = keys;
    this.#adminHash = adminKey === null ? null : Buffer.from(hashOfKey(adminKey));
  }

  /** Without any key, whoever can reach the server may use it. */
  get isKeyRequired(): boolean {
    return this.#adminHash !== null || this.#keys.areAny;
  }

  /** The client with this key; null when it is not valid. */
  clientOf(secret: string): Client | null {
    if (this.#adminHash && timingSafeEqual(Buffer.from(hashOfKey(secret)), this.#adminHash)) return admin;
    const key = this.#keys.find(secret);
    if (!key) return null;
    const sees = key.scopes.includes("admin") ? null : key.id;
    return { owner: key.id, scopes: key.scopes, limits: key.limits, sees };
  }

  /** Whoever sends this request; null when it has no valid key. */
  identify(request: FastifyRequest): Client | null {
    if (!this.isKeyRequired) return local;
    const secret = secretOf(request);
    return secret === null ? null : this.clientOf(secret);
  }
}

function secretOf(request: FastifyRequest): string | null {
  const { authorization } = request.headers;
  const header = /^(?:bearer|token)\s+(\S+)\s*$/i.exec(authorization ?? "");
  if (header) return header[1]!;
  // Browsers cannot set headers of a WebSocket; the subprotocol is Deepgram's way.
  const protocols = request.headers["sec-websocket-protocol"]?.split(",").map((part) => part.trim());
  if (protocols?.length === 2 && /^(?:bearer|token)$/i.test(protocols[0]!)) return protocols[1]!;
  return request.cookies[sessionCookie] ?? null;
}

/** Checks every request to a route with a scope. */
export async function addAccess(
  app: FastifyInstance,
  { access, settings }: Pick<Services, "access" | "settings">,
  trustProxy: boolean,
): Promise<void> {
  await app.register(cookie);
  app.decorateRequest("client", null);
  app.addHook("onRequest", async (request) => {
    request.client = access.identify(request);
  });
  // After the limit of requests, which so counts wrong keys too, and before the body is read.
  app.addHook("preParsing", async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    if (request.client === local) {
      checkOrigin(request, settings.corsOrigins);
      if (!settings.isOpen && !trustProxy) checkHost(request);
    }
    if (!request.client) {
      throw new Problem(401, "Send a key: Authorization: Bearer glossa_…");
    }
    const { scopes } = request.client;
    const allowed = typeof scope === "string" ? [scope] : scope;
    if (!allowed.some((name) => scopes.includes(name)) && !scopes.includes("admin")) {
      throw new Problem(403, `The key needs the scope ${allowed.join(" or ")}; it has ${scopes.join(", ")}.`);
    }
  });
}

/**
 * Without keys, whatever a browser on this machine sends would be obeyed, and any page on the web can make it send
 * something. Browsers say which page it was.
 */
function checkOrigin({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || headers["sec-fetch-site"] === "same-origin") return;
  if (allowed.includes("*") || allowed.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Problem(
    403,
    `Pages of ${origin} may not use this server; start it with --cors ${origin} to allow them.`,
  );
}

/** A name of elsewhere that was made to lead to this machine (DNS rebinding) makes a foreign page look like our own. */
function checkHost({ headers }: FastifyRequest): void {
  const name = URL.canParse(`http://${headers.host}`) ? new URL(`http://${headers.host}`).hostname : "";
  const isOurs =
    name === "localhost" || name.endsWith(".localhost") || isIP(name.replace(/^\[|\]$/g, "")) > 0;
  if (isOurs) return;
  throw new Problem(
    403,
    `Without a key this server answers only to localhost and addresses, not to "${name}"; make a key, or start it with --open.`,
  );
}

/** The client of a route with a scope. */
export function clientOf(request: FastifyRequest): Client {
  if (!request.client) throw new Problem(401, "Send a key: Authorization: Bearer glossa_…");
  return request.client;
}
