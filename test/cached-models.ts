/**
 * Which models the tests can run without a download.
 */
import { listModels } from "../src/weights/model-store.ts";

const cached = new Set(
  (await listModels({})).filter(({ isCached }) => isCached).map(({ manifest }) => manifest.id),
);

/** Whether all that recognition with a model needs is in the cache. */
export function isCached(model: string): boolean {
  return cached.has(model) && cached.has("silero-vad");
}
