/**
 * The folder of a run: `run.json` and `utterances.jsonl`, which grows by one line an utterance, so that a run that was
 * stopped goes on where it was.
 */
import { appendFile, mkdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import writeFileAtomic from "write-file-atomic";
import type { z } from "zod";
import { GlossaError } from "../errors.ts";
import { runRecordSchema, utteranceRecordSchema, type RunRecord, type UtteranceRecord } from "./records.ts";

const runFile = "run.json";
const utterancesFile = "utterances.jsonl";

export interface StoredRun {
  run: RunRecord;
  /** One record for every utterance, the last one written. */
  utterances: UtteranceRecord[];
}

/** @throws GlossaError `unreadable-input` when the folder holds no run, or lines that are none of its records */
export async function readRun(folder: string): Promise<StoredRun> {
  const stored = await readRunFile(folder);
  if (stored === null) {
    throw new GlossaError("unreadable-input", `${folder}: no run of glossa eval in it (no ${runFile})`);
  }
  return { run: stored, utterances: (await readUtterances(folder)).records };
}

/** Writes a run as it goes. */
export class RunFolder {
  readonly path: string;
  #run: RunRecord;
  readonly #records: Map<string, UtteranceRecord>;

  private constructor(path: string, run: RunRecord, records: readonly UtteranceRecord[]) {
    this.path = path;
    this.#run = run;
    this.#records = new Map(records.map((record) => [record.id, record]));
  }

  /**
   * Begins a run, or goes on with one that has the same settings.
   *
   * @throws GlossaError `invalid-argument` when the folder holds a run with other settings, `unreadable-input` when it
   *   holds a damaged one, `write-failed`
   */
  static async open(path: string, run: RunRecord): Promise<RunFolder> {
    await writing(path, () => mkdir(path, { recursive: true }));
    const earlier = await readRunFile(path);
    if (earlier !== null) refuseOtherSettings(path, earlier, run);
    const { records, completeBytes } =
      earlier === null ? { records: [], completeBytes: 0 } : await readUtterances(path);
    const current =
      earlier === null
        ? run
        : { ...run, startedAt: earlier.startedAt, peakMemoryMegabytes: earlier.peakMemoryMegabytes };
    await writing(path, async () => {
      await writeFileAtomic(join(path, runFile), `${JSON.stringify(current, null, 2)}\n`);
      const file = join(path, utterancesFile);
      await appendFile(file, "");
      // The last line of a process that was killed may be half written.
      await truncate(file, completeBytes);
    });
    return new RunFolder(path, current, records);
  }

  /** Utterances that are done; those that failed are not, and are tried again. */
  isDone(id: string): boolean {
    const record = this.#records.get(id);
    return record !== undefined && record.error === undefined;
  }

  /** @throws GlossaError `write-failed` */
  async append(record: UtteranceRecord): Promise<void> {
    await writing(this.path, () =>
      appendFile(join(this.path, utterancesFile), `${JSON.stringify(record)}\n`),
    );
    this.#records.set(record.id, record);
  }

  /** Notes the end of a session. @throws GlossaError `write-failed` */
  async update(end: Pick<RunRecord, "finishedAt" | "peakMemoryMegabytes">): Promise<void> {
    const peaks = [this.#run.peakMemoryMegabytes, end.peakMemoryMegabytes].filter((peak) => peak !== null);
    this.#run = {
      ...this.#run,
      finishedAt: end.finishedAt,
      peakMemoryMegabytes: peaks.length === 0 ? null : Math.max(...peaks),
    };
    const text = `${JSON.stringify(this.#run, null, 2)}\n`;
    await writing(this.path, () => writeFileAtomic(join(this.path, runFile), text));
  }

  /** The run so far. @param order ids in the order in which records are wanted */
  stored(order: readonly string[]): StoredRun {
    return { run: this.#run, utterances: order.flatMap((id) => this.#records.get(id) ?? []) };
  }
}

function refuseOtherSettings(path: string, earlier: RunRecord, run: RunRecord): void {
  // As they would come back from the file.
  const settings = JSON.parse(JSON.stringify(run.settings)) as RunRecord["settings"];
  const names = Object.keys(settings) as (keyof RunRecord["settings"])[];
  const different = names.filter((name) => !isDeepStrictEqual(earlier.settings[name], settings[name]));
  if (different.length === 0) return;
  const changes = different.map((name) => {
    const [before, now] = [earlier.settings[name], settings[name]].map((value) => JSON.stringify(value));
    return name.toLowerCase().endsWith("fingerprint")
      ? `${name} (other utterances or terms)`
      : `${name}: ${before}, now ${now}`;
  });
  throw new GlossaError(
    "invalid-argument",
    `${path} holds a run with other settings (${changes.join("; ")}); choose another --output, or remove it`,
  );
}

async function readRunFile(folder: string): Promise<RunRecord | null> {
  const path = join(folder, runFile);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return null;
    throw new GlossaError("unreadable-input", `${path}: cannot read it: ${cause.message}`, { cause });
  });
  return text === null ? null : parsed(text, runRecordSchema, path);
}

/** @returns the records, and the length in bytes of all complete lines */
async function readUtterances(
  folder: string,
): Promise<{ records: UtteranceRecord[]; completeBytes: number }> {
  const path = join(folder, utterancesFile);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return Buffer.alloc(0);
    throw new GlossaError("unreadable-input", `${path}: cannot read it: ${cause.message}`, { cause });
  });
  const completeBytes = bytes.lastIndexOf("\n") + 1;
  const records = new Map<string, UtteranceRecord>();
  for (const [index, line] of bytes.toString("utf8", 0, completeBytes).split("\n").entries()) {
    if (line === "") continue;
    const record = parsed(line, utteranceRecordSchema, `${path}:${index + 1}`);
    records.set(record.id, record);
  }
  return { records: [...records.values()], completeBytes };
}

function parsed<T extends z.ZodType>(text: string, schema: T, place: string): z.infer<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GlossaError(
      "unreadable-input",
      `${place}: not as glossa eval writes it: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw new GlossaError("write-failed", `cannot write to ${path}: ${(cause as Error).message}`, { cause });
  }
}
