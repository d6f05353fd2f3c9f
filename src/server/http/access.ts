/**
 * Who is asking, and whether they may.
 */
import { timingSafeEqual } from "node:crypto";
import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { hashOfKey, type KeyLimits, type KeyStore, type Scope, allScopes } from "../store/keys.ts";
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
    form?: "job" | "transcription" | "glossary" | "documents";
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
export async function addAccess(app: FastifyInstance, access: Access): Promise<void> {
  await app.register(cookie);
  app.decorateRequest("client", null);
  app.addHook("onRequest", async (request) => {
    request.client = access.identify(request);
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
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

/** The client of a route with a scope. */
export function clientOf(request: FastifyRequest): Client {
  if (!request.client) throw new Problem(401, "Send a key: Authorization: Bearer glossa_…");
  return request.client;
}
