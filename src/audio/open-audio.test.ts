import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AudioInput, openAudio } from "./open-audio.ts";

const fixtureUrl = (name: string) => new URL(`fixtures/${name}`, import.meta.url);
const fixturePath = (name: string) => fileURLToPath(fixtureUrl(name));
const fixture = (name: string) => new Uint8Array(readFileSync(fixtureUrl(name)));

async function read(input: AudioInput) {
  const audio = await openAudio(input);
  const chunks: Float32Array[] = [];
  for await (const chunk of audio.chunks) chunks.push(chunk);
  const samples = Float32Array.from(chunks.flatMap((chunk) => [...chunk]));
  return { samples, warnings: audio.warnings, durationSeconds: audio.durationSeconds };
}

/** Time of the highest peak between two times. */
function peakSeconds(samples: Float32Array, from: number, to: number): number {
  let best = Math.round(from * 16_000);
  for (let i = best; i < to * 16_000; i++) if (Math.abs(samples[i]) > Math.abs(samples[best])) best = i;
  return best / 16_000;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-audio-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("openAudio", () => {
  it.each(["clicks.mp3", "clicks.flac", "clicks.oga", "clicks.ogg", "clicks.opus"])(
    "gives %s its right length, and its clicks within a millisecond",
    async (name) => {
      const { samples, warnings, durationSeconds } = await read(fixturePath(name));
      expect(warnings).toEqual([]);
      expect(samples.length).toBe(16_000);
      expect(durationSeconds).toBeCloseTo(1, 5);
      // The click is 8 samples of 44.1 kHz long; its middle is meant.
      expect(Math.abs(peakSeconds(samples, 0, 0.5) - 0.25008)).toBeLessThan(0.001);
      expect(Math.abs(peakSeconds(samples, 0.5, 1) - 0.75008)).toBeLessThan(0.001);
    },
  );

  it("takes off the encoder's delay in each of two MP3 files in a row", async () => {
    const bytes = fixture("clicks.mp3");
    const { samples, warnings } = await read(Buffer.concat([bytes, bytes]));
    expect(warnings).toEqual([]);
    expect(samples.length).toBe(32_000);
    expect(Math.abs(peakSeconds(samples, 1.5, 2) - 1.75008)).toBeLessThan(0.001);
  });

  it("reads MP3 and FLAC behind a large ID3 tag, and MP3 before an ID3v1 tag", async () => {
    const tag = Buffer.alloc(10 + 3 * 128 * 128, 0xff);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 3, 0, 0]);
    const end = Buffer.concat([Buffer.from("TAG"), Buffer.alloc(125)]);
    expect(await read(Buffer.concat([tag, fixture("clicks.mp3"), end]))).toEqual(
      await read(fixture("clicks.mp3")),
    );
    expect(await read(Buffer.concat([tag, fixture("clicks.flac"), end]))).toEqual(
      await read(fixture("clicks.flac")),
    );
  });

  it("gives the same for a path, a URL, bytes and streams in any pieces", async () => {
    async function* pieces(bytes: Uint8Array, size: number) {
      for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
    }
    for (const name of ["sine-pcm_s16le.wav", "clicks.mp3", "clicks.flac", "clicks.ogg", "clicks.opus"]) {
      const { samples } = await read(fixturePath(name));
      expect(samples.length).toBeGreaterThan(700);
      expect((await read(fixtureUrl(name))).samples).toEqual(samples);
      expect((await read(fixture(name))).samples).toEqual(samples);
      expect((await read(pieces(fixture(name), 1000))).samples).toEqual(samples);
      expect((await read(pieces(fixture(name).subarray(0), 7))).samples).toEqual(samples);
      const stream = new Blob([fixture(name)]).stream() as unknown as ReadableStream<Uint8Array>;
      expect((await read(stream)).samples).toEqual(samples);
    }
  });

  it("reads standard input, and pipes given as paths", () => {
    const program = `
      import { openAudio } from ${JSON.stringify(new URL("open-audio.ts", import.meta.url).pathname)};
      const audio = await openAudio(process.argv[1]);
      let samples = 0;
      for await (const chunk of audio.chunks) samples += chunk.length;
      process.stdout.write(audio.name + " " + samples);`;
    const command = 'cat "$1" | "$2" --import tsx --input-type=module -e "$3" "$4"';
    const run = (path: string) =>
      spawnSync("sh", ["-c", command, "sh", fixturePath("clicks.mp3"), process.execPath, program, path], {
        encoding: "utf8",
      });
    expect(run("-")).toMatchObject({ stdout: "standard input 16000", stderr: "" });
    expect(run("/dev/stdin")).toMatchObject({ stdout: "/dev/stdin 16000", stderr: "" });
  });

  it("takes decoded samples: one channel or many, at any rate", async () => {
    const left = Float32Array.from({ length: 4800 }, (_, i) => Math.sin(i / 20));
    const right = new Float32Array(4800);
    const mono = await read({ samples: left, sampleRate: 16_000 });
    expect(mono.samples).toEqual(left);
    expect(mono.durationSeconds).toBe(0.3);
    const stereo = await read({ samples: [left, right], sampleRate: 16_000 });
    expect(stereo.samples).toEqual(left.map((sample) => sample / 2));
    expect((await read({ samples: left, sampleRate: 48_000 })).samples.length).toBe(1600);
  });

  it("gives chunks that are the caller's own", async () => {
    const samples = new Float32Array(100).fill(0.5);
    const audio = await openAudio({ samples, sampleRate: 16_000 });
    for await (const chunk of audio.chunks) chunk.fill(0);
    expect(samples[0]).toBe(0.5);
  });

  it("does not read ahead of its consumer, however long the recording", async () => {
    const header = fixture("sine-piped.wav").subarray(0, 78);
    const second = new Uint8Array(32_000);
    let produced = 0;
    let returned = false;
    async function* endless() {
      try {
        yield header;
        for (;;) {
          produced += second.length;
          yield second;
        }
      } finally {
        returned = true;
      }
    }
    const audio = await openAudio(endless());
    let consumed = 0;
    let settledBytes = 0;
    for await (const chunk of audio.chunks) {
      consumed += chunk.length * 2;
      expect(produced - consumed).toBeLessThan(200_000);
      if (consumed > 30e6 && settledBytes === 0) settledBytes = process.memoryUsage().arrayBuffers;
      if (consumed > 110e6) break;
    }
    // An hour of sound went through: 110 MB of bytes, 220 MB of samples.
    expect(process.memoryUsage().arrayBuffers - settledBytes).toBeLessThan(60e6);
    expect(returned).toBe(true);
  });

  it("can be read only once", async () => {
    const audio = await openAudio(fixture("clicks.mp3"));
    for await (const _ of audio.chunks);
    expect(() => audio.chunks[Symbol.asyncIterator]()).toThrow(/only once/);
  });

  it("frees a stream that nobody read", async () => {
    let returned = false;
    async function* source() {
      try {
        yield fixture("clicks.mp3");
      } finally {
        returned = true;
      }
    }
    const audio = await openAudio(source());
    await audio[Symbol.asyncDispose]();
    expect(returned).toBe(true);
  });

  it("stops with the signal's reason: before, while opening, while reading", async () => {
    const reason = new Error("stopped by the user");
    await expect(openAudio(fixture("clicks.mp3"), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );

    const stalled: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const opening = new AbortController();
    const opened = openAudio(stalled, { signal: opening.signal });
    opening.abort(reason);
    await expect(opened).rejects.toBe(reason);

    const reading = new AbortController();
    const audio = await openAudio(
      { samples: new Float32Array(160_000), sampleRate: 16_000 },
      { signal: reading.signal },
    );
    const consume = async () => {
      for await (const _ of audio.chunks) reading.abort(reason);
    };
    await expect(consume()).rejects.toBe(reason);
  });
});

