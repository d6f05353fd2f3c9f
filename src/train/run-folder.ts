/**
 * The folder of a run: what was asked for, the log as it grows, checkpoints, the model, and how to make it all again.
 */
import { appendFile, mkdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import type { FloatTensor, NamedTensors } from "../weights/float-tensor.ts";
import { openSafetensors, readSafetensorsMetadata } from "../weights/safetensors.ts";
import { writeSafetensors } from "../weights/write-safetensors.ts";
import { renderCurves } from "./curves.ts";

/** Files of a run, in its folder. */
export const runFiles = {
  /** The recipe as it was run, with everything set on top of it. */
  recipe: "recipe.json",
  /** Versions, machine, seed, command, data, and at the end the final numbers (`RunRecord`). */
  run: "run.json",
  /** One JSON object a line: steps, validations, and what else happened. */
  log: "log.jsonl",
  /** The log as a self-contained page. */
  curves: "curves.html",
  /** Everything from which the run goes on: parameters, moments, position. */
  checkpoint: "checkpoint.safetensors",
  /** Parameters of the best validation, or of the end where there is no validation. The model to use. */
  model: "model.safetensors",
} as const;

const numbers = z.record(z.string(), z.number());

/** The best state so far. */
const bestSchema = z.object({ step: z.number(), validation: numbers.nullable() });

/** `run.json` */
export const runRecordSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  /** How many numbers are trained. */
  parameters: z.number(),
  seed: z.number(),
  /** The exact command that makes this run again. */
  command: z.string(),
  versions: z.record(z.string(), z.string()),
  machine: z.object({
    platform: z.string(),
    cpu: z.string(),
    cores: z.number(),
    device: z.string(),
    threads: z.number().nullable(),
  }),
  data: z.unknown(),
  startedAt: z.string().describe("ISO 8601"),
  finishedAt: z.string().nullable().describe("ISO 8601; null until the recipe has measured everything."),
  result: z
    .object({
      step: z.number(),
      ended: z.enum(["finished", "early"]),
      best: bestSchema,
      loss: z.number(),
      seconds: z.number().describe("Spent training, without what was lost when a process ended."),
    })
    .nullable(),
  /** What the recipe measured at the end. */
  final: z.unknown(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Where a run stands: what a checkpoint holds beside tensors. */
export const positionSchema = z.object({
  version: z.literal(1),
  step: z.number(),
  /** The batch that comes next. What is random follows from the seed, the step, and these two. */
  epoch: z.number(),
  batch: z.number(),
  seed: z.number(),
  best: bestSchema.nullable(),
  /** Validations since the best one. */
  withoutGain: z.number(),
  /** The last validation's numbers. */
  validation: numbers.nullable(),
  loss: z.number().nullable(),
  seconds: z.number(),
  /** Length of the log when the checkpoint was made. */
  logBytes: z.number(),
});
export type Position = z.infer<typeof positionSchema>;

/** One line of the log. */
export type LogEntry =
  | {
      type: "step";
      step: number;
      epoch: number;
      loss: number;
      learningRate: number;
      gradientNorm: number;
      seconds: number;
      samples: number;
    }
  | { type: "validation"; step: number; epoch: number; numbers: Record<string, number>; isBest: boolean }
  | { type: "resumed"; step: number; at: string }
  | { type: "warning"; message: string };

export class RunFolder {
  readonly path: string;
  #record: RunRecord;
  #logBytes = 0;

  private constructor(path: string, record: RunRecord) {
    this.path = path;
    this.#record = record;
  }

  /**
   * Begins a run, or goes on with the one in the folder.
   *
   * @param recipe as it is run; a run goes on only with the same
   * @returns the folder and where the run stands; null at the beginning
   * @throws GlossaError `invalid-argument` when the folder holds a run and `resume` is not set, or one with another
   *   recipe; `unreadable-input`, `model-corrupt` when it is damaged; `write-failed`
   */
  static async open(
    path: string,
    record: RunRecord,
    recipe: unknown,
    resume: boolean,
  ): Promise<{ folder: RunFolder; position: Position | null }> {
    await writing(path, () => mkdir(path, { recursive: true }));
    const earlier = await readJson(join(path, runFiles.run));
    if (earlier === null) {
      const folder = new RunFolder(path, record);
      await folder.writeJson(runFiles.recipe, recipe);
      await folder.#cutLog(0);
      await folder.#writeRecord();
      return { folder, position: null };
    }
    if (!resume) {
      throw new GlossaError(
        "invalid-argument",
        `${path} holds a run already; go on with it by --resume, or choose another --output`,
      );
    }
    const known = parsed(runRecordSchema, earlier, join(path, runFiles.run));
    refuseOtherRecipe(path, await readJson(join(path, runFiles.recipe)), recipe);
    const folder = new RunFolder(path, { ...known, machine: record.machine, versions: record.versions });
    const position = await folder.#position();
    await folder.#cutLog(position?.logBytes ?? 0);
    return { folder, position };
  }

  /** The folder of a run whose training is done. @throws GlossaError `unreadable-input` */
  static async reopen(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path, await readRunRecord(path));
    folder.#logBytes = (await stat(folder.file(runFiles.log))).size;
    return folder;
  }

  get record(): RunRecord {
    return this.#record;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** @throws GlossaError `write-failed` */
  async log(entry: LogEntry): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    await writing(this.file(runFiles.log), () => appendFile(this.file(runFiles.log), line));
    this.#logBytes += Buffer.byteLength(line);
  }

  /** The log so far. */
  async entries(): Promise<LogEntry[]> {
    const text = await readFile(this.file(runFiles.log), "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LogEntry);
  }

  /** Writes everything that the run needs to go on. @throws GlossaError `write-failed`; an older checkpoint stays */
  async saveCheckpoint(
    tensors: ReadonlyMap<string, FloatTensor>,
    position: Omit<Position, "version" | "logBytes">,
  ): Promise<void> {
    const whole: Position = { version: 1, ...position, logBytes: this.#logBytes };
    await writeSafetensors(this.file(runFiles.checkpoint), tensors, { position: JSON.stringify(whole) });
  }

  /** The tensors of the checkpoint. */
  openCheckpoint(): NamedTensors {
    return openSafetensors(this.file(runFiles.checkpoint));
  }

  /** Writes the model to use. @throws GlossaError `write-failed` */
  async saveModel(tensors: ReadonlyMap<string, FloatTensor>, best: RunRecordBest): Promise<void> {
    await writeSafetensors(this.file(runFiles.model), tensors, {
      model: this.#record.model,
      step: String(best.step),
      validation: JSON.stringify(best.validation),
    });
  }

  /** Draws the log. @throws GlossaError `write-failed` */
  async saveCurves(): Promise<void> {
    const page = renderCurves(await this.entries(), this.#record);
    await writing(this.file(runFiles.curves), () => writeFileAtomic(this.file(runFiles.curves), page));
  }

  /** Notes the end of the training, or of the whole run. @throws GlossaError `write-failed` */
  async update(changes: Partial<Pick<RunRecord, "result" | "finishedAt" | "final">>): Promise<void> {
    this.#record = { ...this.#record, ...changes };
    await this.#writeRecord();
  }

  /** @throws GlossaError `write-failed` */
  async writeJson(name: string, content: unknown): Promise<void> {
    const path = this.file(name);
    await writing(path, () => writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`));
  }

  async #writeRecord(): Promise<void> {
    await this.writeJson(runFiles.run, this.#record);
  }

  async #position(): Promise<Position | null> {
    const path = this.file(runFiles.checkpoint);
    const exists = await stat(path).then(
      () => true,
      () => false,
    );
    if (!exists) return null;
    const { position } = readSafetensorsMetadata(path);
    return parsed(positionSchema, position === undefined ? null : JSON.parse(position), path);
  }

  /** Takes away what was logged after the checkpoint: those steps come again. */
  async #cutLog(bytes: number): Promise<void> {
    const path = this.file(runFiles.log);
    await writing(path, async () => {
      await appendFile(path, "");
      const { size } = await stat(path);
      if (size < bytes) {
        throw new GlossaError("unreadable-input", `${path} is shorter than when the checkpoint was made`);
      }
      await truncate(path, bytes);
    });
    this.#logBytes = bytes;
  }
}

type RunRecordBest = z.infer<typeof bestSchema>;

/** @throws GlossaError `unreadable-input` when the folder holds no run, or a damaged one */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, runFiles.run);
  const record = await readJson(path);
  if (record === null) {
    throw new GlossaError("unreadable-input", `${folder}: no run of glossa train in it (no ${runFiles.run})`);
  }
  return parsed(runRecordSchema, record, path);
}

function refuseOtherRecipe(path: string, earlier: unknown, recipe: unknown): void {
  // As it would come back from the file.
  const now = JSON.parse(JSON.stringify(recipe)) as unknown;
  if (isDeepStrictEqual(earlier, now)) return;
  const fields = (value: unknown) =>
    typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const [before, after] = [fields(earlier), fields(now)];
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => `${name}: ${JSON.stringify(before[name])}, now ${JSON.stringify(after[name])}`);
  throw new GlossaError(
    "invalid-argument",
    `${path} holds a run of another recipe (${changes.join("; ")}); choose another --output, or remove it`,
  );
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw new GlossaError("unreadable-input", `${path}: cannot read it: ${cause.message}`, { cause });
  });
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${path}: no JSON: ${(cause as Error).message}`, { cause });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new GlossaError(
    "unreadable-input",
    `${place}: not as glossa train writes it: ${z.prettifyError(result.error)}`,
    { cause: result.error },
  );
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    throw new GlossaError("write-failed", `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
