/** Tells whether frames mean the same: by the weights of the encoder that they come from. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { ResolvedModel } from "./resolved-model.ts";

/** Files that hold an encoder's weights, whatever the architecture. */
const encoderFiles = ["encoder.onnx", "model.safetensors", "ggml-model.bin"];

/** SHA-256 of all that frames depend on beside the audio. */
export async function encoderFingerprint(model: ResolvedModel, trailingSilence?: number): Promise<string> {
  const file = encoderFiles.find((name) => model.has(name));
  const hash = createHash("sha256");
  if (file !== undefined) {
    const path = model.path(file);
    const weights = `${path}_data`;
    // Graphs of more than 2 GB keep their weights beside them.
    for (const part of existsSync(weights) ? [path, weights] : [path])
      await pipeline(createReadStream(part), hash, { end: false });
  }
  return hash.update(JSON.stringify({ version: 1, trailingSilence })).digest("hex");
}
