/**
 * Windows over made-up recordings in which the samples of every frame are its speech probability, so that a detector
 * that reads them is never wrong.
 */
import { describe, expect, it } from "vitest";
import type { VoiceActivity } from "./voice-activity.ts";
import { defaultPackerOptions, WindowPacker } from "./window-packer.ts";
import { speechWindows } from "./windows.ts";
import type { SpeechWindow, WindowOptions } from "./windows.ts";

const RATE = 16_000;
const FRAME = 512;

const readsSamples: VoiceActivity = {
  frameSamples: FRAME,
  stream() {
    let received = 0;
    let begun: number[] = [];
    const take = (frames: number) => Promise.resolve(Float32Array.from(begun.splice(0, frames)));
    return {
      push(samples) {
        const complete = Math.floor((received + samples.length) / FRAME) - Math.floor(received / FRAME);
        const first = (FRAME - (received % FRAME)) % FRAME;
        for (let index = first; index < samples.length; index += FRAME) begun.push(samples[index]);
        received += samples.length;
        return take(complete);
      },
      flush: () => take(begun.length),
    };
  },
};

/** A recording of stretches `[seconds, probability]`, in whole frames. */
function recording(...stretches: readonly (readonly [seconds: number, probability: number])[]): Float32Array {
  const lengths = stretches.map(([seconds]) => Math.round((seconds * RATE) / FRAME) * FRAME);
  const samples = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let position = 0;
  for (const [index, length] of lengths.entries()) {
    samples.fill(stretches[index][1], position, position + length);
    position += length;
  }
  return samples;
}

function* chunks(samples: Float32Array, length = 4_096): Generator<Float32Array> {
  for (let start = 0; start < samples.length; start += length) yield samples.subarray(start, start + length);
}

async function windowsOf(
  samples: Float32Array,
  options: Partial<WindowOptions> = {},
  chunkLength?: number,
): Promise<SpeechWindow[]> {
  const windows: SpeechWindow[] = [];
  const all = { maximumSeconds: 30, ...options };
  for await (const window of speechWindows(chunks(samples, chunkLength), readsSamples, all))
    windows.push(window);
  return windows;
}

/** The same numbers at every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Some minutes of talk: phrases and pauses of all lengths, now and then a monologue or a long silence. */
function randomRecording(seed: number): Float32Array {
  const random = randomNumbers(seed);
  const stretches: [number, number][] = [];
  for (let index = 0; index < 40; index++) {
    stretches.push([random() < 0.1 ? 20 + 30 * random() : 0.2 + 6 * random(), 0.75 + 0.2 * random()]);
    const pause = random();
    stretches.push([
      pause < 0.1 ? 2 + 8 * random() : pause < 0.5 ? 0.2 * random() : 1.5 * random(),
      0.1 * random(),
    ]);
  }
  return recording(...stretches).subarray(0, -Math.floor(700 * random()) - 1);
}

/** Much faster than `toEqual` over minutes of audio. */
function sameSamples(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((sample, index) => sample === b[index]);
}

const spans = (windows: readonly SpeechWindow[]) =>
  windows.map((window) =>
    [window.startSeconds, window.endSeconds].map((seconds) => Number(seconds.toFixed(2))),
  );

