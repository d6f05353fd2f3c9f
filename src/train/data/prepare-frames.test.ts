import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FrameCache } from "./frame-cache.ts";
import { perturbationsSchema, TrainingPerturber } from "./perturbations.ts";
import { prepareFrames, type PrepareFramesOptions } from "./prepare-frames.ts";
import { LoudnessModel, writeManifest, writeRecordings } from "./testing/recordings.ts";
import { readTrainingSets, refuseProblems } from "./training-utterances.ts";

let folder: string;
let model: LoudnessModel;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-prepare-"));
  model = new LoudnessModel();
});
afterEach(() => rm(folder, { recursive: true }));

const openCache = () =>
  FrameCache.open(join(folder, "frames"), { model: "loudness", fingerprint: "f" }, async () => ({
    width: 2,
    frameRate: 50,
    maximumSeconds: 30,
  }));

async function prepare(paths: string[], more: Partial<PrepareFramesOptions> = {}) {
  await using cache = await openCache();
  const read = await readTrainingSets(paths);
  const prepared = await prepareFrames(read.utterances, {
    cache,
    model: async () => model,
    maximumSeconds: 30,
    ...more,
  });
  const frames = await Promise.all(prepared.utterances.map((utterance) => cache.read(utterance.frames)));
  return { ...prepared, problems: [...read.problems, ...prepared.problems], frames };
}

