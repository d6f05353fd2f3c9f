/** Cut-off and damaged recordings: what can be read comes out, with a warning, and nothing crashes or prints. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GlossaError } from "../errors.ts";
import { openAudio } from "./open-audio.ts";

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

async function read(bytes: Uint8Array) {
  const audio = await openAudio(bytes);
  const chunks: Float32Array[] = [];
  for await (const chunk of audio.chunks) chunks.push(chunk);
  const samples = Float32Array.from(chunks.flatMap((chunk) => [...chunk]));
  return { samples, seconds: samples.length / 16_000, warnings: audio.warnings.join("\n") };
}

/** Overwrites a part of the file, given as shares of its length, with bytes that look like nothing. */
function overwrite(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(bytes).fill(0x55, bytes.length * from, bytes.length * to);
}

/** Phase of the 440 Hz tone near a time, in seconds: whether it is where it belongs. */
function toneOffset(samples: Float32Array, atSeconds: number): number {
  const start = Math.round(atSeconds * 16_000);
  let real = 0;
  let imaginary = 0;
  for (let i = start; i < start + 1600; i++) {
    const angle = (2 * Math.PI * 440 * i) / 16_000;
    real += samples[i] * Math.sin(angle);
    imaginary += samples[i] * Math.cos(angle);
  }
  return Math.atan2(imaginary, real) / (2 * Math.PI * 440);
}

let printed: string[];
beforeEach(() => {
  printed = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...parts) => printed.push(parts.join(" ")));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  if (printed.length > 0) throw new Error(`printed: ${printed.join("\n")}`);
});

describe("a file that is cut off", () => {
  it.each([
    ["tone.mp3", /the file ends in the middle of a frame after [12]\.\d s/],
    ["tone.flac", /the audio ends after [12]\.\d s, its header says 3\.0 s/],
    ["tone.oga", /the file breaks off after [12]\.\d s, its last page is missing/],
    ["tone.opus", /the file breaks off after [12]\.\d s, its last page is missing/],
    // Two thirds of this small file are the header.
    ["tone.ogg", /the file breaks off after [12]\.\d s, its last page is missing/],
  ])("%s gives what is there and a warning", async (name, warning) => {
    const bytes = fixture(name);
    const { samples, seconds, warnings } = await read(
      bytes.subarray(0, bytes.length * (name === "tone.ogg" ? 0.85 : 0.6)),
    );
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThan(2.5);
    expect(Math.abs(toneOffset(samples, 0.8))).toBeLessThan(0.0001);
    expect(warnings).toMatch(warning);
  });

  it.each(["tone.mp3", "tone.flac", "tone.oga", "tone.ogg", "tone.opus"])(
    "%s, in its header, is refused",
    async (name) => {
      await expect(read(fixture(name).subarray(0, 60))).rejects.toMatchObject({ code: "unsupported-audio" });
    },
  );
});

describe("a file that is damaged in the middle", () => {
  it.each(["tone.flac", "tone.oga", "tone.opus"])("%s: silence keeps later times right", async (name) => {
    const { samples, seconds, warnings } = await read(overwrite(fixture(name), 0.4, 0.5));
    expect(seconds).toBe(3);
    expect(warnings).toMatch(/the data is damaged .*; 0\.\d\d s were replaced by silence/);
    expect(Math.abs(toneOffset(samples, 0.5))).toBeLessThan(0.0001);
    expect(Math.abs(toneOffset(samples, 2.5))).toBeLessThan(0.0001);
    const fixtureSilence = (await read(fixture(name))).samples.filter((sample) => sample === 0).length;
    expect(samples.filter((sample) => sample === 0).length - fixtureSilence).toBeGreaterThan(1000);
  });

  it("tone.ogg: silence keeps later times right", async () => {
    const { seconds, warnings } = await read(overwrite(fixture("tone.ogg"), 0.75, 0.78));
    expect(seconds).toBe(3);
    expect(warnings).toMatch(/the data is damaged/);
  });

  it("tone.mp3: the rest is read, and the loss told", async () => {
    const { seconds, warnings } = await read(overwrite(fixture("tone.mp3"), 0.4, 0.5));
    expect(seconds).toBeGreaterThan(2.5);
    expect(warnings).toMatch(/the data is damaged at 1\.\d s/);
  });

  it("a single wrong bit in an Opus page does not cost the page", async () => {
    const bytes = fixture("tone.opus");
    bytes[bytes.length >> 1] ^= 4;
    const { samples, warnings } = await read(bytes);
    expect(samples.length).toBe(48_000);
    expect(warnings).toMatch(/the data is damaged/);
    expect(samples.filter((sample) => sample === 0).length).toBeLessThan(100);
  });
});

describe("very short recordings", () => {
  it("0.05 s of WAV", async () => {
    expect((await read(fixture("sine-pcm_s16le.wav"))).seconds).toBe(0.05);
  });
});

describe("random damage", () => {
  /** Park & Miller's generator: the same damage at every run. */
  function* randoms(seed: number): Generator<number> {
    for (let state = seed; ;) {
      state = (state * 48_271) % 2_147_483_647;
      yield state / 2_147_483_647;
    }
  }
  const random = randoms(42);
  const next = () => random.next().value as number;
  const damages: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    "flipped bits": (bytes) => {
      for (let i = 0; i < 12; i++) bytes[Math.floor(next() * bytes.length)] ^= 1 << Math.floor(next() * 8);
      return bytes;
    },
    "flipped bits in the header": (bytes) => {
      for (let i = 0; i < 4; i++) bytes[4 + Math.floor(next() * 150)] ^= 1 << Math.floor(next() * 8);
      return bytes;
    },
    noise: (bytes) => {
      const start = Math.floor(next() * bytes.length);
      return bytes.map((byte, i) =>
        i >= start && i < start + bytes.length / 8 ? Math.floor(next() * 256) : byte,
      );
    },
    "a missing part": (bytes) => {
      const start = Math.floor(next() * bytes.length);
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + bytes.length / 8)]);
    },
  };

  it.each(["sine-pcm_s16le.wav", "tone.mp3", "tone.flac", "tone.oga", "tone.ogg", "tone.opus"])(
    "%s ends in audio or a GlossaError",
    async (name) => {
      for (const damage of Object.values(damages)) {
        for (let i = 0; i < 6; i++) {
          const isFine = await read(damage(fixture(name))).then(
            ({ samples }) => samples.every((sample) => Number.isFinite(sample)),
            (error) => error instanceof GlossaError || error,
          );
          expect(isFine).toBe(true);
        }
      }
    },
  );
});
