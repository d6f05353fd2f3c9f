/**
 * A folder of weights that the user brings along: exported from the hub, trained, or copied from a cache.
 */
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { GlossaError } from "../errors.ts";
import { ensureFiles, manifestName, type EnsureOptions } from "./model-files.ts";
import { parseManifest, type Architecture, type ModelDescription } from "./manifest.ts";
import { ResolvedModel } from "./resolved-model.ts";

/** Where an ONNX export of the hub keeps the parts of a model, best choice first; `{}` is the part's own name. */
const graphPlaces = ["{}_quantized.onnx", "{}.onnx"].flatMap((place) => [`onnx/${place}`, place]);
const graph = (name: string, exportedName: string) => [
  name,
  ...graphPlaces.map((place) => place.replace("{}", exportedName)),
];
const encoder = graph("encoder.onnx", "encoder_model");
const decoder = graph("decoder.onnx", "decoder_model_merged");

/** For each file of an architecture, the names under which it may be found; the first is the name used here. */
const fileNames: Record<Architecture, readonly (readonly string[])[]> = {
  whisper: [
    encoder,
    decoder,
    ["tokenizer.json"],
    ["config.json"],
    ["generation_config.json"],
    ["preprocessor_config.json"],
  ],
  moonshine: [encoder, decoder, ["tokenizer.json"], ["config.json"]],
  "silero-vad": [["silero_vad.onnx", "model.onnx", "onnx/model.onnx"]],
  kokoro: [["kokoro.onnx"]],
  "audio-encoder": [graph("encoder.onnx", "model"), ["config.json"], ["preprocessor_config.json"]],
};

/** `model_type` of encoders that only hear. */
const audioEncoderTypes: readonly unknown[] = ["data2vec-audio", "wav2vec2", "hubert", "wavlm"];

/** Files that hold all weights of an architecture and need no graphs beside them. */
const checkpoints: Partial<Record<Architecture, readonly string[]>> = {
  whisper: ["model.safetensors", "ggml-model.bin"],
};

/**
 * Finds the files of a model in `folder`. With a `glossa-model.json` (see `ModelManifest`), they are checked against
 * it, and those that are missing are fetched into the folder. Without, `config.json` says the architecture.
 * @throws GlossaError `unreadable-input` when there is no such folder, `invalid-argument` when it holds no model that
 *   is known here, `model-unavailable` when files are missing
 */
export async function resolveModelFolder(path: string, options: EnsureOptions = {}): Promise<ResolvedModel> {
  const folder = resolve(path);
  if (!(await isFolder(folder))) {
    throw new GlossaError(
      "unreadable-input",
      `There is no model folder ${folder}. \`glossa models list\` shows the models known by name; ` +
        "files of a hub repository must be downloaded into a folder first.",
    );
  }
  const manifestPath = join(folder, manifestName);
  const manifestText = await readOptional(manifestPath);
  if (manifestText !== null) {
    const manifest = parseManifest(manifestText, manifestPath);
    await ensureFiles(manifest, folder, options);
    return new ResolvedModel(manifest, folder, new Map(manifest.files.map(({ name }) => [name, name])));
  }
  const architecture = await detectArchitecture(folder);
  const found = new Map<string, string>();
  const checkpoint = await firstExisting(folder, checkpoints[architecture] ?? []);
  if (checkpoint !== null) found.set(checkpoint, checkpoint);
  for (const candidates of fileNames[architecture]) {
    // A whole checkpoint stands for the graphs.
    if (checkpoint !== null && (candidates === encoder || candidates === decoder)) continue;
    const existing = await firstExisting(folder, candidates);
    if (existing === null) {
      throw new GlossaError(
        "model-unavailable",
        `The ${architecture} model in ${folder} lacks ${[...candidates, ...(candidates === encoder ? (checkpoints[architecture] ?? []) : [])].join(" or ")}.`,
      );
    }
    found.set(candidates[0]!, existing);
  }
  return new ResolvedModel(await describe(folder, architecture), folder, found);
}

async function detectArchitecture(folder: string): Promise<Architecture> {
  const configPath = join(folder, "config.json");
  const text = await readOptional(configPath);
  if (text === null) {
    if (await firstExisting(folder, ["silero_vad.onnx"])) return "silero-vad";
    throw new GlossaError(
      "invalid-argument",
      `${folder} holds no model: neither ${manifestName} nor config.json is there.`,
    );
  }
  const type = readJson(text, configPath).model_type;
  if (type === "whisper" || type === "moonshine") return type;
  if (audioEncoderTypes.includes(type)) return "audio-encoder";
  throw new GlossaError(
    "invalid-argument",
    `${configPath} has the model_type ${JSON.stringify(type)}; known are whisper, moonshine, and of encoders ${audioEncoderTypes.join(", ")}.`,
  );
}

async function describe(folder: string, architecture: Architecture): Promise<ModelDescription> {
  let languages: ModelDescription["languages"] = [];
  if (architecture === "whisper") {
    const path = join(folder, "generation_config.json");
    const isEnglishOnly = readJson((await readOptional(path)) ?? "{}", path).is_multilingual === false;
    languages = isEnglishOnly ? ["en"] : "multilingual";
  }
  return {
    id: basename(folder),
    architecture,
    description: `${architecture} model in ${folder}`,
    languages,
    license: "unknown",
  };
}

async function firstExisting(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    const status = await stat(join(folder, name)).catch(() => null);
    if (status?.isFile()) return name;
  }
  return null;
}

export async function isFolder(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => null);
  return status?.isDirectory() ?? false;
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new GlossaError("unreadable-input", `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

function readJson(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new GlossaError("invalid-argument", `${path} is not valid JSON.`, { cause });
  }
  throw new GlossaError("invalid-argument", `${path} is not a JSON object.`);
}
