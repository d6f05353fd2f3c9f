/**
 * The Dockerfile, which cannot be built everywhere: that it is valid, and that what it copies is there.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { expect, it } from "vitest";
import { root } from "./markdown.ts";

const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
const instructions = dockerfile
  .replace(/\\\n/g, " ")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"));

it("the Dockerfile breaks no rule of its language", () => {
  const found = validate(dockerfile).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`);
  expect(found).toEqual([]);
});

it("the Dockerfile copies what there is, and what .dockerignore lets through", () => {
  const ignored = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
  const copied = instructions
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))
    .filter((path) => path !== ".");
  expect(copied).toContain("package-lock.json");
  for (const path of copied) {
    expect(existsSync(join(root, path)), path).toBe(true);
    expect(ignored).not.toContain(path);
  }
});

it("the image runs without rights, says how it is, and stops when it is told to", () => {
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM")));
  expect(last.find((line) => line.startsWith("USER"))).toBe("USER 1000:1000");
  expect(last.findIndex((line) => line.startsWith("USER"))).toBeLessThan(
    last.findIndex((line) => line.startsWith("ENTRYPOINT")),
  );
  expect(last.join("\n")).toMatch(/^HEALTHCHECK [^]*\/health/m);
  // A shell in between would keep signals to itself.
  for (const name of ["ENTRYPOINT", "CMD"]) {
    expect(last.find((line) => line.startsWith(name))).toMatch(/^[A-Z]+ \[/);
  }
  for (const line of instructions.filter((line) => line.startsWith("FROM"))) {
    expect(line, "images are named with a version").toMatch(
      /^FROM (?:[^\s:]+:[^\s:]+|base-\$\{VARIANT\}|base-cpu)/,
    );
    expect(line).not.toContain(":latest");
  }
});
