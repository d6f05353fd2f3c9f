/**
 * transformers.js, through its speech recognition pipeline, on links to the same ONNX files.
 *
 * It looks for a folder laid out as on the Hugging Face hub. The weights come with most of the small JSON files; the rest
 * are written here as the hub has them, as far as the library reads them.
 */
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { moonshineSize } from "./moonshine-size.ts";
import type { LoadSystem, Weights } from "./system.ts";

/** Whisper's window; longer recordings go through the pipeline's own cutting, as its documentation recommends. */
const windowSeconds = 30;

export const load: LoadSystem = async ({ weights, threads, scratchFolder }) => {
  await writeHubFolder(weights, join(scratchFolder, weights.id));
  env.allowRemoteModels = false;
  env.localModelPath = `${scratchFolder}/`;
  const transcriber = await pipeline("automatic-speech-recognition", weights.id, {
    dtype: "q8",
    device: "cpu",
    session_options: { intraOpNumThreads: threads },
  });
  return {
    async transcribe(samples, language) {
      if (weights.architecture !== "whisper") return (await transcriber(samples, {})).text;
      const isLong = samples.length > windowSeconds * 16_000;
      const cutting = isLong ? { chunk_length_s: windowSeconds } : {};
      return (await transcriber(samples, { language, task: "transcribe", ...cutting })).text;
    },
  };
};

async function writeHubFolder(weights: Weights, folder: string): Promise<void> {
  await mkdir(join(folder, "onnx"), { recursive: true });
  const hubNames: Record<string, string> = {
    "encoder.onnx": "onnx/encoder_model_quantized.onnx",
    "decoder.onnx": "onnx/decoder_model_merged_quantized.onnx",
  };
  for (const [name, path] of Object.entries(weights.files)) {
    const target = join(folder, hubNames[name] ?? name);
    // Links need a right that Windows seldom grants.
    await symlink(path, target).catch(() => copyFile(path, target));
  }
  const missing = weights.architecture === "whisper" ? whisperFiles : moonshineFiles(weights.id);
  for (const [name, content] of Object.entries(missing)) {
    await writeFile(join(folder, name), JSON.stringify(content));
  }
}

const whisperFiles = {
  "tokenizer_config.json": {
    tokenizer_class: "WhisperTokenizer",
    processor_class: "WhisperProcessor",
    clean_up_tokenization_spaces: true,
    eos_token: "<|endoftext|>",
  },
};

function moonshineFiles(id: string) {
  const { layers, heads, headWidth } = moonshineSize(id);
  const tokens = { bos_token_id: 1, decoder_start_token_id: 1, eos_token_id: 2 };
  return {
    "config.json": {
      model_type: "moonshine",
      architectures: ["MoonshineForConditionalGeneration"],
      is_encoder_decoder: true,
      ...tokens,
      vocab_size: 32_768,
      hidden_size: heads * headWidth,
      encoder_num_hidden_layers: layers,
      encoder_num_key_value_heads: heads,
      decoder_num_hidden_layers: layers,
      decoder_num_key_value_heads: heads,
    },
    "generation_config.json": tokens,
    "preprocessor_config.json": {
      feature_extractor_type: "MoonshineFeatureExtractor",
      processor_class: "MoonshineProcessor",
      sampling_rate: 16_000,
    },
    "tokenizer_config.json": { tokenizer_class: "LlamaTokenizer", processor_class: "MoonshineProcessor" },
  };
}
