import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTerms, type TermFormat } from "../context/terms.ts";
import { transcriptSchema } from "../transcript/transcript.ts";
import { exitCodes } from "./exit-codes.ts";
import { runFake } from "./testing/fake-environment.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const codeBlocks = (text: string) =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, format, code]) => ({ format, code }));
const optionsIn = (text: string) => [...new Set(text.match(/--[a-z]+(?:-[a-z]+)*/g))].sort();

describe("docs/command-line.md", () => {
  const page = read("command-line.md");

  it("names every option of `transcribe`, and no other", async () => {
    const section = page.slice(page.indexOf("| option"), page.indexOf("On a terminal"));
    const help = (await runFake(["transcribe", "--help"])).stdout;
    const options = help.slice(help.indexOf("Options:"), help.indexOf("Examples:"));
    expect([...optionsIn(section), "--help"].sort()).toEqual(optionsIn(options));
  });

  it("names every option of `terms extract`", async () => {
    const section = page.slice(
      page.indexOf("## `glossa terms extract`"),
      page.indexOf("## `glossa retrieve`"),
    );
    const help = (await runFake(["terms", "extract", "--help"])).stdout;
    const options = optionsIn(help.slice(help.indexOf("Options:"), help.indexOf("Examples:")));
    expect([...optionsIn(section), "--help"].sort()).toEqual(options);
  });

  it("names every option of `retrieve`", async () => {
    const section = page.slice(page.indexOf("## `glossa retrieve`"), page.indexOf("## `glossa prune`"));
    const help = (await runFake(["retrieve", "--help"])).stdout;
    const options = optionsIn(help.slice(help.indexOf("Options:"), help.indexOf("Examples:")));
    expect([...optionsIn(section), "--help"].sort()).toEqual(options);
  });

  it("names every option of `prune`", async () => {
    const section = page.slice(page.indexOf("## `glossa prune`"), page.indexOf("## `glossa train prepare`"));
    const help = (await runFake(["prune", "--help"])).stdout;
    const options = optionsIn(help.slice(help.indexOf("Options:"), help.indexOf("Examples:")));
    expect([...optionsIn(section), "--help"].sort()).toEqual(options);
  });

  it.each([
    [["train", "prepare"], "## `glossa train synthesise`"],
    [["train", "synthesise"], "## `glossa align`"],
    [["align"], "## `glossa classify`"],
    [["classify"], "## `glossa models`"],
  ])("names every option of %j, and no other", async (command, next) => {
    const section = page.slice(page.indexOf(`## \`glossa ${command.join(" ")}\``), page.indexOf(next));
    const table = section.slice(section.indexOf("| option"));
    const help = (await runFake([...command, "--help"])).stdout;
    const options = help.slice(help.indexOf("Options:"), help.indexOf("Examples:"));
    expect([...optionsIn(table), "--help"].sort()).toEqual(optionsIn(options));
  });

  it("names every option of `models`", async () => {
    const section = page.slice(page.indexOf("## `glossa models`"), page.indexOf("## `glossa train`"));
    const helps = ["list", "pull", "path", "remove"].map(
      async (name) => (await runFake(["models", name, "--help"])).stdout,
    );
    const options = optionsIn((await Promise.all(helps)).join("")).filter((name) => name !== "--help");
    expect(optionsIn(section)).toEqual(options);
  });

  it("names every option of `train`", async () => {
    const section = page.slice(page.indexOf("## `glossa train`"), page.indexOf("## `glossa serve` and"));
    const help = (await runFake(["train", "--help"])).stdout;
    const options = optionsIn(help.slice(help.indexOf("Options:"), help.indexOf("Examples:")));
    expect([...optionsIn(section), "--help"].sort()).toEqual(options);
  });

  it("lists the exit codes", () => {
    const section = page.slice(page.indexOf("## Exit codes"));
    const codes = [...section.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(exitCodes));
  });

  it("shows the same glossary in every format", () => {
    const blocks = codeBlocks(page);
    expect(blocks.map(({ format }) => format)).toEqual(["txt", "csv", "tsv", "json"]);
    const lists = blocks.map(({ format, code }) => parseTerms(code, format as TermFormat, "example"));
    const names = ["LoRA", "Qwen2-VL", "CUDA_VISIBLE_DEVICES", "C#"];
    for (const { terms, warnings } of lists) {
      expect(warnings).toEqual([]);
      expect(terms.map((term) => term.text)).toEqual(names);
    }
    const [, csv, tsv, json] = lists.map(({ terms }) => terms.map((term) => ({ ...term, source: "" })));
    expect(tsv).toEqual(csv);
    expect(json).toEqual(csv);
  });
});

describe("docs/server.md", () => {
  it("names every option of `serve`, and no other", async () => {
    const page = read("server.md");
    const section = page.slice(page.indexOf("| option"), page.indexOf("## Keys"));
    const help = (await runFake(["serve", "--help"])).stdout;
    const options = help.slice(help.indexOf("Options:"), help.indexOf("Examples:"));
    expect([...optionsIn(section), "--help"].sort()).toEqual(optionsIn(options));
  });
});

describe("docs/formats.md", () => {
  it("shows a valid transcript", () => {
    const [{ code }] = codeBlocks(read("formats.md"));
    expect(transcriptSchema.safeParse(JSON.parse(code))).toMatchObject({ success: true });
  });
});