describe("speechWindows", () => {
  it("gives a short recording as a whole", async () => {
    const samples = recording([0.4, 0], [0.9, 0.9], [0.5, 0]);
    const [window, ...more] = await windowsOf(samples);
    expect(more).toEqual([]);
    expect(window.startSeconds).toBe(0);
    expect(window.samples).toEqual(samples);
    expect(window.speechSeconds).toBeCloseTo(0.896);
    expect(window.precedingSilenceSeconds).toBeCloseTo(0.416);
    expect(window.speech).toEqual([{ startSeconds: 0.416, endSeconds: 1.312 }]);
  });

  it("gives a recording as a whole that is just as long as a window", async () => {
    const samples = new Float32Array(30 * RATE).fill(0.9);
    expect(spans(await windowsOf(samples))).toEqual([[0, 30]]);
  });

  it("gives nothing for silence, noise and doubtful clicks", async () => {
    expect(await windowsOf(recording([600, 0]))).toEqual([]);
    expect(await windowsOf(recording([60, 0.14]))).toEqual([]);
    expect(await windowsOf(recording([3, 0], [0.3, 0.6], [3, 0], [0.06, 0.9], [3, 0]))).toEqual([]);
    expect(await windowsOf(new Float32Array(0))).toEqual([]);
  });

  it("keeps doubtful speech beside certain speech", async () => {
    const windows = await windowsOf(recording([3, 0], [0.3, 0.6], [0.5, 0], [1, 0.9], [3, 0]));
    expect(windows.map((window) => window.speech.length)).toEqual([2]);
  });

  it("leaves long silence out and keeps a little of it on both sides", async () => {
    const windows = await windowsOf(recording([5, 0], [1.024, 0.9], [10, 0], [2.048, 0.9], [20, 0]));
    expect(spans(windows)).toEqual([
      [4.67, 6.34],
      [15.71, 18.4],
    ]);
    expect(windows[1].precedingSilenceSeconds).toBeCloseTo(10, 1);
  });

  it("packs phrases and cuts at the longest pause of the last third", async () => {
    const windows = await windowsOf(
      recording(
        [9.6, 0.9],
        [1, 0],
        [12.8, 0.9],
        [0.2, 0],
        [3.2, 0.9],
        [0.128, 0],
        [3.2, 0.9],
        [0.2, 0],
        [4.8, 0.9],
      ),
    );
    // 9.6 + 1 + 12.8 = 23.4 s, then a pause of 0.2 s; the next pause is shorter, the third comes too late.
    expect(windows).toHaveLength(2);
    expect(windows[0].endSeconds).toBeGreaterThan(23.39);
    expect(windows[0].endSeconds).toBeLessThan(23.62);
    expect(windows[1].startSeconds).toBe(windows[0].endSeconds);
  });

  it("takes the latest of several good pauses", async () => {
    const windows = await windowsOf(recording([21, 0.9], [1.5, 0], [5, 0.9], [0.7, 0], [8, 0.9]));
    expect(windows[0].speech).toHaveLength(2);
    expect(windows[0].endSeconds).toBeCloseTo(27.5 + defaultPackerOptions.paddingSeconds, 1);
  });

  it("goes back to an earlier pause rather than into a word", async () => {
    const windows = await windowsOf(recording([12, 0.9], [0.3, 0], [25, 0.9]));
    expect(windows).toHaveLength(2);
    expect(windows[0].endSeconds).toBeGreaterThan(12);
    expect(windows[0].endSeconds).toBeLessThan(12.3);
  });

  it("cuts speech without pauses at its quietest place in the last third", async () => {
    const windows = await windowsOf(recording([10, 0.9], [0.064, 0.5], [13, 0.9], [0.064, 0.6], [30, 0.9]));
    expect(windows[0].endSeconds).toBeCloseTo(23.1, 1);
    expect(windows[1].startSeconds).toBe(windows[0].endSeconds);
  });

  it.each([5, 10, 30])(
    "holds every bit of speech once, in windows of at most %i s",
    async (maximumSeconds) => {
      for (let seed = 1; seed <= 12; seed++) {
        const samples = randomRecording(seed);
        const windows = await windowsOf(samples, { maximumSeconds });
        const held = new Uint8Array(samples.length);
        let previous: SpeechWindow | undefined;
        for (const window of windows) {
          const start = Math.round(window.startSeconds * RATE);
          const end = Math.round(window.endSeconds * RATE);
          expect(sameSamples(window.samples, samples.subarray(start, end))).toBe(true);
          expect(end - start).toBeLessThanOrEqual(maximumSeconds * RATE);
          expect(window.startSeconds).toBeGreaterThanOrEqual(previous?.endSeconds ?? 0);
          expect(window.speech[0].startSeconds).toBeGreaterThanOrEqual(window.startSeconds);
          expect(window.speech.at(-1)!.endSeconds).toBeLessThanOrEqual(window.endSeconds);
          for (const [index, speech] of window.speech.slice(1).entries()) {
            const silence = speech.startSeconds - window.speech[index].endSeconds;
            expect(silence).toBeGreaterThan(0);
            expect(silence).toBeLessThanOrEqual(defaultPackerOptions.maximumSilenceSeconds);
          }
          held.fill(1, start, end);
          previous = window;
        }
        const lost = samples.reduce(
          (count, sample, index) => count + (sample > 0.7 && !held[index] ? 1 : 0),
          0,
        );
        expect(lost, `samples of speech lost with seed ${seed}`).toBe(0);
      }
    },
  );

  it("gives the same windows whatever the chunks", async () => {
    const samples = randomRecording(99);
    const expected = await windowsOf(samples);
    expect(expected.length).toBeGreaterThan(5);
    for (const chunkLength of [160, 513, 50_000, samples.length]) {
      expect(spans(await windowsOf(samples, {}, chunkLength))).toEqual(spans(expected));
    }
  });

  it("ends a window that has become long in a shorter pause", () => {
    const packer = new WindowPacker({
      ...defaultPackerOptions,
      hurry: { afterSeconds: 5, silenceSeconds: 0.2 },
      frameSamples: FRAME,
      maximumSamples: 20 * RATE,
    });
    // Pauses of 0.32 s after 3 and after 7 seconds.
    const samples = recording([3.008, 0.9], [0.32, 0], [4, 0.9], [0.32, 0], [2.016, 0.9]);
    const ends: number[] = [];
    for (const chunk of chunks(samples, FRAME)) {
      packer.append(chunk);
      ends.push(...packer.push(chunk.subarray(0, 1)).map(({ endSeconds }) => endSeconds));
    }
    ends.push(...packer.finish().map(({ endSeconds }) => endSeconds));
    expect(ends).toEqual([expect.closeTo(7.55, 1), expect.closeTo(9.66, 1)]);
  });

  it("needs no more memory for a long recording than for a window", () => {
    const packer = new WindowPacker({
      ...defaultPackerOptions,
      frameSamples: FRAME,
      maximumSamples: 10 * RATE,
    });
    let most = 0;
    for (let seed = 1; seed <= 20; seed++) {
      for (const chunk of chunks(randomRecording(seed), FRAME)) {
        if (chunk.length < FRAME) continue;
        packer.append(chunk);
        packer.push(chunk.subarray(0, 1));
        most = Math.max(most, packer.heldSamples);
      }
    }
    expect(packer.receivedSamples).toBeGreaterThan(1_800 * RATE);
    expect(most).toBeLessThanOrEqual((10 + defaultPackerOptions.maximumSilenceSeconds + 1) * RATE);
  });

  it("gives the first window long before the recording ends", async () => {
    let given = 0;
    function* endless() {
      for (;;) {
        given += 8;
        yield recording([5, 0.9], [3, 0]);
      }
    }
    for await (const window of speechWindows(endless(), readsSamples, { maximumSeconds: 30 })) {
      expect(window.startSeconds).toBe(0);
      break;
    }
    expect(given).toBe(8);
  });

  it("cuts everything at quiet places when voice activity is off", async () => {
    const samples = recording([24, 0.5], [0.3, 0.01], [20, 0.5], [15, 0]);
    const windows = await windowsOf(samples, { voiceActivity: false });
    expect(windows[0].endSeconds).toBeGreaterThan(24);
    expect(windows[0].endSeconds).toBeLessThan(24.3);
    expect(windows.reduce((sum, window) => sum + window.samples.length, 0)).toBe(samples.length);
    const short = new Float32Array(300).fill(0.1);
    expect((await windowsOf(short, { voiceActivity: false }))[0].samples).toEqual(short);
  });

  it("tells how far it is, and the length at the end", async () => {
    const seen: { receivedSeconds: number; totalSeconds: number | null }[] = [];
    await windowsOf(recording([3.2, 0.9]), { onProgress: (progress) => seen.push(progress) }, RATE);
    expect(seen.map((progress) => progress.receivedSeconds)).toEqual([1, 2, 3, 3.2, 3.2]);
    expect(seen.map((progress) => progress.totalSeconds)).toEqual([null, null, null, null, 3.2]);
  });

  it("stops at once when aborted and lets go of its source", async () => {
    const controller = new AbortController();
    let closed = false;
    function* source() {
      try {
        for (;;) {
          yield recording([1, 0.9]);
          controller.abort(new Error("enough"));
        }
      } finally {
        closed = true;
      }
    }
    const windows = speechWindows(source(), readsSamples, { maximumSeconds: 30, signal: controller.signal });
    await expect(windows.next()).rejects.toThrow("enough");
    expect(closed).toBe(true);
  });

  it("refuses windows that leave no room for a pause, and a missing detector", async () => {
    for (const maximumSeconds of [0, 4.9, Number.NaN, Infinity]) {
      await expect(windowsOf(new Float32Array(1), { maximumSeconds })).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
    await expect(speechWindows([], null, { maximumSeconds: 30 }).next()).rejects.toThrow(
      /detector is needed/,
    );
  });

  it("takes samples that are no numbers", async () => {
    const samples = new Float32Array(40 * RATE).fill(Number.NaN);
    const windows = await windowsOf(samples, { voiceActivity: false });
    expect(windows.reduce((sum, window) => sum + window.samples.length, 0)).toBe(samples.length);
  });
});
