/**
 * From a model's name to the files that all systems are given.
 */
import { GlossaError } from "../src/errors.ts";
import { resolveModel } from "../src/weights/model-store.ts";
import type { Weights } from "./systems/system.ts";

const fileNames = [
  "encoder.onnx",
  "decoder.onnx",
  "tokenizer.json",
  "config.json",
  "generation_config.json",
  "preprocessor_config.json",
];

/**
 * Fetches the model when it is not in Glossa's cache.
 * @throws GlossaError as `resolveModel`; `invalid-argument` for a model that is no recogniser
 */
export async function resolveWeights(model: string): Promise<Weights> {
  const resolved = await resolveModel(model);
  const { id, architecture } = resolved.manifest;
  if (architecture !== "whisper" && architecture !== "moonshine") {
    throw new GlossaError("invalid-argument", `No peer runs ${id}; choose a Whisper or Moonshine model.`);
  }
  const names = fileNames.filter((name) => resolved.has(name));
  return {
    model,
    id,
    architecture,
    files: Object.fromEntries(names.map((name) => [name, resolved.path(name)])),
  };
}
