import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeProgram } from "../graph/write-program.ts";
import { randomGenerator } from "../random.ts";
import { CtcLabels } from "../retrieval/ctc-labels.ts";
import { headFiles, writeHeadDescription } from "../retrieval/head-files.ts";
import { LetterHead } from "../retrieval/letter-head.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { writeSafetensors } from "../weights/write-safetensors.ts";
import { buildModel, modelProgram } from "./build-model.ts";
import { joinLetterHeads } from "./join-heads.ts";
import { partLetterHead } from "./part-heads.ts";
import { ctcHeadModel, letterHeadSchema } from "./recipes/ctc-head.ts";

const width = 6;
const labels = new CtcLabels("letters");
const description = {
  kind: "ctc-head",
  encoder: "whisper-tiny",
  fingerprint: "f",
  frameRate: 50,
  stack: 2,
  outputs: 2,
  labels: "letters",
} as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-joined-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** The folder of a run whose numbers are random. */
async function writeRun(name: string, seed: number, layers: number, head: object = {}): Promise<string> {
  const run = join(folder, name);
  await mkdir(run);
  const shape = letterHeadSchema.parse({ width: 16, heads: 2, inner: 32, layers });
  const normalisation = { mean: new Float32Array(width), scale: new Float32Array(width) };
  const model = ctcHeadModel(shape, labels.count, normalisation);
  const random = randomGenerator(seed);
  const values = new Map(
    buildModel(model, { training: false }).parameters.map(({ name: parameter, shape: dimensions }) => {
      const size = dimensions.reduce((product, dimension) => product * dimension, 1);
      return [
        parameter,
        { shape: dimensions, values: Float32Array.from({ length: size }, () => random() - 0.5) },
      ];
    }),
  );
  await writeSafetensors(join(run, "model.safetensors"), values);
  await writeFile(join(run, "recipe.json"), JSON.stringify({ kind: "ctc-head", model: shape }));
  await writeHeadDescription(run, { ...description, ...head });
  using file = openSafetensors(join(run, "model.safetensors"));
  await writeFile(join(run, headFiles.graph), writeProgram(modelProgram(model, file, { inBytes: true })));
  return run;
}

/** Probabilities of labels, place by place. */
async function probabilities(run: string, frames: Float32Array): Promise<number[][]> {
  await using head = await LetterHead.load(run, { threads: 1 });
  const { logits, places } = await head.run(frames, width);
  return Array.from({ length: places }, (_, place) => {
    const row = [...logits.subarray(place * labels.count, (place + 1) * labels.count)].map(Math.exp);
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => value / sum);
  });
}

describe("joined letter heads", () => {
  it("hold likely what their members do on average", async () => {
    const runs = [await writeRun("a", 1, 1), await writeRun("b", 2, 2)];
    await joinLetterHeads(runs, join(folder, "joined"));
    const random = randomGenerator(3);
    const frames = Float32Array.from({ length: 10 * width }, () => 4 * random() - 2);
    const [a, b, both] = await Promise.all(
      [...runs, join(folder, "joined")].map((run) => probabilities(run, frames)),
    );
    expect(both).toHaveLength(10);
    for (const [place, row] of both!.entries()) {
      for (const [label, value] of row.entries())
        expect(value).toBeCloseTo((a![place]![label]! + b![place]![label]!) / 2, 5);
    }
    expect(a![0]).not.toEqual(b![0]);
  });

  it("must read the same frames and write the same labels", async () => {
    const runs = [await writeRun("a", 1, 1), await writeRun("b", 2, 1, { labels: "letters-and-pinyin" })];
    await expect(joinLetterHeads(runs, folder)).rejects.toThrow(
      /b and .*a cannot be joined: labels is letters-and-pinyin and letters/,
    );
    await expect(joinLetterHeads(runs.slice(1), folder)).rejects.toThrow("two heads");
    await rm(join(runs[0]!, "recipe.json"));
    await expect(joinLetterHeads([runs[0]!, runs[0]!], folder)).rejects.toThrow(
      /recipe\.json cannot be read; give the folder of a finished run/,
    );
  });
});

describe("a letter head taken apart", () => {
  it("is the same again when it is joined, and a single one keeps its numbers", async () => {
    const runs = [await writeRun("a", 1, 1), await writeRun("b", 2, 2)];
    const joined = join(folder, "joined");
    await joinLetterHeads(runs, joined);
    const parts = await partLetterHead(joined, join(folder, "parts"), 2);
    expect(parts).toHaveLength(2);
    const again = join(folder, "again");
    await joinLetterHeads(parts, again);
    const [before, after] = await Promise.all(
      [joined, again].map((head) => readFile(join(head, headFiles.graph))),
    );
    expect(after!.equals(before!)).toBe(true);

    const [alone] = await partLetterHead(runs[0]!, join(folder, "alone"), 2);
    using original = openSafetensors(join(runs[0]!, "model.safetensors"));
    using parted = openSafetensors(join(alone!, "model.safetensors"));
    expect([...parted.names].sort()).toEqual([...original.names].sort());
    for (const name of original.names) {
      const [from, to] = [original.floats(name), parted.floats(name)];
      expect(to.shape).toEqual(from.shape);
      const rounding = Math.max(...from.values.map(Math.abs)) / 127;
      for (const [i, value] of to.values.entries())
        expect(Math.abs(value - from.values[i]!)).toBeLessThanOrEqual(rounding);
    }
  });

  it("must be a letter head", async () => {
    const run = await writeRun("a", 1, 1);
    await writeFile(join(run, headFiles.graph), "no model");
    await expect(partLetterHead(run, join(folder, "parts"))).rejects.toThrow("no ONNX model");
    await expect(partLetterHead(folder, join(folder, "parts"))).rejects.toThrow("no trained model");
  });
});