describe("openAudio refuses", () => {
  it.each<[string, AudioInput, string, RegExp]>([
    ["a missing file", "no/such/talk.mp3", "unreadable-input", /^no\/such\/talk\.mp3: there is no such file/],
    ["an empty path", "", "unreadable-input", /no such file/],
    ["a directory", tmpdir(), "unreadable-input", /is a directory/],
    ["a web address", new URL("https://example.com/a.mp3"), "invalid-argument", /only file: URLs/],
    ["an empty file", new Uint8Array(0), "unsupported-audio", /is empty/],
    ["text", Buffer.from("not audio at all"), "unsupported-audio", /is a text file, not audio/],
    ["a picture", fixture("picture.jpg"), "unsupported-audio", /is a JPEG picture, not audio/],
    ["a number", 5 as unknown as AudioInput, "invalid-argument", /audio must be a path/],
    [
      "samples of another type",
      { samples: [1] as never, sampleRate: 16_000 },
      "invalid-argument",
      /Float32Array/,
    ],
    ["no channels", { samples: [], sampleRate: 16_000 }, "invalid-argument", /Float32Array/],
    [
      "channels of two lengths",
      { samples: [new Float32Array(1), new Float32Array(2)], sampleRate: 16_000 },
      "invalid-argument",
      /differ in length \(1, 2\)/,
    ],
    [
      "a rate of 0",
      { samples: new Float32Array(1), sampleRate: 0 },
      "invalid-argument",
      /sampling rate is 0 Hz/,
    ],
  ])("%s", async (_, input, code, message) => {
    await expect(openAudio(input)).rejects.toMatchObject({
      name: "GlossaError",
      code,
      message: expect.stringMatching(message),
    });
  });

  it("a text file that is named .wav, a broken link", async () => {
    const text = join(folder, "talk.wav");
    await writeFile(text, "hello\n");
    await expect(openAudio(text)).rejects.toThrow(`${text} is a text file, not audio`);
    const link = join(folder, "link.wav");
    await symlink(join(folder, "gone.wav"), link);
    await expect(openAudio(link)).rejects.toMatchObject({ code: "unreadable-input" });
  });

  it.skipIf(process.getuid?.() === 0)("a file without permission (root may read everything)", async () => {
    const path = join(folder, "secret.wav");
    await writeFile(path, fixture("sine-pcm_s16le.wav"));
    await chmod(path, 0);
    await expect(openAudio(path)).rejects.toThrow(/no permission/);
  });
});

describe("real recordings", () => {
  const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
  const sets = ["en-lj001", "en-accent", "en-commonvoice", "zh-aishell-s0150"];
  it.skipIf(!existsSync(data))("have the lengths of their manifests (needs ../shared/data)", async () => {
    for (const set of sets) {
      const lines = readFileSync(join(data, set, "manifest.jsonl"), "utf8")
        .split("\n")
        .slice(0, 5);
      for (const { audio, duration } of lines.map((line) => JSON.parse(line))) {
        const { samples, warnings, durationSeconds } = await read(join(data, set, audio));
        expect(warnings).toEqual([]);
        expect(Math.abs(samples.length / 16_000 - duration)).toBeLessThan(0.02);
        expect(Math.abs(durationSeconds! - duration)).toBeLessThan(0.02);
      }
    }
  });
});
