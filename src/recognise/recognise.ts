/**
 * Speech to text with the user's terms:
 *
 *     import { recognise } from "glossa";
 *     const transcript = await recognise("talk.mp3", { terms: ["LoRA", "Qwen2-VL"] });
 *
 * For many recordings, load the model once with `createRecogniser`.
 */
import type { AudioInput } from "../audio/open-audio.ts";
import type { Transcript } from "../transcript/transcript.ts";
import { resolveModel } from "../weights/model-store.ts";
import { defaultModel } from "./default-model.ts";
import { loadSpeechModel } from "./load-model.ts";
import type { LoadOptions, RecogniseOptions, RecognitionEvent } from "./options.ts";
import { Recogniser } from "./recogniser.ts";
import { TermFinder } from "./spoken-terms.ts";

/**
 * Loads a model, fetching its weights when they are not in the cache.
 *
 * @throws GlossaError `invalid-argument`, `model-unavailable`, `model-corrupt`, `runtime-failed`, `write-failed`
 */
export async function createRecogniser(options: LoadOptions = {}): Promise<Recogniser> {
  const model = await loadSpeechModel(options);
  // The signal ends with the loading; the detector may be wanted long after.
  const { signal: _, ...later } = options;
  const loadVoiceActivity = async () => {
    const { SileroVad } = await import("../models/silero-vad/silero-vad.ts");
    const detector = await resolveModel("silero-vad", later);
    return SileroVad.load(detector.path("silero_vad.onnx"), { cacheFolder: options.cacheFolder });
  };
  const loadFinder = async () => {
    const { shippedHead } = await import("./retriever.ts");
    const head = await shippedHead(await resolveModel(options.model ?? defaultModel, later), later);
    return head && new TermFinder(head, options.cacheFolder);
  };
  return new Recogniser(model, loadVoiceActivity, loadFinder);
}

/**
 * Recognises one recording: loads the model, transcribes, and lets the model go.
 *
 * @param input a path, `-` for standard input, bytes, a stream, or samples
 * @throws GlossaError as `createRecogniser` and `Recogniser.recognise`
 */
export async function recognise(
  input: AudioInput,
  options: LoadOptions & RecogniseOptions = {},
): Promise<Transcript> {
  await using recogniser = await createRecogniser(options);
  // Awaited here: the model is let go when this block ends.
  return await recogniser.recognise(input, options);
}

/** The same, yielding finished segments as they come; the last event holds the transcript. */
recognise.stream = async function* (
  input: AudioInput,
  options: LoadOptions & RecogniseOptions = {},
): AsyncGenerator<RecognitionEvent, void, undefined> {
  await using recogniser = await createRecogniser(options);
  yield* recogniser.stream(input, options);
};
