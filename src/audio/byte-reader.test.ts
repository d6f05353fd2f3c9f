import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.ts";

async function* chunksOf(...chunks: number[][]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Uint8Array.from(chunk);
}

const never = new AbortController().signal;

describe("ByteReader", () => {
  it("reads across chunks, empty ones too", async () => {
    const reader = new ByteReader(chunksOf([1, 2], [], [3], [4, 5, 6, 7]), "test", never);
    expect([...(await reader.peek(3))]).toEqual([1, 2, 3]);
    expect([...(await reader.read(2))]).toEqual([1, 2]);
    expect(await reader.skip(3)).toBe(3);
    expect(reader.position).toBe(5);
    expect([...(await reader.read(9))]).toEqual([6, 7]);
    expect([...(await reader.read(1))]).toEqual([]);
    expect(await reader.skip(1)).toBe(0);
  });

  it("keeps what it returned valid while it reads on", async () => {
    const reader = new ByteReader(chunksOf([1, 2, 3], [4, 5, 6]), "test", never);
    const first = await reader.read(2);
    await reader.read(4);
    expect([...first]).toEqual([1, 2]);
  });

  it("reads no further than it is asked", async () => {
    let taken = 0;
    const source = (async function* () {
      for (;;) {
        taken++;
        yield new Uint8Array(100);
      }
    })();
    const reader = new ByteReader(source, "test", never);
    await reader.skip(1000);
    expect(taken).toBe(10);
  });

  it("stops waiting for a stalled stream when the signal aborts", async () => {
    const stalled: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const controller = new AbortController();
    const reading = new ByteReader(stalled, "test", controller.signal).read(1);
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });

  it("names the input when the stream fails", async () => {
    const failing = (async function* () {
      yield Uint8Array.of(1);
      throw new Error("connection reset");
    })();
    const reader = new ByteReader(failing, "talk.mp3", never);
    await expect(reader.read(2)).rejects.toMatchObject({
      code: "unreadable-input",
      message: "talk.mp3: reading failed: connection reset",
    });
  });

  it("refuses chunks that are no bytes", async () => {
    const texts = (async function* () {
      yield "text" as unknown as Uint8Array;
    })();
    await expect(new ByteReader(texts, "test", never).read(1)).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});
