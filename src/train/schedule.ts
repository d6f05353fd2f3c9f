/**
 * How long a run is, and the learning rate's way over its steps.
 */
import { GlossaError } from "../errors.ts";
import type { Schedule, TrainerOptions } from "./training-options.ts";

/**
 * The rate of a step.
 *
 * @param step from 0
 * @param steps of the whole run
 * @param highest the rate that the warm-up leads to
 */
export function learningRateAt(step: number, steps: number, highest: number, schedule: Schedule): number {
  const { kind, warmUpSteps = 0, final = 0 } = schedule;
  // The first step already learns something, the last of the warm-up has the highest rate.
  if (step < warmUpSteps) return (highest * (step + 1)) / warmUpSteps;
  if (kind === "constant") return highest;
  const length = Math.max(1, steps - 1 - warmUpSteps);
  const way = Math.min(1, (step - warmUpSteps) / length);
  const share = kind === "linear" ? 1 - way : (1 + Math.cos(Math.PI * way)) / 2;
  return highest * (final + (1 - final) * share);
}

/** How many steps a run has, and how many lie between validations where the recipe does not say. */
export function runLength({
  length,
  training,
  microBatches = 1,
}: Pick<TrainerOptions, "length" | "training" | "microBatches">): { steps: number; validateEvery: number } {
  if ("steps" in length) return { steps: length.steps, validateEvery: Math.ceil(length.steps / 10) };
  if (training.batchesPerEpoch === null) {
    throw new GlossaError(
      "invalid-argument",
      "the length is given in epochs, but nobody knows how many batches an epoch has; give it in steps",
    );
  }
  const perEpoch = Math.ceil(training.batchesPerEpoch / microBatches);
  if (perEpoch === 0)
    throw new GlossaError("training-failed", "There are no batches: nothing to learn from.");
  return { steps: length.epochs * perEpoch, validateEvery: perEpoch };
}
