import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AdamWSettings } from "../graph/adamw.ts";
import { add, matmul, multiply, sumOver } from "../graph/operators.ts";
import { runProgram } from "../graph/testing/run-program.ts";
import { modelProgram } from "./build-model.ts";
import { type EngineOptions, TrainingEngine } from "./engine.ts";
import type { Batch, OutsideLoss, TrainableModel } from "./model.ts";
import { encoderModel } from "./testing/encoder.ts";
import { tensorsInMemory } from "./testing/named-tensors.ts";

interface Numbers {
  shape: number[];
  values: number[];
}

// Made by tools/fixtures/training.py with PyTorch.
const fixture = JSON.parse(readFileSync(new URL("./fixtures/training.json", import.meta.url), "utf8")) as {
  initial: Record<string, Numbers>;
  frames: Numbers;
  labels: number[];
  steps: { learningRate: number; loss: number; gradientNorm: number }[];
  trained: Record<string, Numbers>;
};

const shape = { width: 8, heads: 2, inner: 16, layers: 1, classes: 3 };
const settings: AdamWSettings = { weightDecay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, clip: 0.5 };
const initial = tensorsInMemory(
  Object.fromEntries(
    Object.entries(fixture.initial).map(([name, { shape, values }]) => [
      name,
      { shape, values: Float32Array.from(values) },
    ]),
  ),
);
const [, time, width] = fixture.frames.shape as [number, number, number];

/** Samples of the fixture from one up to another. */
function samples(from: number, to: number): Batch<number[]> {
  const labels = fixture.labels.slice(from * time, to * time);
  const values = fixture.frames.values.slice(from * time * width, to * time * width);
  return {
    names: Array.from({ length: to - from }, (_, i) => `sample ${from + i}`),
    inputs: {
      frames: { data: Float32Array.from(values), shape: [to - from, time, width] },
      labels: { data: BigInt64Array.from(labels, BigInt), shape: [labels.length] },
    },
    targets: labels,
  };
}

const engineFor = <Targets = number[]>(options: Partial<EngineOptions<Targets>> = {}) =>
  TrainingEngine.create<Targets>({
    model: encoderModel(shape),
    settings,
    seed: 1,
    initial,
    threads: 1,
    ...options,
  });

/** Trains through the fixture's steps. */
async function trained(
  options: Partial<EngineOptions<number[]>>,
  batches: readonly Batch<number[]>[] = [samples(0, 4)],
) {
  await using engine = await engineFor(options);
  const steps = [];
  for (const { learningRate } of fixture.steps) steps.push(await engine.train(batches, learningRate));
  const state = engine.state().map(({ name, values }) => [name, Float32Array.from(values)] as const);
  return { steps, parameters: new Map(state) };
}

function expectTrained(parameters: ReadonlyMap<string, Float32Array>): void {
  for (const [name, { values }] of Object.entries(fixture.trained)) {
    // It moves all scores of a query alike: its gradient is zero but for rounding, of which AdamW makes whole steps.
    if (name === "layers.0.attention.key.bias") continue;
    const actual = parameters.get(name)!;
    const difference = Math.max(...values.map((value, i) => Math.abs(value - actual[i]!)));
    expect(difference, name).toBeLessThan(1e-5);
  }
}

/** Cross-entropy computed here, as a loss outside. */
const crossEntropyOutside: OutsideLoss<number[]> = ({ logits }, { targets }) => {
  const [rows, classes] = logits!.shape as [number, number];
  const gradient = new Float32Array(rows * classes);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const scores = logits!.data.subarray(row * classes, (row + 1) * classes);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    for (const [i, score] of scores.entries()) {
      const isTarget = i === targets[row];
      const probability = Math.exp(score) / total;
      if (isTarget) loss -= Math.log(probability) / rows;
      gradient[row * classes + i] = (probability - (isTarget ? 1 : 0)) / rows;
    }
  }
  return { loss, gradients: { logits: gradient } };
};

