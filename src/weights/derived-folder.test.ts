import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { derivedFolder } from "./derived-folder.ts";

describe("a derived folder", () => {
  let root: string;
  let source: string;
  let made = 0;
  const make = async (folder: string) => {
    made++;
    await writeFile(join(folder, "result"), String(made));
  };
  const folderOf = (version: string) =>
    derivedFolder(join(root, "graphs"), { id: "my/model", sources: [source], version }, make);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "glossa-derived-"));
    source = join(root, "source");
    await writeFile(source, "weights");
    made = 0;
  });
  afterEach(() => rm(root, { recursive: true }));

  it("is made once", async () => {
    const [first, second] = [await folderOf("1"), await folderOf("1")];
    expect(second).toBe(first);
    expect(await readFile(join(first, "result"), "utf8")).toBe("1");
    expect(made).toBe(1);
  });

  it("is made again when a source or the version changes, and the old one goes", async () => {
    await folderOf("1");
    await utimes(source, new Date(), new Date(1000));
    await folderOf("1");
    await folderOf("2");
    expect(made).toBe(3);
    expect(await readdir(join(root, "graphs"))).toHaveLength(1);
  });

  it("leaves nothing behind when making it fails", async () => {
    const failing = derivedFolder(
      join(root, "graphs"),
      { id: "m", sources: [source], version: "1" },
      async () => {
        throw new Error("no");
      },
    );
    await expect(failing).rejects.toThrow("no");
    expect(await readdir(join(root, "graphs"))).toEqual([]);
  });

  it("is made by two at once without harm", async () => {
    const [first, second] = await Promise.all([folderOf("1"), folderOf("1")]);
    expect(second).toBe(first);
    expect(await readdir(join(root, "graphs"))).toHaveLength(1);
  });
});
