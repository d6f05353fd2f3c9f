/**
 * Every package that users get must accept the oldest Node that package.json promises.
 */
import { readFileSync } from "node:fs";
import semver from "semver";
import { expect, it } from "vitest";
import { lockfilePath } from "../tools/complete-lockfile.ts";

interface Lockfile {
  packages: Record<string, { dev?: boolean; version?: string; engines?: { node?: string } }>;
}

/** Packages whose code is never run. */
const unused = new Set([
  // Of light-my-request, which Fastify loads for `inject` only.
  "node_modules/cookie",
]);

it("packages accept the oldest Node that is promised", () => {
  const { packages } = JSON.parse(readFileSync(lockfilePath, "utf8")) as Lockfile;
  const oldest = semver.minVersion(packages[""]!.engines!.node!)!;
  expect(oldest.version).toBe("20.19.0");
  const refusing = Object.entries(packages)
    .filter(([place, { engines }]) => place !== "" && engines?.node !== undefined && !unused.has(place))
    .filter(([, { engines }]) => !semver.satisfies(oldest, engines!.node!))
    .map(([place, { version, engines }]) => `${place} ${version}: ${engines!.node}`);
  expect(refusing).toEqual([]);
});
