import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GlossaError } from "../errors.ts";
import type { ListedModel } from "../weights/model-store.ts";
import { runFake } from "./testing/fake-environment.ts";

describe("glossa", () => {
  it("says its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await runFake(["--version"])).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [[]],
    [["transcribe"]],
    [["eval"]],
    [["eval", "score"]],
    [["eval", "compare"]],
    [["models"]],
    [["models", "list"]],
    [["models", "pull"]],
    [["models", "path"]],
    [["models", "remove"]],
    [["terms"]],
    [["terms", "extract"]],
    [["prune"]],
  ])("has help with examples for %j", async (command) => {
    const run = await runFake([...command, "--help"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toContain("Usage: glossa");
    expect(run.stdout).toContain("Examples:\n");
  });

  it.each([
    [["transcrib", "a.wav"], "Did you mean transcribe?"],
    [["transcribe", "a.wav", "--fromat", "srt"], "Did you mean --format?"],
    [["models", "lst"], "Did you mean list?"],
    [["transcribe"], "missing required argument 'input'"],
    [["transcribe", "a.wav", "--format", "doc"], "Allowed choices are txt, json, srt, vtt, tsv"],
    [["transcribe", "a.wav", "--device", "tpu"], "Allowed choices are cpu, cuda, webgpu"],
    [["transcribe", "a.wav", "--beam", "0"], "Expected a whole number from 1 to 64"],
    [["transcribe", "a.wav", "--threads", "two"], "Expected a whole number from 1 to 1024"],
    [["transcribe", "a.wav", "--temperature", "0,hot"], "Expected numbers from 0 to 2"],
    [["transcribe", "a.wav", "--temperature", ""], "Expected numbers from 0 to 2"],
    [["transcribe", "a.wav", "--language", "English!"], "Expected a code such as en or zh"],
    [["transcribe", "a.wav", "--term", " "], "--term: the term is empty"],
    [[], "Usage: glossa"],
  ])("refuses %j with exit code 2", async (args, message) => {
    const run = await runFake(args);
    expect(run).toMatchObject({ exitCode: 2, stdout: "", loaded: [] });
    expect(run.stderr).toContain(message);
  });
});

const listed: ListedModel[] = [
  {
    manifest: {
      id: "whisper-tiny",
      architecture: "whisper",
      description: "small and quick",
      languages: "multilingual",
      license: "MIT",
      files: [],
    },
    bytes: 41_234_567,
    isCached: true,
    folder: "/cache/models/whisper-tiny",
  },
];

describe("glossa models", () => {
  it("lists as a table and as JSON", async () => {
    const models = { list: async () => listed };
    expect((await runFake(["models", "list"], { models })).stdout).toBe(
      "MODEL         SIZE   CACHED  DESCRIPTION\nwhisper-tiny  41 MB  yes     small and quick\n",
    );
    const json = JSON.parse((await runFake(["models", "list", "--json"], { models })).stdout);
    expect(json).toEqual([
      {
        id: "whisper-tiny",
        architecture: "whisper",
        description: "small and quick",
        languages: "multilingual",
        license: "MIT",
        bytes: 41_234_567,
        isCached: true,
        folder: "/cache/models/whisper-tiny",
      },
    ]);
  });

  it("fetches models and prints their folders", async () => {
    const asked: unknown[] = [];
    const run = await runFake(["models", "pull", "a", "b", "--cache", "/c", "--offline"], {
      models: {
        pull: async (id, { cacheFolder, offline }) => {
          asked.push([id, cacheFolder, offline]);
          return `/c/models/${id}`;
        },
      },
    });
    expect(run).toMatchObject({ exitCode: 0, stdout: "/c/models/a\n/c/models/b\n", stderr: "" });
    expect(asked).toEqual([
      ["a", "/c", true],
      ["b", "/c", true],
    ]);
  });

  it("prints the path of a model and says what it removed", async () => {
    const models = {
      path: async (id: string) => `/c/models/${id}`,
      remove: async (id: string) => (id === "a" ? 1500 : 0),
    };
    expect((await runFake(["models", "path", "a"], { models })).stdout).toBe("/c/models/a\n");
    expect((await runFake(["models", "remove", "a", "b"], { models })).stdout).toBe(
      "a: 1.5 kB freed\nb: was not in the cache\n",
    );
  });

  it.each([
    ["model-unavailable", 3],
    ["invalid-argument", 2],
    ["write-failed", 1],
  ] as const)("gives %s the exit code %i", async (code, exitCode) => {
    const failing = async () => {
      throw new GlossaError(code, "what to do");
    };
    for (const command of ["pull", "path", "remove"]) {
      const run = await runFake(["models", command, "x"], {
        models: { pull: failing, path: failing, remove: failing },
      });
      expect(run).toMatchObject({ exitCode, stdout: "", stderr: "error: what to do\n" });
    }
  });

  it("stops a download when interrupted", async () => {
    const run = await runFake(["models", "pull", "x"], (interrupt) => ({
      models: {
        pull: () => {
          interrupt();
          return new Promise(() => {});
        },
      },
    }));
    expect(run).toMatchObject({ exitCode: 130, stdout: "", stderr: "" });
  });
});
