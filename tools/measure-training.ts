/**
 * How long a training step of a transformer encoder takes here, beside PyTorch on the same threads:
 *
 *     npx tsx tools/measure-training.ts --python /path/to/python [--threads 2] [--steps 8] [--rounds 3] [--width 256]
 *
 * Both take turns, so that what else the machine does meets both; the ratio is that of the medians over all rounds.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { randomGenerator } from "../src/random.ts";
import { TrainingEngine } from "../src/train/engine.ts";
import { encoderModel } from "../src/train/testing/encoder.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    steps: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    width: { type: "string", default: "256" },
    layers: { type: "string", default: "4" },
    batch: { type: "string", default: "32" },
    time: { type: "string", default: "128" },
  },
});
const [threads, steps, rounds, width, layers, batch, time] = (
  ["threads", "steps", "rounds", "width", "layers", "batch", "time"] as const
).map((name) => Number(values[name])) as [number, number, number, number, number, number, number];
const shape = { width, heads: width / 64, inner: 4 * width, layers, classes: 64 };
const rows = batch * time;

const random = randomGenerator(1);
const data = {
  names: Array.from({ length: batch }, (_, i) => `sample ${i}`),
  inputs: {
    frames: {
      data: Float32Array.from({ length: rows * width }, () => 2 * random() - 1),
      shape: [batch, time, width],
    },
    labels: {
      data: BigInt64Array.from({ length: rows }, () => BigInt(Math.floor(random() * 64))),
      shape: [rows],
    },
  },
  targets: null,
};

const settings = { weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clip: 1 };
await using engine = await TrainingEngine.create({ model: encoderModel(shape), settings, seed: 1, threads });

async function ours(): Promise<number[]> {
  const seconds: number[] = [];
  for (let step = 0; step < steps; step++) {
    const started = performance.now();
    await engine.train([data], 1e-3);
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds;
}

async function theirs(python: string, fused: boolean): Promise<number[]> {
  const script = fileURLToPath(new URL("./training_step.py", import.meta.url));
  const given = JSON.stringify({ ...shape, batch, time, threads, steps, fused });
  const { stdout } = await promisify(execFile)(python, [script, given]);
  return (JSON.parse(stdout) as { seconds: number[] }).seconds;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

// Products: 6 operations a weight and row (2 forward, 4 backward); scores and mixing of attention as much by time.
const weights = layers * (4 * width * width + 2 * width * shape.inner);
const gigaflops = (6 * rows * (weights + 2 * layers * time * width)) / 1e9;
console.log(
  `${gigaflops.toFixed(0)} GFLOP a step, ${engine.trainedSize.toLocaleString("en")} parameters, ${threads} threads`,
);

// The first two steps of a process plan memory and warm up.
const settled = (seconds: readonly number[]) => seconds.slice(2);
const all = { ours: [] as number[], theirs: [] as number[], fused: [] as number[] };
await ours();
for (let round = 0; round < rounds; round++) {
  const mine = settled(await ours());
  all.ours.push(...mine);
  if (values.python === undefined) continue;
  const [theirsNow, fused] = [
    settled(await theirs(values.python, false)),
    settled(await theirs(values.python, true)),
  ];
  all.theirs.push(...theirsNow);
  all.fused.push(...fused);
  const [first, second] = [theirsNow, fused].map((seconds) => (median(mine) / median(seconds)).toFixed(2));
  console.log(`round ${round + 1}: Glossa / PyTorch ${first}, with fused AdamW ${second}`);
}
const report = (name: string, seconds: readonly number[]) => {
  if (seconds.length === 0) return;
  console.log(
    `${name}: median ${(1000 * median(seconds)).toFixed(0)} ms, least ${(1000 * Math.min(...seconds)).toFixed(0)} ms`,
  );
};
report("Glossa", all.ours);
report("PyTorch", all.theirs);
report("PyTorch, fused AdamW", all.fused);
if (all.theirs.length > 0) {
  console.log(`Glossa / PyTorch: ${(median(all.ours) / median(all.theirs)).toFixed(2)}`);
  console.log(`Glossa / PyTorch with fused AdamW: ${(median(all.ours) / median(all.fused)).toFixed(2)}`);
}
