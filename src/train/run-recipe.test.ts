import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runFake } from "../cli/testing/fake-environment.ts";
import { readRecipe } from "./run-recipe.ts";
import { toyKind } from "./testing/toy.ts";
import { runFiles } from "./run-folder.ts";

const recipe = {
  kind: "toy",
  batches: 4,
  length: { epochs: 2 },
  optimiser: { learningRate: 0.02 },
};
const kinds = [toyKind as never];

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-recipe-"));
  path = join(folder, "toy.json");
  await writeFile(path, JSON.stringify(recipe));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a recipe", () => {
  it("takes fields that are set on top of it", async () => {
    const set = ["seed=7", "optimiser.clip=0.5", "schedule.kind=cosine", 'length={"steps":9}'];
    expect((await readRecipe(path, set, kinds)).recipe).toEqual({
      ...recipe,
      seed: 7,
      optimiser: { learningRate: 0.02, clip: 0.5 },
      schedule: { kind: "cosine" },
      length: { steps: 9 },
    });
  });

  it.each([
    [["optimiser.learningRate=0"], /toy\.json: optimiser\.learningRate: Too small/],
    [["optimiser.momentum=1"], /optimiser: Unrecognized key: "momentum"/],
    [["batches=none"], /batches: Invalid input: expected number, received string/],
    [["color=red"], /Unrecognized key: "color"/],
    [["kind=tea"], /kind must be one of toy; got "tea"/],
    [["seed"], /--set seed: expected key=value/],
    [["kind.of=1"], /--set kind\.of=1: kind is no object with fields/],
  ])("with %s is refused by name", async (set, message) => {
    await expect(readRecipe(path, set, kinds)).rejects.toThrow(message);
  });

  it("must be a file with JSON", async () => {
    await expect(readRecipe(join(folder, "none.json"), [], kinds)).rejects.toThrow("there is no such file");
    const broken = join(folder, "broken.json");
    await writeFile(broken, "{");
    await expect(readRecipe(broken, [], kinds)).rejects.toThrow(/broken\.json: no JSON/);
  });
});

describe("glossa train", () => {
  it("runs a recipe, says how it goes, and goes on where it is done already", async () => {
    const output = join(folder, "run");
    const args = ["train", path, "--set", "seed=2", "--output", output, "--threads", "1"];
    const run = await runFake(args, { recipeKinds: kinds });
    expect(run.stderr).toMatch(
      /^warning: sample 7 is left out: it is empty\nstep 4: accuracy [\d.]+, loss [\d.]+\nstep 8: /,
    );
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/^finished after 8 steps, loss [\d.]+\nbest at step \d: .*"test"/s);
    const record = JSON.parse(await readFile(join(output, runFiles.run), "utf8"));
    expect(record).toMatchObject({
      seed: 2,
      command: `glossa ${args.join(" ")}`,
      data: { batches: 4 },
      final: { test: { accuracy: expect.any(Number) } },
      finishedAt: expect.any(String),
      versions: { glossa: expect.any(String) },
    });
    expect(await readFile(join(output, runFiles.log), "utf8")).toContain('{"type":"warning"');

    const again = await runFake([...args, "--resume", "--json", "--quiet"], { recipeKinds: kinds });
    expect(JSON.parse(again.stdout)).toMatchObject({ step: 8, ended: "finished", final: record.final });
    const refused = await runFake(args, { recipeKinds: kinds });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("go on with it by --resume"),
    });
  });

  it("is interrupted with a checkpoint", async () => {
    const output = join(folder, "interrupted");
    const args = ["train", path, "--output", output, "--threads", "1"];
    const run = await runFake(args, (interrupt) => ({
      recipeKinds: [
        {
          ...toyKind,
          prepare: async (...given: Parameters<typeof toyKind.prepare>) => {
            const prepared = await toyKind.prepare(...given);
            const { training } = prepared;
            return {
              ...prepared,
              training: {
                ...training,
                async *batches(epoch: number, first: number, signal: AbortSignal | undefined) {
                  if (epoch === 1) interrupt();
                  yield* training.batches(epoch, first, signal);
                },
              },
            };
          },
        },
      ] as never,
    }));
    expect(run.exitCode).toBe(130);
    expect((await runFake([...args, "--resume"], { recipeKinds: kinds })).stdout).toMatch(
      /^finished after 8 steps/,
    );
  });
});
