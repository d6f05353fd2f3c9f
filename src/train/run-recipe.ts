/**
 * Runs a recipe: reads and checks its file, lets its kind prepare model and data, trains, and lets the kind finish.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import type { Device } from "../runtime/session.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import type { CommonRecipe, PreparedRecipe, RecipeKind } from "./recipe.ts";
import { RunFolder } from "./run-folder.ts";
import { train } from "./trainer.ts";
import type { TrainingProgress, TrainingResult } from "./training-options.ts";

export interface RunRecipeOptions {
  /** What a recipe may be. */
  kinds: readonly RecipeKind[];
  /** Fields set on top of the file: `optimiser.learningRate=3e-4`. */
  set?: readonly string[];
  /** The folder of the run. */
  output: string;
  resume?: boolean;
  /** The command as typed. */
  command: string;
  versions?: Readonly<Record<string, string>>;
  device?: Device;
  threads?: number;
  cacheFolder?: string;
  offline?: boolean;
  signal?: AbortSignal;
  onProgress?(progress: TrainingProgress): void;
  /** What is done before and after training, with what part of it (0 to 1). */
  onPreparation?(what: string, fraction: number | null): void;
  onWarning?(message: string): void;
}

export interface RecipeResult extends TrainingResult {
  /** What the kind measured at the end; any JSON. */
  final: unknown;
}

/**
 * @throws GlossaError `unreadable-input`, `invalid-argument` for a recipe that cannot be read or understood; those of
 *   `train`; the signal's reason when aborted
 */
export async function runRecipe(path: string, options: RunRecipeOptions): Promise<RecipeResult> {
  const { kinds, set = [], output, resume, command, signal } = options;
  const { recipe, kind } = await readRecipe(path, set, kinds);
  const folder = dirname(resolve(path));
  const warnings: string[] = [];
  const context = {
    folder,
    runFolder: resolve(output),
    device: options.device ?? "cpu",
    threads: options.threads,
    cacheFolder: options.cacheFolder,
    offline: options.offline ?? false,
    signal,
    onProgress: (what: string, fraction: number | null) => options.onPreparation?.(what, fraction),
    onWarning: (message: string) => {
      warnings.push(message);
      options.onWarning?.(message);
    },
  };
  const prepared = await kind.prepare(recipe, context);
  const initialFile = recipe.initial === undefined ? null : openSafetensors(resolve(folder, recipe.initial));
  try {
    const {
      seed,
      length,
      optimiser,
      schedule,
      microBatches,
      validateEvery,
      patience,
      checkpointEvery,
      frozen,
    } = recipe;
    const result = await train({
      ...modelOf(prepared),
      seed,
      length,
      optimiser,
      schedule,
      microBatches,
      validateEvery,
      patience,
      checkpointEvery,
      frozen,
      initial: initialFile ?? undefined,
      ...prepared.options,
      folder: output,
      resume,
      description: { recipe, command, data: prepared.data, versions: options.versions },
      device: options.device,
      threads: options.threads,
      signal,
      warnings,
      onProgress: options.onProgress,
    });
    return await finish(result, prepared, output);
  } finally {
    initialFile?.[Symbol.dispose]();
    await prepared[Symbol.asyncDispose]?.();
  }
}

function modelOf({ model, loss, training, validation }: PreparedRecipe) {
  return { model, loss, training, validation };
}

/** What the kind does at the end; once, however often the command is given again. */
async function finish(
  result: TrainingResult,
  prepared: PreparedRecipe,
  output: string,
): Promise<RecipeResult> {
  const folder = await RunFolder.reopen(output);
  if (folder.record.finishedAt !== null) return { ...result, final: folder.record.final };
  const final = (await prepared.finish?.(result)) ?? null;
  await folder.update({ final, finishedAt: new Date().toISOString() });
  await folder.saveCurves();
  return { ...result, final };
}

/**
 * Reads a recipe, sets fields on top of it, and checks it.
 *
 * @throws GlossaError `unreadable-input` when the file cannot be read, `invalid-argument` naming every field that is wrong
 */
export async function readRecipe(
  path: string,
  set: readonly string[],
  kinds: readonly RecipeKind[],
): Promise<{ recipe: CommonRecipe & { kind: string }; kind: RecipeKind }> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new GlossaError("unreadable-input", `${path}: cannot read the recipe: ${why}`, { cause });
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new GlossaError("invalid-argument", `${path}: no JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(content)) throw new GlossaError("invalid-argument", `${path}: a recipe is a JSON object`);
  for (const assignment of set) setField(content, assignment);
  const kind = kinds.find(({ kind }) => kind === content.kind);
  if (!kind) {
    const known = kinds.map(({ kind }) => kind).join(", ");
    const given = content.kind === undefined ? "it is missing" : `got ${JSON.stringify(content.kind)}`;
    throw new GlossaError("invalid-argument", `${path}: kind must be one of ${known}; ${given}`);
  }
  const result = kind.schema.safeParse(content);
  if (!result.success) {
    throw new GlossaError("invalid-argument", `${path}: ${problemsOf(result.error)}`, {
      cause: result.error,
    });
  }
  return { recipe: result.data, kind };
}

/** `optimiser.learningRate: Too small: expected number to be >0; steps: …` */
function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/** Sets `a.b=value` in an object. The value is JSON, or else text. */
function setField(content: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf("=");
  const keys = assignment.slice(0, Math.max(0, at)).split(".");
  if (at === -1 || keys.includes("") || keys.includes("__proto__")) {
    throw new GlossaError("invalid-argument", `--set ${assignment}: expected key=value, such as seed=2`);
  }
  const text = assignment.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Plain text, such as a path.
  }
  let place = content;
  for (const key of keys.slice(0, -1)) {
    const next = (place[key] ??= {});
    if (!isObject(next)) {
      throw new GlossaError("invalid-argument", `--set ${assignment}: ${key} is no object with fields`);
    }
    place = next;
  }
  place[keys.at(-1)!] = value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
