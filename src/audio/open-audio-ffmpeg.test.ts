/** Formats that only ffmpeg decodes. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type AudioInput, openAudio } from "./open-audio.ts";

const fixturePath = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const fixture = (name: string) => new Uint8Array(readFileSync(fixturePath(name)));
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

async function read(input: AudioInput) {
  const audio = await openAudio(input);
  const chunks: Float32Array[] = [];
  for await (const chunk of audio.chunks) chunks.push(chunk);
  const samples = Float32Array.from(chunks.flatMap((chunk) => [...chunk]));
  return { samples, warnings: audio.warnings, durationSeconds: audio.durationSeconds };
}

function peakSeconds(samples: Float32Array, from: number, to: number): number {
  let best = Math.round(from * 16_000);
  for (let i = best; i < to * 16_000; i++) if (Math.abs(samples[i]) > Math.abs(samples[best])) best = i;
  return best / 16_000;
}

describe("without ffmpeg", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  it.each([
    ["clicks.m4a", "the format is MP4 or QuickTime (m4a, mp4, mov), which needs ffmpeg"],
    ["clicks.webm", "the format is Matroska or WebM (mkv, mka, webm), which needs ffmpeg"],
    ["sine-adpcm_ima_wav.wav", "the format is WAV with IMA ADPCM, which needs ffmpeg"],
  ])("%s is refused by the name of its format", async (name, message) => {
    process.env.PATH = "";
    const refusal = {
      code: "unsupported-audio",
      message: expect.stringMatching(/ffmpeg is not on the PATH; install ffmpeg or convert the file to WAV$/),
    };
    await expect(openAudio(fixturePath(name))).rejects.toMatchObject(refusal);
    await expect(openAudio(fixture(name))).rejects.toMatchObject(refusal);
    await expect(openAudio(fixturePath(name))).rejects.toThrow(message);
  });

  it("the other formats are read", async () => {
    process.env.PATH = "";
    for (const name of ["clicks.mp3", "clicks.flac", "clicks.ogg", "clicks.opus"]) {
      expect((await read(fixturePath(name))).samples.length).toBe(16_000);
    }
  });
});

describe.skipIf(!hasFfmpeg)("with ffmpeg (needs it on the PATH)", () => {
  const temporaryFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("glossa-ffmpeg-"));

  it.each(["clicks.m4a", "clicks.webm"])("%s: from a file and from a stream", async (name) => {
    const before = temporaryFolders();
    const fromFile = await read(fixturePath(name));
    expect(fromFile.durationSeconds).toBeCloseTo(1, 1);
    expect(fromFile.warnings).toEqual([]);
    expect(Math.abs(peakSeconds(fromFile.samples, 0, 0.5) - 0.25)).toBeLessThan(0.01);
    expect(Math.abs(peakSeconds(fromFile.samples, 0.5, 1) - 0.75)).toBeLessThan(0.01);
    const fromStream = await read(fixture(name));
    expect(fromStream.samples).toEqual(fromFile.samples);
    expect(temporaryFolders()).toEqual(before);
  });

  it("times are those of the film when its sound starts late", async () => {
    const { samples } = await read(fixturePath("late-sound.mkv"));
    expect(Math.abs(peakSeconds(samples, 0.5, 1) - 0.75)).toBeLessThan(0.01);
    expect(Math.abs(peakSeconds(samples, 1, 1.5) - 1.25)).toBeLessThan(0.01);
  });

  it("a WAV codec of another kind", async () => {
    const { samples } = await read(fixturePath("sine-adpcm_ima_wav.wav"));
    expect(Math.max(...samples)).toBeGreaterThan(0.45);
  });

  it("its last error is told when it fails", async () => {
    const noise = Uint8Array.from({ length: 4000 }, (_, i) => (i * i * 31 + i * 7) % 251);
    await expect(openAudio(noise)).rejects.toMatchObject({
      code: "unsupported-audio",
      message: expect.stringMatching(/^audio bytes: it is no audio, not even to ffmpeg: .{5,}/),
    });
    await expect(openAudio(fixture("clicks.m4a").subarray(0, 400))).rejects.toThrow(
      /ffmpeg finds no audio in it \(MP4 or QuickTime/,
    );
  });

  it("a cut-off film gives what is there and a warning", async () => {
    const bytes = fixture("clicks.webm");
    const { samples, warnings } = await read(bytes.subarray(0, bytes.length * 0.7));
    expect(samples.length).toBeGreaterThan(4000);
    expect(warnings.join("\n")).toMatch(/ffmpeg reports: .*/);
  });

  it("ends the process on abort, on leaving early and on disposing unread", async () => {
    const children = () =>
      spawnSync("ps", ["-A", "-o", "ppid=,args="], { encoding: "utf8" })
        .stdout.split("\n")
        .filter((line) => new RegExp(`^ *${process.pid} ffmpeg `).test(line));
    const isGone = () => expect.poll(children, { timeout: 5000 }).toEqual([]);
    /** A Sun audio stream that never ends, so that ffmpeg does not either. */
    async function* endless() {
      const header = Buffer.alloc(24);
      header.write(".snd");
      [24, 0xff_ff_ff_ff, 3, 16_000, 1].forEach((value, i) => header.writeUInt32BE(value, 4 + 4 * i));
      yield header;
      for (;;) yield new Uint8Array(32_000);
    }

    const controller = new AbortController();
    const aborted = await openAudio(endless(), { signal: controller.signal });
    expect(children().length).toBe(1);
    const reading = (async () => {
      for await (const _ of aborted.chunks);
    })();
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await isGone();

    const left = await openAudio(endless());
    for await (const _ of left.chunks) break;
    await isGone();

    const unread = await openAudio(endless());
    await unread[Symbol.asyncDispose]();
    await isGone();
  });
});