describe("preparing frames", () => {
  it("packs utterances into windows with gaps and cuts their frames apart", async () => {
    const set = await writeRecordings(join(folder, "good"), [
      { id: "a", text: "one two three", seconds: 1 },
      { id: "b", text: "four five six", seconds: 2.01 },
      { id: "c", text: "words ".repeat(30), seconds: 29 },
      { id: "d", text: "seven", seconds: 1.5 },
    ]);
    const { utterances, problems, frames } = await prepare([set]);
    expect(problems).toEqual([]);
    expect(utterances.map(({ id, frames }) => [id, frames.frames])).toEqual([
      ["good/a", 50],
      ["good/b", 101],
      ["good/c", 1450],
      ["good/d", 75],
    ]);
    // b begins 1.4 s into its window; d has its own, because c fills one.
    expect(model.windows.map((seconds) => Math.round(seconds * 100) / 100)).toEqual([3.41, 29, 1.5]);
    expect([frames[0]![1], frames[1]![1], frames[3]![1]]).toEqual([0, 70, 0]);
    for (const part of frames) expect(part[20]).toBeCloseTo(0.25 / Math.SQRT2, 1);
  });

  it("gives a share of the utterances windows of their own", async () => {
    const recordings = Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, text: "two words", seconds: 1 }));
    const set = await writeRecordings(join(folder, "set"), recordings);
    const { frames } = await prepare([set], { alone: 0.5 });
    const alone = model.windows.filter((seconds) => seconds === 1).length;
    expect(alone).toBeGreaterThan(3);
    expect(alone).toBeLessThan(17);
    expect(model.windows).toHaveLength(alone + 1);
    expect(frames.filter((part) => part[1] === 0)).toHaveLength(alone + 1);
    // Those that stay where they were are found again.
    model.windows.length = 0;
    await prepare([set], { alone: 1 });
    expect(model.windows).toHaveLength(20 - alone);
  });

  it("names what is wrong with every utterance that it leaves out", async () => {
    await writeRecordings(join(folder, "broken"), [
      { id: "good", text: "this is fine", seconds: 1 },
      { id: "silent", text: "this is silent", seconds: 1, loudness: 0 },
      { id: "short", text: "a", seconds: 0.05 },
      { id: "long", text: "an hour of speech", seconds: 40 },
      { id: "chinese", text: "设定三十度", seconds: 2 },
      { id: "english", text: "not chinese", seconds: 2, language: "zh" },
      { id: "crammed", text: "far too many words ".repeat(10), seconds: 1 },
      { id: "sparse", text: "a", seconds: 20 },
      { id: "wordless", text: " (silence) … ", seconds: 1 },
      { id: "unknown", text: null, seconds: 1 },
    ]);
    await writeFile(join(folder, "broken", "empty.wav"), "");
    await writeFile(join(folder, "broken", "text.wav"), "this is not audio at all, it is text");
    const manifest = await writeManifest(join(folder, "more", "manifest.jsonl"), [
      JSON.stringify({ audio: "../broken/empty.wav", text: "empty" }),
      JSON.stringify({ audio: "../broken/text.wav", text: "no audio" }),
      JSON.stringify({ audio: "missing.wav", text: "missing" }),
      JSON.stringify({ id: "same", audio: "../broken/0.wav", text: "one thing" }),
      JSON.stringify({ id: "same", audio: "../broken/0.wav", text: "one thing" }),
      JSON.stringify({ text: "no audio named" }),
      "{ not json",
    ]);
    const { utterances, problems } = await prepare([join(folder, "broken"), manifest]);
    expect(utterances.map(({ id }) => id)).toEqual(["broken/good", "more/same"]);
    const found = problems.map(({ kind, message }) => `${kind}: ${message.replaceAll(folder, "")}`);
    const expected = [
      /^language: broken\/chinese: its text is Chinese, its language en$/,
      /^language: broken\/english: its language is zh, and there is no Chinese in its text$/,
      /^text: broken\/wordless: its text has no words$/,
      /^text: broken\/unknown: its text has no words$/,
      /^row: .*manifest.jsonl:3: no audio file .*missing.wav$/,
      /^row: .*manifest.jsonl:5: the utterance same stands at manifest.jsonl:4 already$/,
      /^row: .*manifest.jsonl:6: audio: /,
      /^row: .*manifest.jsonl:7: no valid JSON/,
      /^audio: broken\/silent: its audio is silent$/,
      /^audio: broken\/short: its audio lasts only 50 ms$/,
      /^long: broken\/long: its audio is longer than the 30 s that an utterance may have; cut it up$/,
      /^mismatch: broken\/crammed: its text has 150 letters, its audio lasts 1.0 s: too little for them$/,
      /^mismatch: broken\/sparse: its text has 1 letters, its audio lasts 20.0 s: too much for them$/,
      /^audio: more\/empty: .*empty.wav is empty/,
      /^audio: more\/text: .*text.wav is .*not audio$/,
    ];
    for (const pattern of expected) expect(found).toContainEqual(expect.stringMatching(pattern));
    expect(found).toHaveLength(expected.length);
    expect(() => refuseProblems(problems)).toThrow("15 utterances cannot be used, and --strict allows none:");
  });

  it("takes from the cache what is there, problems too, without the model", async () => {
    const set = await writeRecordings(join(folder, "set"), [
      { id: "a", text: "one two three", seconds: 1 },
      { id: "silent", text: "nothing", seconds: 1, loudness: 0 },
    ]);
    const first = await prepare([set]);
    const second = await prepare([set], { model: () => Promise.reject(new Error("not to be loaded")) });
    expect(second.frames).toEqual(first.frames);
    expect(second.problems).toEqual(first.problems);
    expect([first.encodedSeconds, second.encodedSeconds]).toEqual([1, 0]);
  });

  it("hears what is longer than the model's window in several, cut where it is quiet", async () => {
    const folderOfLong = join(folder, "long");
    await writeRecordings(folderOfLong, [{ id: "long", text: "words ".repeat(40), seconds: 70 }]);
    const refused = await prepare([folderOfLong]);
    expect(refused.problems.map(({ kind }) => kind)).toEqual(["long"]);
    const { utterances, frames } = await prepare([folderOfLong], { maximumSeconds: 100 });
    expect(utterances[0]!.frames).toMatchObject({ seconds: 70, frames: 3500 });
    expect(Math.max(...model.windows)).toBeLessThanOrEqual(30);
    expect(frames[0]!.filter((_, i) => i % 2 === 0).every((loudness) => loudness > 0.1)).toBe(true);
    // What is kept now is still too long for others.
    expect((await prepare([folderOfLong])).problems.map(({ kind }) => kind)).toEqual(["long"]);
  });

  it("goes on where it was stopped", async () => {
    const recordings = Array.from({ length: 6 }, (_, i) => ({
      id: `${i}`,
      text: "words ".repeat(5),
      seconds: 20,
    }));
    const set = await writeRecordings(join(folder, "set"), recordings);
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done === 2) stop.abort(new Error("stopped"));
    };
    await expect(prepare([set], { signal: stop.signal, onProgress })).rejects.toThrow("stopped");
    expect(model.windows).toHaveLength(2);
    const { utterances } = await prepare([set]);
    expect(utterances).toHaveLength(6);
    expect(model.windows).toHaveLength(6);
  });

  it("adds perturbed copies, the same for the same seed", async () => {
    const set = await writeRecordings(join(folder, "set"), [{ id: "a", text: "one two three", seconds: 2 }]);
    const noise = join(folder, "noise");
    await writeRecordings(noise, [{ text: "hum", seconds: 1, loudness: 0.5 }]);
    const settings = perturbationsSchema.parse({
      copies: 2,
      speed: [0.8, 1.2],
      noise,
      noiseShare: 1,
      gainDecibels: [-6, 6],
      bandShare: 1,
    });
    const perturber = await TrainingPerturber.create(settings, 1);
    const unchanged = await writeRecordings(join(folder, "other"), [
      { id: "b", text: "four five", seconds: 1 },
    ]);
    const first = await prepare([set, unchanged], {
      perturberOf: ({ given }) => (given === set ? perturber : null),
    });
    expect(first.utterances.map(({ id, copy }) => [id, copy])).toEqual([
      ["set/a", 0],
      ["set/a", 1],
      ["set/a", 2],
      ["other/b", 0],
    ]);
    const lengths = first.utterances.slice(0, 3).map(({ frames }) => frames.seconds);
    expect(lengths[0]).toBe(2);
    expect(new Set(lengths).size).toBe(3);
    const again = await TrainingPerturber.create(settings, 1);
    expect(again.draw("set/a", 1)).toEqual(perturber.draw("set/a", 1));
    expect((await TrainingPerturber.create(settings, 2)).draw("set/a", 1)).not.toEqual(
      perturber.draw("set/a", 1),
    );
    // A setting changes nothing but itself.
    const { speed: _, ...slower } = perturber.draw("set/a", 1);
    const other = await TrainingPerturber.create({ ...settings, speed: undefined }, 1);
    expect(other.draw("set/a", 1)).toEqual(slower);
  });
});
