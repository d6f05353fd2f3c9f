import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProgram } from "../graph/testing/run-program.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { modelProgram } from "./build-model.ts";
import type { Batch, Validation } from "./model.ts";
import { readRunRecord, runFiles } from "./run-folder.ts";
import { accuracy, toyBatch, toyModel, toySource, type ToyTargets, toyValidation } from "./testing/toy.ts";
import { toyOptions } from "./testing/toy-options.ts";
import { train } from "./trainer.ts";
import type { TrainingProgress } from "./training-options.ts";

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args);
    if (disk.isFull && String(args[0]).endsWith(".part")) {
      let writes = 0;
      const { writeFile } = file;
      // Some of it still fits.
      file.writeFile = async (...data) => {
        if (++writes > 3)
          throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        return writeFile.apply(file, data);
      };
    }
    return file;
  };
  return { ...real, open };
});

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "glossa-train-"));
  disk.isFull = false;
});
afterEach(() => rm(parent, { recursive: true }));
const at = (name: string) => join(parent, name);

interface Line {
  type: string;
  step: number;
  loss: number;
  gradientNorm: number;
  numbers: Record<string, number>;
}

async function logOf(folder: string): Promise<Line[]> {
  const text = await readFile(join(folder, runFiles.log), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** What a run that goes on must repeat to the last digit. */
async function numbersOf(folder: string) {
  const lines = (await logOf(folder)).filter(({ type }) => type !== "resumed");
  return lines.map(({ step, loss, gradientNorm, numbers }) => ({ step, loss, gradientNorm, numbers }));
}

async function bytesOf(folder: string, file: string): Promise<string> {
  return (await readFile(join(folder, file))).toString("base64");
}

describe("the trainer", () => {
  it("learns, keeps the best, and leaves a folder that says how", async () => {
    const seen: TrainingProgress[] = [];
    const result = await train({
      ...toyOptions(at("run")),
      length: { epochs: 20 },
      onProgress: (progress) => seen.push(progress),
    });
    expect(result).toMatchObject({ step: 160, ended: "finished", folder: at("run") });
    expect(result.best.validation!.accuracy).toBeGreaterThan(0.85);
    expect(seen).toHaveLength(160);
    expect(seen[100]).toMatchObject({ step: 101, steps: 160, epoch: 12 });
    expect(seen[100]!.secondsLeft).toBeGreaterThan(0);
    const files = [
      runFiles.checkpoint,
      runFiles.curves,
      runFiles.log,
      runFiles.model,
      runFiles.recipe,
      runFiles.run,
    ];
    expect((await readdir(at("run"))).sort()).toEqual(files.sort());
    expect(await readRunRecord(at("run"))).toMatchObject({
      model: "toy",
      parameters: 6 * 24 + 24 + 24 * 3,
      seed: 3,
      command: "glossa train toy.json",
      result: { step: 160, ended: "finished" },
      machine: { device: "cpu", threads: 1 },
      versions: { node: process.versions.node, onnxruntime: expect.stringMatching(/^\d+\.\d+/) },
    });
    const best = (await logOf(at("run")))
      .filter(({ type, numbers }) => type === "validation" && numbers)
      .at(-1)!;
    expect(best.numbers.accuracy).toBeLessThanOrEqual(result.best.validation!.accuracy!);

    // The model as its users load it.
    using tensors = openSafetensors(join(at("run"), runFiles.model));
    const batch = toyBatch(5, 0, 0);
    const x = batch.inputs.x as { data: Float32Array; shape: number[] };
    const { logits } = await runProgram(modelProgram(toyModel, tensors), { x });
    const score = accuracy();
    await score.add({ logits: logits! }, batch);
    expect(score.values().accuracy).toBeGreaterThan(0.6);

    const page = await readFile(join(at("run"), runFiles.curves), "utf8");
    expect(page.match(/<svg/g)).toHaveLength(4);
    expect(page).toContain("glossa train toy.json");
    expect(page).not.toMatch(/<script|<link|(?:src|href)="?http/);
  });

  it("repeats itself by seed", async () => {
    for (const [name, seed] of Object.entries({ one: 1, again: 1, other: 2 })) {
      await train({ ...toyOptions(at(name)), length: { steps: 12 }, seed });
    }
    const [one, again, other] = await Promise.all(
      ["one", "again", "other"].map((name) => numbersOf(at(name))),
    );
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it("goes on after kill -9 as if nothing had been, to the last digit", async () => {
    await train(toyOptions(at("undisturbed")));
    const script = fileURLToPath(new URL("./testing/toy-run.ts", import.meta.url));
    const run = async (killAt: number | null) => {
      const child = spawn(process.execPath, ["--import", "tsx", script, at("killed"), killAt ? "50" : "0"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(child, "exit");
      for await (const line of createInterface(child.stdout)) {
        if (Number(line) === killAt) child.kill("SIGKILL");
      }
      return (await exited)[1] as string | null;
    };
    // Once between two checkpoints, once right at one.
    expect(await run(13)).toBe("SIGKILL");
    expect((await readRunRecord(at("killed"))).result).toBeNull();
    expect(await run(20)).toBe("SIGKILL");
    expect(await run(null)).toBeNull();
    expect((await logOf(at("killed"))).filter(({ type }) => type === "resumed").length).toBeGreaterThan(0);
    expect(await numbersOf(at("killed"))).toEqual(await numbersOf(at("undisturbed")));
    expect(await bytesOf(at("killed"), runFiles.model)).toBe(
      await bytesOf(at("undisturbed"), runFiles.model),
    );
  }, 240_000);

  it("loses nothing when it is interrupted", async () => {
    const undisturbed = await train({ ...toyOptions(at("undisturbed")), microBatches: 3 });
    const interruption = new AbortController();
    const interrupted = train({
      ...toyOptions(at("run")),
      microBatches: 3,
      signal: interruption.signal,
      onProgress: ({ step }) => step === 7 && interruption.abort(new Error("enough")),
    });
    await expect(interrupted).rejects.toThrow("enough");
    const steps: number[] = [];
    const again = { ...toyOptions(at("run")), microBatches: 3, resume: true };
    const result = await train({ ...again, onProgress: ({ step }) => steps.push(step) });
    expect(steps[0]).toBe(8);
    expect(result).toEqual({ ...undisturbed, folder: at("run"), seconds: expect.any(Number) });
    expect(await numbersOf(at("run"))).toEqual(await numbersOf(at("undisturbed")));
    // A run at its end says the same again.
    expect(await train(again)).toEqual(result);
  });

  it("stops early when nothing gets better, and keeps the best", async () => {
    const scripted = [0.5, 0.7, 0.6, 0.65, 0.7, 0.9];
    const validation: Validation<ToyTargets> = {
      ...toyValidation,
      metrics: () => ({ add: () => {}, values: () => ({ accuracy: scripted.shift()! }) }),
    };
    const result = await train({ ...toyOptions(at("run")), validation, validateEvery: 2, patience: 3 });
    expect(result).toMatchObject({
      step: 10,
      ended: "early",
      best: { step: 4, validation: { accuracy: 0.7 } },
    });
  });

  it("counts micro-batches as one step, the rest of an epoch too", async () => {
    const result = await train({ ...toyOptions(at("run")), microBatches: 3, length: { epochs: 2 } });
    expect(result.step).toBe(6);
    const samples = (await logOf(at("run"))).flatMap((line) =>
      line.type === "step" ? [(line as unknown as { samples: number }).samples] : [],
    );
    expect(samples).toEqual([48, 48, 32, 48, 48, 32]);
  });

  it("stops at a loss that is no number, naming step and samples; the checkpoint stands", async () => {
    const broken = (batch: Batch<ToyTargets>, epoch: number, number: number) => {
      if (epoch === 1 && number === 3) (batch.inputs.x!.data as Float32Array)[5] = NaN;
      return batch;
    };
    const failing = train({ ...toyOptions(at("run")), training: toySource(8, { change: broken }) });
    await expect(failing).rejects.toMatchObject({
      code: "training-failed",
      message: expect.stringMatching(
        /^Step 12: the loss is NaN, for the samples sample 1\.3\.0, .* and 6 more\. The checkpoint of step 10 stands\./,
      ),
    });
    // Mended, it goes on from there.
    const result = await train({ ...toyOptions(at("run")), resume: true });
    expect(result.step).toBe(40);
    expect((await logOf(at("run"))).find(({ type }) => type === "resumed")!.step).toBe(10);
  });

  it("passes on what the data says of a broken sample", async () => {
    const broken = (batch: Batch<ToyTargets>, epoch: number, number: number) => {
      if (epoch === 0 && number === 2) throw new Error("sample 0.2.1: the audio is empty");
      return batch;
    };
    await expect(
      train({ ...toyOptions(at("run")), training: toySource(8, { change: broken }) }),
    ).rejects.toThrow("sample 0.2.1: the audio is empty");
    expect((await numbersOf(at("run"))).map(({ step }) => step)).toEqual([1, 2]);
  });

  it("says when the disk is full, and keeps the older checkpoint", async () => {
    const failing = train({
      ...toyOptions(at("run")),
      onProgress: ({ step }) => {
        if (step === 6) disk.isFull = true;
      },
    });
    await expect(failing).rejects.toMatchObject({
      code: "write-failed",
      message: expect.stringMatching(/model\.safetensors cannot be written: ENOSPC: no space left/),
    });
    disk.isFull = false;
    expect((await readdir(at("run"))).filter((name) => name.endsWith(".part"))).toEqual([]);
    await train({ ...toyOptions(at("run")), resume: true });
    expect((await logOf(at("run"))).find(({ type }) => type === "resumed")!.step).toBe(5);
  });

  it("refuses a folder with another run, and data without anything", async () => {
    await train({ ...toyOptions(at("run")), length: { steps: 2 } });
    await expect(train(toyOptions(at("run")))).rejects.toThrow(
      /holds a run already; go on with it by --resume/,
    );
    const other = { recipe: { kind: "toy", seed: 4 }, command: "" };
    await expect(train({ ...toyOptions(at("run")), description: other, resume: true })).rejects.toThrow(
      "a run of another recipe (seed: undefined, now 4)",
    );
    await expect(
      train({ ...toyOptions(at("empty")), training: toySource(0), length: { steps: 3 } }),
    ).rejects.toThrow("Epoch 0 has no batches");
    const endless = { ...toySource(8), batchesPerEpoch: null };
    await expect(train({ ...toyOptions(at("endless")), training: endless })).rejects.toThrow(
      "give it in steps",
    );
  });
});
