/**
 * Imports only go down: a room may import the rooms below it, never one above (docs/architecture.md).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const source = fileURLToPath(new URL("../src/", import.meta.url));

/** The rooms of `src/`, lowest first. Files beside them that belong to no room stand at either end. */
const rooms = [
  "errors.ts",
  "random.ts",
  "audio",
  "text",
  "weights",
  "graph",
  "runtime",
  "models",
  "context",
  "retrieval",
  "decode",
  "transcript",
  "recognise",
  "eval",
  "report",
  "train",
  "server",
  "cli",
  "index.ts",
];

/** Rooms that must not know each other although one stands higher. */
const strangers: readonly [from: string, to: string][] = [
  ["text", "audio"],
  ["context", "audio"],
  ["context", "models"],
  ["server", "decode"],
  ["server", "models"],
  ["cli", "decode"],
  ["cli", "models"],
];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Every import between two rooms, dynamic imports and those of types included; tests may look anywhere. */
function importsBetweenRooms(): Import[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).map((file) =>
    file.replaceAll("\\", "/"),
  );
  return files
    .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|\/testing\//.test(file))
    .flatMap((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(source, file), "utf8"));
      return importedFiles
        .filter(({ fileName }) => fileName.startsWith("."))
        .map(({ fileName }) => new URL(fileName, `file:///${file}`).pathname.slice(1))
        .map((imported) => ({ file, from: roomOf(file), to: roomOf(imported) }));
    })
    .filter(({ from, to }) => from !== to);
}

function roomOf(file: string): string {
  return file.split("/", 1)[0]!;
}

const imports = importsBetweenRooms();

describe("the rooms", () => {
  it("are all in the order of the architecture", () => {
    const known = new Set(rooms);
    const found = new Set(imports.flatMap(({ from, to }) => [from, to]));
    expect([...found].filter((room) => !known.has(room))).toEqual([]);
  });

  it("import only from rooms below", () => {
    const upwards = imports.filter(({ from, to }) => rooms.indexOf(to) >= rooms.indexOf(from));
    expect(upwards.map(({ file, to }) => `${file} → ${to}`)).toEqual([]);
  });

  it("do not know what is none of their business", () => {
    const forbidden = imports.filter((found) =>
      strangers.some(([from, to]) => found.from === from && found.to === to),
    );
    expect(forbidden.map(({ file, to }) => `${file} → ${to}`)).toEqual([]);
  });
});
