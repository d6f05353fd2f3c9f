/**
 * A problem that a small network learns in a second: which of three numbers beside some noise is the largest.
 */
import { z } from "zod";
import { crossEntropy } from "../../graph/losses.ts";
import { add, matmul, tanh } from "../../graph/operators.ts";
import { randomGenerator } from "../../random.ts";
import type { Batch, BatchSource, MetricGatherer, TrainableModel, Validation } from "../model.ts";
import { commonRecipeSchema, type RecipeKind } from "../recipe.ts";

const [width, classes, rows] = [6, 3, 16];

export type ToyTargets = readonly number[];

export const toyModel: TrainableModel = {
  name: "toy",
  build(builder) {
    const x = builder.input("x", "float32", ["rows", width]);
    const inner = builder.parameter("inner.weight", [width, 24], { kind: "xavier" });
    const innerBias = builder.parameter("inner.bias", [24], { kind: "zeros" });
    const outer = builder.parameter("outer.weight", [24, classes], { kind: "uniform-fan-in" });
    const hidden = builder.dropout(tanh(add(matmul(x, inner), innerBias)), 0.1);
    const logits = matmul(hidden, outer);
    return {
      outputs: { logits },
      loss: () => crossEntropy(logits, builder.input("labels", "int64", ["rows"])),
    };
  },
};

/** Batch `number` of an epoch. */
export function toyBatch(seed: number, epoch: number, number: number): Batch<ToyTargets> {
  const random = randomGenerator(seed * 1_000_003 + epoch * 1009 + number);
  const data = Float32Array.from({ length: rows * width }, () => 2 * random() - 1);
  const labels = Array.from({ length: rows }, (_, row) => {
    const numbers = [...data.subarray(row * width, row * width + classes)];
    return numbers.indexOf(Math.max(...numbers));
  });
  return {
    names: labels.map((_, row) => `sample ${epoch}.${number}.${row}`),
    inputs: {
      x: { data, shape: [rows, width] },
      labels: { data: BigInt64Array.from(labels, BigInt), shape: [rows] },
    },
    targets: labels,
  };
}

export function toySource(
  batchesPerEpoch: number,
  options: {
    seed?: number;
    change?: (batch: Batch<ToyTargets>, epoch: number, number: number) => Batch<ToyTargets>;
  } = {},
): BatchSource<ToyTargets> {
  const { seed = 1, change = (batch) => batch } = options;
  return {
    batchesPerEpoch,
    async *batches(epoch, first) {
      for (let number = first; number < batchesPerEpoch; number++) {
        yield change(toyBatch(seed, epoch, number), epoch, number);
      }
    },
  };
}

/** Share of rows whose largest logit is the label's. */
export function accuracy(): MetricGatherer<ToyTargets> {
  let [right, all] = [0, 0];
  return {
    add({ logits }, { targets }) {
      for (const [row, label] of targets.entries()) {
        const scores = [...logits!.data.subarray(row * classes, (row + 1) * classes)];
        right += scores.indexOf(Math.max(...scores)) === label ? 1 : 0;
        all++;
      }
    },
    values: () => ({ accuracy: right / all }),
  };
}

export const toyValidation: Validation<ToyTargets> = {
  async *batches() {
    for (let number = 0; number < 8; number++) yield toyBatch(99, 0, number);
  },
  metrics: accuracy,
  watch: { name: "accuracy", better: "higher" },
};

const toyRecipeSchema = commonRecipeSchema
  .extend({ kind: z.literal("toy"), batches: z.number().int().min(1) })
  .strict();

/** The problem as a kind of recipe. */
export const toyKind: RecipeKind<z.infer<typeof toyRecipeSchema>> = {
  kind: "toy",
  schema: toyRecipeSchema,
  async prepare({ batches, seed }, { onWarning }) {
    onWarning("sample 7 is left out: it is empty");
    return {
      model: toyModel,
      training: toySource(batches, { seed }),
      validation: toyValidation,
      data: { batches },
      finish: async ({ best }) => ({ test: { accuracy: best.validation!.accuracy } }),
    };
  },
};
