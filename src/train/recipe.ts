/**
 * What a recipe may say whatever it trains, and what a kind of recipe has to provide. A recipe is a short JSON file:
 *
 *     { "kind": "classify", "seed": 1, "length": { "epochs": 5 }, "optimiser": { "learningRate": 1e-3 }, … }
 *
 * Each kind adds fields of its own (model, data, losses) to these. Paths in a recipe are relative to its file.
 */
import { z } from "zod";
import type { Device } from "../runtime/session.ts";
import type { OutsideLoss, TrainableModel, Validation, BatchSource } from "./model.ts";
import type { TrainerOptions, TrainingResult } from "./training-options.ts";

const positive = z.number().positive();
const wholePositive = z.number().int().positive();
const share = z.number().min(0).max(1);

/** Fields of every recipe; a kind's schema is `commonRecipeSchema.extend({ kind: z.literal("…"), … }).strict()`. */
export const commonRecipeSchema = z.object({
  seed: z.number().int().min(0).default(1),
  length: z.union([z.strictObject({ steps: wholePositive }), z.strictObject({ epochs: wholePositive })]),
  optimiser: z.strictObject({
    learningRate: positive,
    weightDecay: z.number().min(0).optional(),
    beta1: share.optional(),
    beta2: share.optional(),
    epsilon: positive.optional(),
    clip: positive.optional(),
  }),
  schedule: z
    .strictObject({
      kind: z.enum(["constant", "linear", "cosine"]),
      warmUpSteps: z.number().int().min(0).optional(),
      final: share.optional(),
    })
    .optional(),
  microBatches: wholePositive.optional(),
  validateEvery: wholePositive.optional(),
  patience: wholePositive.optional(),
  checkpointEvery: wholePositive.optional(),
  frozen: z.array(z.string()).optional(),
  initial: z.string().optional().describe("A safetensors file whose parameters training begins with."),
});
export type CommonRecipe = z.infer<typeof commonRecipeSchema>;

/** Where and how a recipe runs; none of it changes what is computed but for rounding. */
export interface RecipeContext {
  /** The recipe's folder: what its paths are relative to. */
  readonly folder: string;
  /** The run's folder, for files of the kind's own beside those of the trainer. */
  readonly runFolder: string;
  readonly device: Device;
  readonly threads: number | undefined;
  readonly cacheFolder: string | undefined;
  readonly offline: boolean;
  readonly signal: AbortSignal | undefined;
  /** Tells a person what is being done, such as computing frames, with what part of it is done (0 to 1). */
  onProgress(what: string, fraction: number | null): void;
  /** Tells a person of something that may be wrong, such as a sample left out, and why. Also goes to the log. */
  onWarning(message: string): void;
}

/** What a kind makes of a recipe. */
export interface PreparedRecipe<Targets = unknown> extends Partial<AsyncDisposable> {
  readonly model: TrainableModel;
  readonly loss?: OutsideLoss<Targets>;
  readonly training: BatchSource<Targets>;
  readonly validation?: Validation<Targets>;
  /** For the record of the run; any JSON. */
  readonly data?: unknown;
  /** Trainer's options that the kind decides itself, over the recipe's. */
  readonly options?: Partial<Pick<TrainerOptions, "initial" | "frozen">>;
  /**
   * After training: writes what using the model needs beside `model.safetensors`, measures test sets.
   * @returns final numbers for the record of the run; any JSON
   */
  finish?(result: TrainingResult): Promise<unknown>;
}

/** One kind of recipe. */
export interface RecipeKind<
  Recipe extends CommonRecipe & { kind: string } = CommonRecipe & { kind: string },
> {
  readonly kind: Recipe["kind"];
  readonly schema: z.ZodType<Recipe>;
  // Targets are the business of the kind alone: its source makes them and its losses read them.
  // oxlint-disable-next-line no-explicit-any
  prepare(recipe: Recipe, context: RecipeContext): Promise<PreparedRecipe<any>>;
}
