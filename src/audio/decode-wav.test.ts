import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openAudio } from "./open-audio.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

async function read(input: Parameters<typeof openAudio>[0]) {
  const audio = await openAudio(input);
  const samples: number[] = [];
  for await (const chunk of audio.chunks) samples.push(...chunk);
  return { samples, warnings: audio.warnings, durationSeconds: audio.durationSeconds };
}

function chunk(id: string, body: Buffer, size = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

function format({ tag = 1, channels = 1, sampleRate = 16_000, bits = 16 } = {}): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(sampleRate, 4);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return chunk("fmt ", body);
}

function wav(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from("WAVE"), ...chunks]);
  return chunk("RIFF", body);
}

/** 16-bit samples: 0.25, 0.5, ... */
const ramp = Buffer.from(Int16Array.of(8192, 16_384, -8192, -16_384).buffer);
const rampValues = [0.25, 0.5, -0.25, -0.5];

describe("WAV", () => {
  it.each([
    ["pcm_u8", 1 / 128],
    ["pcm_s16le", 1 / 32_768],
    ["pcm_s24le", 1e-6],
    ["pcm_s32le", 1e-7],
    ["pcm_f32le", 1e-7],
    ["pcm_f64le", 1e-7],
    ["pcm_alaw", 0.02],
    ["pcm_mulaw", 0.02],
  ])("%s gives the sine that was encoded", async (codec, tolerance) => {
    const { samples, warnings, durationSeconds } = await read(fixture(`sine-${codec}.wav`));
    expect(samples.length).toBe(800);
    expect(durationSeconds).toBe(0.05);
    expect(warnings).toEqual([]);
    const worst = samples.reduce(
      (max, sample, i) => Math.max(max, Math.abs(sample - 0.5 * Math.sin((2 * Math.PI * 440 * i) / 16_000))),
      0,
    );
    expect(worst).toBeLessThanOrEqual(tolerance);
  });

  it("reads RF64, files written into a pipe, and WAVE_FORMAT_EXTENSIBLE", async () => {
    const plain = await read(fixture("sine-pcm_s16le.wav"));
    expect((await read(fixture("sine-rf64.wav"))).samples).toEqual(plain.samples);
    expect((await read(fixture("sine-piped.wav"))).samples).toEqual(plain.samples);
    // One of six channels sounds: the mean has a sixth of its amplitude.
    const { samples } = await read(fixture("sine-extensible.wav"));
    expect(Math.max(...samples)).toBeCloseTo(0.5 / 6, 3);
  });

  it.each([
    ["of size 0xFFFFFFFF", 0xff_ff_ff_ff],
    ["of size 0", 0],
  ])("reads a data chunk %s to the end", async (_, size) => {
    const { samples, warnings, durationSeconds } = await read(wav(format(), chunk("data", ramp, size)));
    expect(samples).toEqual(rampValues);
    expect(warnings).toEqual([]);
    expect(durationSeconds).toBe(4 / 16_000);
  });

  it("passes over other chunks, of odd length too, and stops at the end of the data", async () => {
    const file = wav(
      chunk("LIST", Buffer.from("abc")),
      format(),
      chunk("fact", Buffer.alloc(4)),
      chunk("data", ramp),
      chunk("LIST", Buffer.alloc(40, 99)),
    );
    expect((await read(file)).samples).toEqual(rampValues);
  });

  it("averages channels", async () => {
    expect((await read(wav(format({ channels: 2 }), chunk("data", ramp)))).samples).toEqual([0.375, -0.375]);
  });

  it("warns when it is cut off, and gives what is there", async () => {
    const file = wav(format(), chunk("data", Buffer.concat([ramp, Buffer.alloc(64_000)])));
    const { samples, warnings, durationSeconds } = await read(file.subarray(0, 32_051));
    expect(samples.length).toBe(16_003);
    expect(durationSeconds).toBe(16_003 / 16_000);
    expect(warnings).toEqual(["audio bytes: the audio ends after 1.0 s, its header says 2.0 s"]);
  });

  it("replaces samples that are not numbers, and leaves clipping", async () => {
    const data = Buffer.from(Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY, -0.5).buffer);
    const { samples, warnings } = await read(wav(format({ tag: 3, bits: 32 }), chunk("data", data)));
    expect(samples).toEqual([1.5, 0, 0, -0.5]);
    expect(warnings).toEqual([
      "audio bytes: samples that are not numbers were set to 0 (2 samples, the first at 0.0 s)",
    ]);
  });

  it.each([
    ["0 channels", wav(format({ channels: 0 }), chunk("data", ramp)), "the WAV header says 0 channels"],
    ["a rate of 0", wav(format({ sampleRate: 0 }), chunk("data", ramp)), "the sampling rate is 0 Hz"],
    [
      "an absurd rate",
      wav(format({ sampleRate: 4e9 }), chunk("data", ramp)),
      "the sampling rate is 4000000000 Hz",
    ],
    ["an absurd width", wav(format({ bits: 80 }), chunk("data", ramp)), "WAV with 80-bit"],
    ["no format", wav(chunk("data", ramp)), 'no "fmt " chunk'],
    ["no data", wav(format()), 'ends before its "data" chunk'],
    ["a cut-off header", wav(format()).subarray(0, 30), 'cut off in its "fmt " chunk'],
  ])("refuses a header with %s", async (_, file, message) => {
    await expect(read(file)).rejects.toMatchObject({
      name: "GlossaError",
      code: "unsupported-audio",
      message: expect.stringContaining(message),
    });
  });

  it("says that there are no samples in it", async () => {
    const { samples, warnings } = await read(wav(format(), chunk("data", Buffer.alloc(0))));
    expect(samples).toEqual([]);
    expect(warnings).toEqual(["audio bytes: there are no samples in it"]);
  });
});
