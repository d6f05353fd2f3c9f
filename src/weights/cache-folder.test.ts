import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveCacheFolder } from "./cache-folder.ts";

describe("resolveCacheFolder", () => {
  const environment = { GLOSSA_CACHE: "/from-variable", XDG_CACHE_HOME: "/xdg" };

  it("prefers the option, then GLOSSA_CACHE, then XDG_CACHE_HOME", () => {
    expect(resolveCacheFolder("relative", environment, "linux")).toBe(resolve("relative"));
    expect(resolveCacheFolder(undefined, environment, "linux")).toBe("/from-variable");
    expect(resolveCacheFolder(undefined, { XDG_CACHE_HOME: "/xdg" }, "linux")).toBe("/xdg/glossa");
  });

  it("falls back to the system's place for caches", () => {
    expect(resolveCacheFolder(undefined, {}, "linux")).toBe(join(homedir(), ".cache", "glossa"));
    expect(resolveCacheFolder(undefined, {}, "darwin")).toBe(join(homedir(), "Library", "Caches", "glossa"));
    expect(resolveCacheFolder(undefined, { LOCALAPPDATA: "/local" }, "win32")).toBe(
      join("/local", "glossa", "Cache"),
    );
  });

  it("ignores a relative XDG_CACHE_HOME and empty variables", () => {
    const unusable = { GLOSSA_CACHE: "", XDG_CACHE_HOME: "relative" };
    expect(resolveCacheFolder(undefined, unusable, "linux")).toBe(join(homedir(), ".cache", "glossa"));
  });
});
