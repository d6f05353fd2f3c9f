/**
 * The OpenAPI document: valid, and about the routes that there are.
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import { useTestServer } from "./testing/use-test-server.ts";

interface Operation {
  summary?: string;
  security?: unknown;
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

const test = useTestServer();
let document: Document;
beforeAll(async () => {
  document = (await (await fetch(`${test.url}/openapi.json`)).json()) as Document;
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    expect(document.openapi).toBe("3.1.0");
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("describes the routes that are served, and no others", () => {
    // `HEAD` goes with every `GET`; the rest is the page, and the documentation itself.
    const served = routesOf(test.server.app.printRoutes({ commonPrefix: false }))
      .filter(({ path }) => path.startsWith("/") && !/^\/(?:docs|openapi\.json|\*|$)/.test(path))
      .flatMap(({ path, methods }) =>
        methods
          .filter((method) => method !== "OPTIONS" && !(method === "HEAD" && methods.includes("GET")))
          .map((method) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`),
      );
    expect(
      operations()
        .map(({ route }) => route)
        .sort(),
    ).toEqual(served.sort());
    expect(served.length).toBeGreaterThan(40);
  });

  it("says what every route is for, which need a key, and what errors look like", () => {
    const open = operations().filter(({ operation }) => operation.security === undefined);
    expect(open.map(({ route }) => route).sort()).toEqual([
      "DELETE /v1/session",
      "GET /health",
      "GET /ready",
      "GET /v1/server",
      "POST /v1/session",
    ]);
    for (const { route, operation } of operations()) {
      expect(operation.summary, route).toBeTruthy();
      expect(Object.keys(operation.responses["default"]?.content ?? {}), route).toEqual([
        "application/problem+json",
      ]);
    }
  });

  it("tells the fields of forms", () => {
    const bodyOf = (path: string) => document.paths[path]!.post!.requestBody!.content;
    const fieldsOf = (path: string) =>
      Object.keys(bodyOf(path)["multipart/form-data"]!.schema["properties"] as object);
    expect(fieldsOf("/v1/audio/transcriptions")).toEqual(
      expect.arrayContaining([
        "file",
        "context[]",
        "model",
        "prompt",
        "response_format",
        "stream",
        "terms",
        "terms_id",
      ]),
    );
    expect(fieldsOf("/v1/jobs")).toEqual(expect.arrayContaining(["file", "context", "terms", "webhook_url"]));
    expect(Object.keys(bodyOf("/v1/jobs"))).toContain("application/json");
    expect(Object.keys(bodyOf("/asr"))).toEqual(
      expect.arrayContaining(["multipart/form-data", "application/json"]),
    );
  });

  it("is shown as a page", async () => {
    expect((await fetch(`${test.url}/docs/`)).status).toBe(200);
  });
});

/** Routes out of the tree that the router prints, each line a part of a path under that of the line above. */
function routesOf(tree: string): { path: string; methods: string[] }[] {
  const parts: string[] = [];
  return tree.split("\n").flatMap((line) => {
    const match = /^([│ ]*)[├└]── (\S+) \((.*)\)$/.exec(line);
    if (!match) return [];
    const depth = match[1]!.length / 4;
    parts.splice(depth, Infinity, match[2]!);
    return [{ path: parts.join(""), methods: match[3]!.split(", ") }];
  });
}
