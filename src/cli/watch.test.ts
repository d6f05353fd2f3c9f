import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runFake, saying } from "./testing/fake-environment.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-watch-"));
  await mkdir(join(folder, "deeper"));
  await writeFile(join(folder, "talk.mp3"), "sound");
  await writeFile(join(folder, "deeper/call.wav"), "sound");
  await writeFile(join(folder, "notes.md"), "no sound");
  await writeFile(join(folder, ".hidden.wav"), "sound");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = (path: string) => readFile(join(folder, path), "utf8");

describe("glossa watch", { timeout: 120_000 }, () => {
  it("transcribes every recording once, beside it", async () => {
    const first = await runFake(["watch", folder, "--once", "--language", "en"]);
    expect(first.exitCode).toBe(0);
    expect(await read("talk.mp3.txt")).toBe("Hello there.\n");
    expect(await read("deeper/call.wav.txt")).toBe("Hello there.\n");
    expect(first.recognised.map(({ options }) => options.language)).toEqual(["en", "en"]);
    expect(first.disposed).toBe(1);
    // What has a transcript is left alone.
    expect((await runFake(["watch", folder, "--once"])).recognised).toEqual([]);
  });

  it("goes on after a recording that cannot be read, and says so in the end", async () => {
    await writeFile(join(folder, "terms.txt"), "LoRA\n");
    const run = await runFake(
      [
        "watch",
        folder,
        "--once",
        "--output",
        join(folder, "out"),
        "--format",
        "srt",
        "--terms",
        join(folder, "terms.txt"),
      ],
      {
        async *stream(input, options) {
          if (String(input).endsWith("call.wav")) throw new Error("this is no recording");
          yield* saying("Hello there.")(input, options);
        },
      },
    );
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/call\.wav: .*this is no recording/);
    expect(await read("out/talk.mp3.srt")).toContain("Hello there.");
    expect(run.recognised[0]!.options.terms).toMatchObject([{ text: "LoRA" }]);
  });

  it("transcribes what appears, until it is interrupted", async () => {
    const run = await runFake(["watch", folder, "--quiet"], (interrupt) => ({
      onLoad: () => {
        setTimeout(() => void writeFile(join(folder, "later.flac"), "sound"), 500);
      },
      async *stream(input, options) {
        yield* saying("Hello there.")(input, options);
        if (String(input).endsWith("later.flac")) setTimeout(interrupt, 100);
      },
    }));
    expect(run.exitCode).toBe(0);
    expect(await read("later.flac.txt")).toBe("Hello there.\n");
  });

  it("says what is wrong with a folder", async () => {
    const run = await runFake(["watch", join(folder, "nowhere")]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("nowhere: no such folder");
  });
});
