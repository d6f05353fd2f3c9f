import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkReadable, expandInputs, planOutputs, writeOutput } from "./outputs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-outputs-"));
  for (const name of ["b.wav", "a.wav", "c.mp3", "[x].wav"]) await writeFile(join(folder, name), "audio");
});
afterEach(() => rm(folder, { recursive: true }));
const at = (...names: string[]) => names.map((name) => join(folder, name));

describe("expandInputs", () => {
  it("expands patterns in alphabetical order and keeps everything else", async () => {
    const [pattern, literal, nothing] = at("?.wav", "[x].wav", "*.ogg");
    expect(await expandInputs(["-", pattern, literal, nothing])).toEqual([
      "-",
      ...at("a.wav", "b.wav", "[x].wav", "*.ogg"),
    ]);
  });

  it("refuses an empty name", async () => {
    await expect(expandInputs([""])).rejects.toMatchObject({ code: "invalid-argument" });
  });
});

describe("checkReadable", () => {
  it("takes files and standard input, and says why not", async () => {
    await checkReadable("-");
    await checkReadable(at("a.wav")[0]);
    await expect(checkReadable(at("none.wav")[0])).rejects.toMatchObject({ message: "no such file" });
    await expect(checkReadable(folder)).rejects.toMatchObject({
      message: expect.stringContaining("is a folder"),
    });
  });
});

describe("planOutputs", () => {
  it("takes an existing folder, a trailing slash or several inputs for a folder", async () => {
    const [a, b] = at("a.wav", "b.wav");
    expect(await planOutputs([a], folder, "srt")).toEqual({ format: "srt", files: at("a.srt") });
    expect(await planOutputs([a], `${folder}/new/deep/`, undefined)).toEqual({
      format: "txt",
      files: at("new/deep/a.txt"),
    });
    expect(await planOutputs([a, b], join(folder, "two"), "vtt")).toEqual({
      format: "vtt",
      files: at("two/a.vtt", "two/b.vtt"),
    });
    expect((await stat(join(folder, "two"))).isDirectory()).toBe(true);
    expect((await planOutputs(["-"], folder, "json")).files).toEqual(at("stdin.json"));
  });

  it("takes the format from the ending of a file, unless one is given", async () => {
    const [a, output, other] = at("a.wav", "x.SRT", "x.text");
    expect((await planOutputs([a], output, undefined)).format).toBe("srt");
    expect((await planOutputs([a], output, "json")).format).toBe("json");
    expect((await planOutputs([a], other, undefined)).format).toBe("txt");
    expect(await planOutputs([a], "-", "json")).toEqual({ format: "json", files: [null] });
  });

  it("refuses what does not fit together", async () => {
    const [a, b] = at("a.wav", "b.wav");
    const refused = { code: "invalid-argument" };
    await expect(planOutputs([a, b], at("c.mp3")[0], "txt")).rejects.toMatchObject(refused);
    await expect(planOutputs([a], at("none/x.txt")[0], "txt")).rejects.toMatchObject(refused);
    await expect(planOutputs([a], a, "txt")).rejects.toMatchObject(refused);
    await writeFile(join(folder, "d.txt"), "not audio");
    await expect(planOutputs(at("d.txt", "a.wav"), folder, "txt")).rejects.toMatchObject(refused);
  });
});

describe.skipIf(process.platform === "win32")("writeOutput (with links, devices and modes)", () => {
  it("replaces a file as a whole and follows links", async () => {
    const [file, link] = at("out.txt", "link.txt");
    await writeFile(file, "something longer that was there before");
    await symlink(file, link);
    await writeOutput(link, "new\n");
    expect(await readFile(file, "utf8")).toBe("new\n");
    expect(await readdir(folder)).toHaveLength(6);
  });

  it("writes to a device without replacing it", async () => {
    await writeOutput("/dev/null", "text");
    expect((await stat("/dev/null")).isFile()).toBe(false);
  });

  it("names the file that cannot be written", async () => {
    await mkdir(join(folder, "locked"));
    await chmod(join(folder, "locked"), 0o500);
    const file = process.getuid?.() === 0 ? "/proc/none/x.txt" : join(folder, "locked", "x.txt");
    await expect(writeOutput(file, "text")).rejects.toMatchObject({
      code: "write-failed",
      message: expect.stringContaining(file),
    });
  });
});
