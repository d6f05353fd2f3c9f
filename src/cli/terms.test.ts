import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { runFake } from "./testing/fake-environment.ts";

let folder: string;
let deck: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-terms-command-"));
  deck = join(folder, "deck.md");
  await writeFile(deck, "# LoRA\n\nWe fine-tune Qwen2-VL on the A100 cards of Lena Hoffmann.\n");
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const extract = (...args: string[]) => runFake(["terms", "extract", ...args]);

describe("glossa terms extract", () => {
  it("prints a table with reasons and places", async () => {
    const { exitCode, stdout, stderr } = await extract(deck);
    expect(exitCode).toBe(exitCodes.success);
    expect(stdout).toContain("term\tweight\tspoken\tcount\treasons\tsource\n");
    expect(stdout).toContain(`LoRA\t1\tlora\t1\tmixed case\t${deck}:1\n`);
    expect(stderr).toBe("");
  });

  it("writes the format that the ending of the output asks for", async () => {
    const output = join(folder, "terms.json");
    await extract(deck, "--output", output);
    const terms = JSON.parse(await readFile(output, "utf8")) as { term: string; source: string[] }[];
    expect(terms.find(({ term }) => term === "Qwen2-VL")?.source).toEqual([`${deck}:3`]);
    expect((await extract(deck, "--format", "txt")).stdout.split("\n")).toContain("LoRA");
  });

  it("keeps what was edited before, and leaves out what is excluded", async () => {
    const edited = join(folder, "edited.tsv");
    const excluded = join(folder, "excluded.txt");
    await writeFile(edited, "term\tweight\tspoken\nlora\t0\t\nGLCLAP\t2\tG L clap\n");
    await writeFile(excluded, "qwen2-vl\n");
    const { stdout } = await extract(deck, "--merge", edited, "--exclude", excluded);
    expect(stdout).toContain("lora\t0\t\t1\t");
    expect(stdout).toContain("GLCLAP\t2\tG L clap\t");
    expect(stdout).not.toMatch(/^Qwen2-VL\t/m);
  });

  it("keeps at most so many terms a page", async () => {
    const { stdout } = await extract(deck, "--terms-per-page", "2");
    expect(stdout.trim().split("\n")).toHaveLength(3);
  });

  it("opens the list in an editor before it is written", async () => {
    vi.stubEnv("VISUAL", "");
    vi.stubEnv("EDITOR", `sed -i.bak -e "s/LoRA/LoHa/"`);
    expect((await extract(deck, "--edit")).stdout).toContain("LoHa\t1");
    vi.stubEnv("EDITOR", "");
    const { exitCode, stderr } = await extract(deck, "--edit");
    expect(exitCode).toBe(exitCodes.usage);
    expect(stderr).toContain("set the environment variable EDITOR");
    vi.stubEnv("EDITOR", "false");
    expect((await extract(deck, "--edit")).stderr).toContain("ended with exit code 1");
  });

  it("says what it cannot read", async () => {
    const broken = join(folder, "broken.pdf");
    await writeFile(broken, "%PDF-1.4 nothing");
    const { exitCode, stderr } = await extract(broken);
    expect(exitCode).toBe(exitCodes.usage);
    expect(stderr).toMatch(/^error: .*broken\.pdf: broken: /);
    expect((await extract(join(folder, "none.md"))).exitCode).toBe(exitCodes.failure);
  });
});
