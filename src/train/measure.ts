/** What validation says about the parameters as they are. */
import { GlossaError } from "../errors.ts";
import { ahead } from "./ahead.ts";
import type { TrainingEngine } from "./engine.ts";
import type { Validation } from "./model.ts";

/**
 * Numbers by name: the metrics', and `loss`, the mean over all samples.
 *
 * @param failure makes the error for samples whose loss is no number
 * @throws GlossaError `training-failed` when there is nothing to validate with; what `failure` makes; the signal's reason
 */
export async function measure<Targets>(
  engine: TrainingEngine<Targets>,
  validation: Validation<Targets>,
  signal: AbortSignal | undefined,
  failure: (what: string, names: readonly string[]) => GlossaError,
): Promise<Record<string, number>> {
  const gatherer = validation.metrics?.();
  let [total, weight] = [0, 0];
  for await (const batch of ahead(validation.batches(signal))) {
    signal?.throwIfAborted();
    const { loss, outputs } = await engine.evaluate(batch);
    if (!Number.isFinite(loss)) {
      throw failure(`the loss in validation is ${loss}`, batch.names);
    }
    const counts = batch.weight ?? batch.names.length;
    total += loss * counts;
    weight += counts;
    await gatherer?.add(outputs, batch);
  }
  signal?.throwIfAborted();
  if (weight === 0) {
    throw new GlossaError(
      "training-failed",
      "There is nothing to validate with: the data held back is empty.",
    );
  }
  return { ...gatherer?.values(), loss: total / weight };
}
