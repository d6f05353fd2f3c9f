/** Options of a short run over the toy problem. */
import type { TrainerOptions } from "../training-options.ts";
import { toyModel, toySource, type ToyTargets, toyValidation } from "./toy.ts";

export function toyOptions(folder: string): TrainerOptions<ToyTargets> {
  return {
    model: toyModel,
    training: toySource(8),
    validation: toyValidation,
    optimiser: { learningRate: 0.02 },
    schedule: { kind: "cosine", warmUpSteps: 4, final: 0.1 },
    length: { epochs: 5 },
    checkpointEvery: 5,
    seed: 3,
    threads: 1,
    folder,
    description: { recipe: { kind: "toy" }, command: "glossa train toy.json" },
  };
}
