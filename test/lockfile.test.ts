/**
 * `npm ci` refuses a lockfile in which the builds of a package for other platforms are missing.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { lockfilePath, missingOptionalPackages, type Lockfile } from "../tools/complete-lockfile.ts";

it("the lockfile holds the packages of all platforms (else run tools/complete-lockfile.ts)", () => {
  const lockfile = JSON.parse(readFileSync(lockfilePath, "utf8")) as Lockfile;
  expect([...missingOptionalPackages(lockfile).keys()]).toEqual([]);
});

it("finds missing packages wherever in the tree they are asked for, and their platform", () => {
  const packages = {
    "node_modules/a": {
      dev: true,
      optionalDependencies: { "@a/binding-linux-x64-musl": "1.2.3", "@a/b-darwin-arm64": "1.2.3" },
    },
    "node_modules/a/node_modules/@a/b-darwin-arm64": { version: "1.2.3" },
    "node_modules/a/node_modules/c": { optionalDependencies: { "@a/b-darwin-arm64": "1.2.3" } },
  };
  expect([...missingOptionalPackages({ packages })]).toEqual([
    [
      "node_modules/@a/binding-linux-x64-musl",
      { version: "1.2.3", cpu: ["x64"], dev: true, libc: ["musl"], optional: true, os: ["linux"] },
    ],
  ]);
});
