/**
 * From a model's name to the loaded model.
 */
import { GlossaError } from "../errors.ts";
import type { FrameSource, SpeechModel } from "../models/speech-model.ts";
import { resolveModel } from "../weights/model-store.ts";
import { defaultModel } from "./default-model.ts";
import type { LoadOptions } from "./options.ts";

/**
 * Fetches the weights when they are not in the cache, and loads them.
 * @throws GlossaError `invalid-argument` for an unknown model, `model-unavailable`, `model-corrupt`, `runtime-failed`
 */
export async function loadSpeechModel(options: LoadOptions): Promise<SpeechModel> {
  const model = await resolveModel(options.model ?? defaultModel, options);
  const { id, architecture } = model.manifest;
  const { device, threads, cacheFolder, signal, trailingSilence } = options;
  if (trailingSilence !== undefined && !(trailingSilence >= 0 && trailingSilence <= 30)) {
    throw new GlossaError(
      "invalid-argument",
      `trailingSilence is ${trailingSilence}; it must be a number of seconds from 0 to 30.`,
    );
  }
  const session = { device, threads, cacheFolder, signal };
  const path = (name: string) => model.path(name);
  options.signal?.throwIfAborted();
  switch (architecture) {
    case "whisper": {
      const { Whisper, whisperWeightsFiles } = await import("../models/whisper/whisper.ts");
      const weightsFile = whisperWeightsFiles.find((file) => model.has(file));
      return Whisper.load(id, path, { ...session, weightsFile, trailingSilence });
    }
    case "moonshine": {
      const { Moonshine } = await import("../models/moonshine/moonshine.ts");
      return Moonshine.load(id, path, session);
    }
    case "silero-vad":
      throw new GlossaError(
        "invalid-argument",
        `${id} finds speech but does not recognise it; choose another model.`,
      );
    case "kokoro":
      throw new GlossaError("invalid-argument", `${id} speaks but does not listen; choose another model.`);
    case "audio-encoder":
      throw new GlossaError("invalid-argument", `${id} listens but does not write; choose another model.`);
  }
}

/**
 * The same for whoever needs frames and no text: takes encoders that recognise nothing, too.
 * @throws GlossaError as `loadSpeechModel`
 */
export async function loadFrameSource(options: LoadOptions): Promise<FrameSource> {
  const model = await resolveModel(options.model ?? defaultModel, options);
  if (model.manifest.architecture !== "audio-encoder") return loadSpeechModel(options);
  const { AudioEncoder } = await import("../models/audio-encoder/audio-encoder.ts");
  const { device, threads } = options;
  return AudioEncoder.load(model.manifest.id, (name) => model.path(name), { device, threads });
}
