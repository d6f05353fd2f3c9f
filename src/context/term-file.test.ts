import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTerms } from "./term-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-terms-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const texts = async (path: string) => (await readTerms(path)).terms.map((term) => term.text);

describe("readTerms", () => {
  it("finds the format by the ending", async () => {
    expect(await texts(await file("a.TSV", "LoRA\t2\n"))).toEqual(["LoRA"]);
    expect(await texts(await file("a.csv", "LoRA,2\n"))).toEqual(["LoRA"]);
    expect(await texts(await file("a.json", '["LoRA"]'))).toEqual(["LoRA"]);
    expect(await texts(await file("a.list", "LoRA, 2\n"))).toEqual(["LoRA, 2"]);
    expect(await texts(await file("a.txt", "term\tweight\nLoRA\t2\n"))).toEqual(["LoRA"]);
  });

  it("reads UTF-8 with a byte order mark and UTF-16 of both orders", async () => {
    const little = Buffer.from("\uFEFF北京\r\nLoRA\r\n", "utf16le");
    const big = Buffer.from(little).swap16();
    for (const content of [Buffer.from("\uFEFF北京\r\nLoRA\r\n"), little, big]) {
      expect(await texts(await file("encoded.txt", content))).toEqual(["北京", "LoRA"]);
    }
  });

  it.skipIf(process.platform === "win32")("reads a pipe (where there are named pipes)", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [read] = await Promise.all([texts(pipe), writeFile(pipe, "LoRA\n")]);
    expect(read).toEqual(["LoRA"]);
  });

  it.each([
    ["wav.txt", Buffer.from("RIFF\0\0\0\0WAVE"), /wav\.txt: not a glossary: a binary file/],
    ["control.txt", Buffer.from("abc\x01"), /control character U\+0001/],
    ["list.csv", Buffer.from("PK\x03\x04abc"), /office document; export the list as CSV/],
    ["gbk.txt", Buffer.from([0xb1, 0xb1, 0xbe, 0xa9]), /save it as UTF-8/],
  ])("refuses %s and says why", async (name, content, message) => {
    await expect(readTerms(await file(name, content))).rejects.toMatchObject({
      code: "invalid-terms",
      message: expect.stringMatching(message),
    });
  });

  it("warns of an empty file", async () => {
    const path = await file("empty.txt", "");
    expect(await readTerms(path)).toEqual({ terms: [], warnings: [`${path}: holds no terms`] });
  });

  it("refuses missing files, folders and files that are too large", async () => {
    await mkdir(join(folder, "sub"));
    await expect(readTerms(join(folder, "none.txt"))).rejects.toMatchObject({
      code: "unreadable-input",
      message: expect.stringContaining("no such file"),
    });
    await expect(readTerms(join(folder, "sub"))).rejects.toMatchObject({ code: "unreadable-input" });
    const large = await file("large.txt", Buffer.alloc(64 * 1024 * 1024 + 1, "a\n"));
    await expect(readTerms(large)).rejects.toMatchObject({ code: "invalid-terms" });
  });
});
