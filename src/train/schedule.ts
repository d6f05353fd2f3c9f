/**
 * The learning rate's way over the steps of a run.
 */
import type { Schedule } from "./trainer.ts";

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
