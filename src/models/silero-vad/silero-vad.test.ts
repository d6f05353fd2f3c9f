/** The real network, where it is in the cache (`glossa models pull silero-vad`), on made-up and on real recordings. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAudio } from "../../audio/open-audio.ts";
import { speechWindows } from "../../audio/windows.ts";
import type { SpeechWindow } from "../../audio/windows.ts";
import { resolveCacheFolder } from "../../weights/cache-folder.ts";
import { SileroVad } from "./silero-vad.ts";

const RATE = 16_000;
const modelPath = join(resolveCacheFolder(), "models", "silero-vad", "silero_vad.onnx");
const data = join(import.meta.dirname, "../../../../shared/data");
const fixture: { seconds: number; peak: number; probabilities: number[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/vowel.json"), "utf8"),
);

/** The signal of `tools/fixtures/silero_vad.py`: three openings a second of a vowel at 120 Hz, then silence. */
function vowel(seconds: number): Float32Array {
  const length = Math.floor(seconds * RATE);
  return Float32Array.from({ length }, (_, index) => {
    const time = index / RATE;
    if (time >= 0.75 * seconds) return 0;
    const phase = 2 * Math.PI * (120 * time + 2 * Math.sin(2 * Math.PI * 3 * time));
    let sum = 0;
    for (let harmonic = 1; harmonic <= 30; harmonic++) {
      let envelope = 0.05;
      for (const formant of [700, 1200, 2600])
        envelope += Math.exp(-(((120 * harmonic - formant) / 150) ** 2));
      sum += (envelope / Math.sqrt(harmonic)) * Math.sin(harmonic * phase);
    }
    return 0.1 * sum * (0.5 - 0.5 * Math.cos(2 * Math.PI * 3 * time));
  });
}

describe.skipIf(!existsSync(modelPath))("SileroVad (needs silero-vad in the model cache)", () => {
  let vad: SileroVad;
  beforeAll(async () => {
    vad = await SileroVad.load(modelPath);
  });
  afterAll(async () => {
    await vad[Symbol.asyncDispose]();
  });

  async function probabilities(samples: Float32Array, pieceLength = samples.length): Promise<number[]> {
    const stream = vad.stream();
    const all: number[] = [];
    for (let start = 0; start < samples.length; start += pieceLength) {
      all.push(...(await stream.push(samples.subarray(start, start + pieceLength))));
    }
    return [...all, ...(await stream.flush())];
  }

  async function windowsOf(path: string): Promise<{ windows: SpeechWindow[]; seconds: number }> {
    await using audio = await openAudio(path);
    const windows: SpeechWindow[] = [];
    let seconds = 0;
    const onProgress = (progress: { receivedSeconds: number }) => (seconds = progress.receivedSeconds);
    for await (const window of speechWindows(audio.chunks, vad, { maximumSeconds: 30, onProgress })) {
      windows.push(window);
    }
    return { windows, seconds };
  }

  const filesOf = (set: string) =>
    readdirSync(join(data, set, "audio")).map((name) => join(data, set, "audio", name));

  it("gives what the reference wrapper gives", async () => {
    const given = await probabilities(vowel(fixture.seconds));
    expect(given).toHaveLength(fixture.probabilities.length);
    for (const [frame, probability] of given.entries()) {
      expect(Math.abs(probability - fixture.probabilities[frame]), `frame ${frame}`).toBeLessThan(1e-3);
    }
  });

  it.each([100, 512, 4_096, 40_000])("gives the same for pieces of %i samples", async (pieceLength) => {
    const samples = vowel(5);
    expect(await probabilities(samples, pieceLength)).toEqual(await probabilities(samples));
  });

  it("keeps streams apart", async () => {
    const [one, two] = await Promise.all([
      probabilities(vowel(3)),
      probabilities(new Float32Array(3 * RATE)),
    ]);
    expect(one).toEqual(await probabilities(vowel(3)));
    expect(Math.max(...two)).toBeLessThan(0.2);
  });

  it("gives nothing for nothing and one frame for less than a frame", async () => {
    expect(await probabilities(new Float32Array(0))).toEqual([]);
    expect(await probabilities(new Float32Array(20))).toHaveLength(1);
  });

  it("hears a voice at a thirtieth of its loudness", async () => {
    const quiet = vowel(3).map((sample) => sample / 30);
    const heard = (await probabilities(quiet)).filter((probability) => probability > 0.5).length;
    expect(heard).toBeGreaterThan(60);
  });

  it("recovers from samples that are no numbers", async () => {
    const samples = vowel(6);
    samples.fill(Number.NaN, 0, 4_000).fill(Infinity, 4_000, 8_000);
    const after = (await probabilities(samples)).slice(40, 120);
    expect(Math.min(...after)).toBeGreaterThan(0.3);
  });

  it("fails with a clear error for a file that is no model", async () => {
    await expect(SileroVad.load(join(import.meta.dirname, "fixtures/vowel.json"))).rejects.toMatchObject({
      code: "model-corrupt",
    });
  });

  describe.skipIf(!existsSync(data))("on real recordings (needs ../shared/data)", () => {
    it("keeps every single word whole", async () => {
      for (const path of filesOf("en-names")) {
        const { windows, seconds } = await windowsOf(path);
        expect(windows, `windows of ${path}`).toHaveLength(1);
        expect([windows[0].startSeconds, windows[0].endSeconds], `span of ${path}`).toEqual([0, seconds]);
      }
    });

    it("keeps every tenth read sentence whole", async () => {
      for (const path of filesOf("en-lj001").filter((_, index) => index % 10 === 0)) {
        const { windows, seconds } = await windowsOf(path);
        expect(windows, `windows of ${path}`).toHaveLength(1);
        expect([windows[0].startSeconds, windows[0].endSeconds], `span of ${path}`).toEqual([0, seconds]);
      }
    });

    it("hears no speech in noise, but for one of 19", async () => {
      const folder = join(data, "noise");
      const heard: string[] = [];
      for (const name of readdirSync(folder)) {
        if ((await windowsOf(join(folder, name))).windows.length > 0) heard.push(name);
      }
      expect(heard).toEqual(["speechbrain__noise1.opus"]);
    }, 120_000);

    it("cuts a long recording in pauses only", async () => {
      const [path] = filesOf("en-lj001-long");
      const { windows, seconds } = await windowsOf(path);
      const held = windows.reduce((sum, window) => sum + window.endSeconds - window.startSeconds, 0);
      expect(seconds - held).toBeLessThan(1);
      for (const [index, window] of windows.slice(1).entries()) {
        // 50 ms on both sides of the cut, some 30 dB below the voice.
        const before = windows[index].samples.subarray(-800);
        const after = window.samples.subarray(0, 800);
        const energy = [...before, ...after].reduce((sum, sample) => sum + sample ** 2, 0);
        expect(Math.sqrt(energy / 1_600), `cut at ${window.startSeconds} s`).toBeLessThan(0.0025);
      }
    }, 120_000);
  });
});
