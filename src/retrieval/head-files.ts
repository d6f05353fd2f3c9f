/** The files that a trained head is used by, in the folder of its run. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import { labelSetNames } from "./ctc-labels.ts";

/** What a `glclap` head was trained by; `src/train/recipes/glclap-model.ts` says what each holds against what. */
export const glclapSystems = ["clap", "subtext-clap", "lclap", "glclap"] as const;

const shippedFolder = fileURLToPath(new URL("../../models", import.meta.url));
const shippedPrefix = "letters-";

/** Where the letter head that comes with Glossa for a model stands, if there is one. */
export function shippedHeadFolder(modelId: string): string {
  return join(shippedFolder, `${shippedPrefix}${modelId}`);
}

/** The models that Glossa comes with a letter head for. */
export async function modelsWithHead(): Promise<string[]> {
  const names = await readdir(shippedFolder).catch(() => []);
  const heads = names.filter((name) => name.startsWith(shippedPrefix));
  return heads.map((name) => name.slice(shippedPrefix.length)).sort();
}

export const headFiles = {
  description: "head.json",
  /** What reads frames. */
  graph: "head.onnx",
  /** What reads terms, where the head has such a part. */
  terms: "terms.onnx",
  /** How terms are cut into pieces, where that part does not read letters. */
  tokenizer: "tokenizer.json",
} as const;

const commonSchema = z.object({
  encoder: z.string().describe("Model whose frames it reads."),
  fingerprint: z.string().describe("Of that model's encoder; other frames mean something else."),
  frameRate: z.number().positive().describe("Frames a second."),
  stack: z.number().int().positive().describe("Frames that make one step."),
});

const headSchema = z.discriminatedUnion("kind", [
  commonSchema.extend({
    kind: z.literal("ctc-head"),
    outputs: z.number().int().positive().describe("Places for labels that each step gives."),
    labels: z.enum(labelSetNames),
  }),
  commonSchema.extend({
    kind: z.literal("classify"),
    target: z.string().describe("What the classes are: speaker, language, set."),
    classes: z.array(z.string()).min(2),
  }),
  commonSchema.extend({
    kind: z.literal("glclap"),
    system: z.enum(glclapSystems),
    labels: z.enum(labelSetNames).describe("Symbols that terms are written in, if they are not in pieces."),
    mostPieces: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("Set where terms are read in pieces of words (tokenizer.json): how many at once."),
    dimension: z.number().int().positive().describe("Numbers in a vector."),
  }),
]);
export type HeadDescription = z.infer<typeof headSchema>;

export async function writeHeadDescription(folder: string, head: HeadDescription): Promise<void> {
  await writeFileAtomic(join(folder, headFiles.description), `${JSON.stringify(head, null, 2)}\n`);
}

/** @throws GlossaError `unreadable-input` when the folder holds no head, or not of this kind */
export async function readHeadDescription<Kind extends HeadDescription["kind"]>(
  folder: string,
  kind: Kind,
): Promise<Extract<HeadDescription, { kind: Kind }>> {
  const path = join(folder, headFiles.description);
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GlossaError(
      "unreadable-input",
      `${folder}: there is no trained model in it (${headFiles.description} cannot be read); give the folder of a finished run of glossa train`,
      { cause },
    );
  }
  const parsed = headSchema.safeParse(content);
  if (!parsed.success)
    throw new GlossaError("unreadable-input", `${path}: ${parsed.error.issues[0]!.message}`);
  if (parsed.data.kind !== kind) {
    throw new GlossaError(
      "invalid-argument",
      `${folder} holds a model of the kind ${parsed.data.kind}, not ${kind}`,
    );
  }
  return parsed.data as Extract<HeadDescription, { kind: Kind }>;
}