/** The encoder without its own loss. */
const bareEncoder: TrainableModel = {
  name: "bare",
  build: (builder) => ({ outputs: encoderModel(shape).build(builder).outputs }),
};

describe("training steps", () => {
  it("with clipping and decay are PyTorch's", async () => {
    const { steps, parameters } = await trained({});
    for (const [i, { loss, gradientNorm }] of fixture.steps.entries()) {
      expect(Math.abs(steps[i]!.loss - loss)).toBeLessThan(1e-5);
      expect(Math.abs(steps[i]!.gradientNorm - gradientNorm)).toBeLessThan(1e-5);
    }
    expectTrained(parameters);
  });

  it("of several batches are those of one with all their samples", async () => {
    const { steps, parameters } = await trained({}, [samples(0, 1), samples(1, 4)]);
    expect(steps[0]!.losses).toHaveLength(2);
    expect(Math.abs(steps[0]!.loss - fixture.steps[0]!.loss)).toBeLessThan(1e-5);
    expectTrained(parameters);
  });

  it("with a loss outside the graph are the same, in one batch or several", async () => {
    const outside = { model: bareEncoder, loss: crossEntropyOutside };
    const { steps, parameters } = await trained(outside);
    expect(Math.abs(steps[3]!.loss - fixture.steps[3]!.loss)).toBeLessThan(1e-5);
    expectTrained(parameters);
    expectTrained((await trained(outside, [samples(0, 3), samples(3, 4)])).parameters);
  });

  it("with a loss outside are the same for batches of any size, one after the other", async () => {
    const model = encoderModel({ ...shape, dropout: 0.2 });
    const bare = {
      ...bareEncoder,
      build: ((builder) => ({ outputs: model.build(builder).outputs })) as typeof model.build,
    };
    const batches = [samples(0, 1), samples(0, 4), samples(1, 3), samples(3, 4)];
    const stepsOf = async (options: Partial<EngineOptions<number[]>>) => {
      await using engine = await engineFor(options);
      const results = [];
      for (const batch of batches) results.push(await engine.train([batch], 0.01));
      return results.map(({ loss, gradientNorm }) => [loss, gradientNorm]).flat();
    };
    const inside = await stepsOf({ model });
    const outside = await stepsOf({ model: bare, loss: crossEntropyOutside });
    for (const [i, number] of inside.entries()) expect(outside[i]).toBeCloseTo(number, 4);
  });

  it("add a loss outside to one inside", async () => {
    const both = await trained({ loss: crossEntropyOutside });
    expect(Math.abs(both.steps[0]!.loss - 2 * fixture.steps[0]!.loss)).toBeLessThan(1e-5);
    expect(Math.abs(both.steps[0]!.gradientNorm - 2 * fixture.steps[0]!.gradientNorm)).toBeLessThan(1e-5);
  });

  it("leave frozen parameters alone", async () => {
    const { parameters } = await trained({ frozen: ["layers.0.attention", "norm.bias"] });
    const changed = [...parameters].filter(([name, values]) =>
      values.some((value, i) => value !== Math.fround(fixture.initial[name]!.values[i]!)),
    );
    const names = changed.map(([name]) => name);
    expect(names).toHaveLength(parameters.size - 11);
    expect(names.filter((name) => name.includes("attention") || name === "norm.bias")).toEqual([]);
  });

  it("begin by seed and name", async () => {
    const parametersBy = async (seed: number) => {
      await using engine = await engineFor({ seed, initial: undefined });
      return engine.state().map(({ values }) => [...values]);
    };
    expect(await parametersBy(1)).toEqual(await parametersBy(1));
    expect(await parametersBy(1)).not.toEqual(await parametersBy(2));
  });

  it("that find no number change nothing", async () => {
    await using engine = await engineFor();
    const broken = samples(0, 4);
    broken.inputs.frames!.data[3] = NaN;
    const { loss, gradientNorm } = await engine.train([broken], 0.01);
    expect([loss, gradientNorm]).toEqual([NaN, NaN]);
    expect(engine.step).toBe(0);
    await engine.train([samples(0, 4)], fixture.steps[0]!.learningRate);
    const { loss: next } = await engine.train([samples(0, 4)], fixture.steps[1]!.learningRate);
    expect(Math.abs(next - fixture.steps[1]!.loss)).toBeLessThan(1e-5);
  });

  it("drop the same elements for the same seed and step, and none in use", async () => {
    const model = encoderModel({ ...shape, dropout: 0.3 });
    const losses = async (seed: number) => (await trained({ model, seed })).steps.map(({ loss }) => loss);
    const first = await losses(1);
    expect(await losses(1)).toEqual(first);
    expect(await losses(2)).not.toEqual(first);
    await using engine = await engineFor({ model });
    const { loss } = await engine.evaluate(samples(0, 4));
    expect(Math.abs(loss - fixture.steps[0]!.loss)).toBeLessThan(1e-5);
  });

  it("give a program for use, without loss and labels", async () => {
    const program = modelProgram(encoderModel(shape), initial);
    expect(program.inputs.map(({ name }) => name)).toEqual(["frames"]);
    const { frames } = samples(0, 4).inputs as Record<string, { data: Float32Array; shape: number[] }>;
    const { logits } = await runProgram(program, { frames: frames! });
    expect(logits!.shape).toEqual([20, 3]);
    const { loss } = await crossEntropyOutside({ logits: logits! }, samples(0, 4));
    expect(Math.abs(loss - fixture.steps[0]!.loss)).toBeLessThan(1e-5);
  });

  it("give a program a quarter of the size in bytes, which says nearly the same", async () => {
    const wide = encoderModel({ ...shape });
    const [floats, bytes] = [modelProgram(wide, initial), modelProgram(wide, initial, { inBytes: true })];
    const { frames } = samples(0, 4).inputs as Record<string, { data: Float32Array; shape: number[] }>;
    const [exact, near] = await Promise.all(
      [floats, bytes].map(async (program) => (await runProgram(program, { frames: frames! })).logits!),
    );
    const largest = Math.max(...exact!.data.map((value) => Math.abs(value)));
    const error = Math.max(...exact!.data.map((value, i) => Math.abs(value - near!.data[i]!)));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02 * largest);
    const matrices = [...bytes.weights].filter(([, { weight }]) => weight.type === "int8");
    expect(matrices.length).toBeGreaterThan(3);
  });

  it("refuse what does not fit, by name", async () => {
    await expect(engineFor({ frozen: ["layer"] })).rejects.toThrow("No parameter is called layer");
    await using engine = await engineFor();
    const { frames } = samples(0, 1).inputs;
    await expect(engine.train([{ ...samples(0, 1), inputs: { frames: frames! } }], 0.01)).rejects.toThrow(
      "no tensor for the model's input labels",
    );
    const wrong = { ...samples(0, 1).inputs, frames: { ...frames!, shape: [1, 8, 5] } };
    await expect(engine.train([{ ...samples(0, 1), inputs: wrong }], 0.01)).rejects.toThrow(
      "frames has shape [1, 8, 5]; the model takes [batch, time, 8]",
    );
    const aimless: TrainableModel = {
      name: "aimless",
      build(builder) {
        const x = builder.input("frames", "float32", ["batch", "time", 8]);
        const used = builder.parameter("used", [8, 1], { kind: "xavier" });
        builder.parameter("unused", [3], { kind: "zeros" });
        return { outputs: {}, loss: () => sumOver(multiply(matmul(x, used), add(x, x)), [0, 1, 2], false) };
      },
    };
    await using other = await engineFor({ model: aimless, initial: undefined });
    await expect(other.train([samples(0, 1)], 0.01)).rejects.toThrow("unused has no part");
  });
});
