import { appendFile, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CachedFrames, FrameCache, frameKey } from "./frame-cache.ts";

/** Bytes that still fit on the disk. */
const disk = vi.hoisted(() => ({ room: Infinity }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args);
    const { write } = file;
    const limited = async (
      bytes: Uint8Array,
      offset: number,
      length: number,
      position: number,
    ): Promise<{ bytesWritten: number }> => {
      const fitting = Math.min(length, disk.room);
      if (fitting === 0) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
      disk.room -= fitting;
      return (write as typeof limited).call(file, bytes, offset, fitting, position);
    };
    if (String(args[0]).endsWith(".f16")) file.write = limited as unknown as typeof file.write;
    return file;
  };
  return { ...real, open };
});

let folder: string;
beforeEach(async () => {
  disk.room = Infinity;
  folder = await mkdtemp(join(tmpdir(), "glossa-frames-"));
});
afterEach(() => rm(folder, { recursive: true }));

const identity = { model: "tiny", fingerprint: "f" };
const shape = async () => ({ width: 4, frameRate: 50, maximumSeconds: 30 });
const opened = () => FrameCache.open(folder, identity, shape);
const frames = (count: number, from: number) => Float32Array.from({ length: count * 4 }, (_, i) => from + i);
const add = (cache: FrameCache, key: string, count: number, from: number) =>
  cache.adding(undefined, (_signal, keep) => keep([{ key, seconds: count / 50, data: frames(count, from) }]));

describe("the cache of frames", () => {
  it("gives back what was kept, in another process too", async () => {
    {
      await using cache = await opened();
      await add(cache, "a", 3, 1);
      await add(cache, "b", 2, 100);
      expect(cache.get("c")).toBeUndefined();
    }
    await using cache = await opened();
    expect(cache.size).toBe(2);
    expect(cache.get("b")).toMatchObject({ frames: 2, start: 3, seconds: 0.04 });
    expect(await cache.read(cache.get("b") as CachedFrames)).toEqual(frames(2, 100));
    expect(await cache.read(cache.get("a") as CachedFrames)).toEqual(frames(3, 1));
  });

  it("remembers audio that cannot be used", async () => {
    await using cache = await opened();
    await cache.adding(undefined, (_signal, keep) => keep([{ key: "a", problem: "it is silent" }]));
    await using other = await opened();
    expect(other.get("a")).toEqual({ key: "a", problem: "it is silent" });
  });

  it("goes on after a process that was killed while writing", async () => {
    {
      await using cache = await opened();
      await add(cache, "a", 2, 1);
      await add(cache, "b", 2, 50);
    }
    // The line of b is cut; its frames are there, and are written over.
    const index = join(folder, "index.jsonl");
    await truncate(index, 80);
    {
      await using cache = await opened();
      expect(cache.size).toBe(1);
      await add(cache, "c", 1, 7);
    }
    await using cache = await opened();
    expect(await cache.read(cache.get("c") as CachedFrames)).toEqual(frames(1, 7));
    expect(cache.get("c")).toMatchObject({ start: 2 });
    expect(await cache.read(cache.get("a") as CachedFrames)).toEqual(frames(2, 1));
  });

  it("keeps nothing half when the disk is full, and goes on when there is room again", async () => {
    {
      await using cache = await opened();
      await add(cache, "a", 2, 1);
      disk.room = 20;
      await expect(add(cache, "b", 4, 50)).rejects.toMatchObject({
        code: "write-failed",
        message: `Frames cannot be kept in ${folder}: the disk is full`,
      });
      expect(cache.get("b")).toBeUndefined();
    }
    disk.room = Infinity;
    await using cache = await opened();
    expect(cache.size).toBe(1);
    await add(cache, "b", 4, 50);
    expect(await cache.read(cache.get("b") as CachedFrames)).toEqual(frames(4, 50));
    expect(await cache.read(cache.get("a") as CachedFrames)).toEqual(frames(2, 1));
  });

  it("sees what another process added", async () => {
    await using one = await opened();
    await using other = await opened();
    await add(one, "a", 1, 1);
    await add(other, "b", 1, 2);
    expect(other.get("a")).toBeDefined();
    expect(other.get("b")).toMatchObject({ start: 1 });
  });

  it("refuses frames of another model, and damage", async () => {
    await using cache = await opened();
    await expect(FrameCache.open(folder, { ...identity, fingerprint: "g" }, shape)).rejects.toThrow(
      `${folder} holds frames of another tiny`,
    );
    await add(cache, "a", 2, 1);
    await truncate(join(folder, "frames-0000.f16"), 5);
    await expect(cache.read(cache.get("a") as CachedFrames)).rejects.toThrow("is cut short");
    await appendFile(join(folder, "index.jsonl"), "{}\n");
    await expect(opened()).rejects.toThrow("index.jsonl:2 is damaged");
  });

  it("has another key for every model, audio and perturbation", () => {
    const keys = [
      frameKey("m", "a", null),
      frameKey("n", "a", null),
      frameKey("m", "b", null),
      frameKey("m", "a", { speed: 1.1 }),
      frameKey("m", "a", null, true),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
