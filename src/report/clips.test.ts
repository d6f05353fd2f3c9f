import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedClips, linkClips } from "./clips.ts";

describe("clips", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "glossa-clips-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("links relative to the report, with special characters encoded", () => {
    const audio = join(folder, "data", "a #1?.wav");
    const clips = linkClips([audio], join(folder, "reports", "report.html"));
    expect(clips.get(audio)).toBe("../data/a%20%231%3F.wav");
  });

  it("embeds what is short and keeps links to the rest", async () => {
    const [short, long, missing, unknown] = ["short.opus", "long.wav", "missing.wav", "talk.xyz"].map(
      (name) => join(folder, name),
    );
    await writeFile(short, "OggS");
    await writeFile(long, new Uint8Array(1_000_001));
    await writeFile(unknown, "x");
    const clips = await embedClips([short, long, missing, unknown], join(folder, "report.html"));
    expect(clips.get(short)).toBe(`data:audio/ogg;base64,${Buffer.from("OggS").toString("base64")}`);
    expect(clips.get(long)).toBe("long.wav");
    expect(clips.get(missing)).toBe("missing.wav");
    expect(clips.get(unknown)).toBe("talk.xyz");
  });
});
