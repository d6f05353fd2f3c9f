/** Kaldi data folders: `wav.scp`, `text`, and where they are there `utt2spk` and `utt2dur`. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { GlossaError } from "../../errors.ts";
import { readLines, splitKey, type PlacedLine } from "./text-file.ts";
import type { DataRow, ReadData, ReaderOptions } from "./utterance.ts";

/** @throws GlossaError `unreadable-input` */
export async function readKaldi(folder: string, options: ReaderOptions): Promise<ReadData> {
  if (await exists(join(folder, "segments"))) {
    throw new GlossaError(
      "unreadable-input",
      `${join(folder, "segments")}: recordings with segments are not read; cut them into files first`,
    );
  }
  const texts = await readTable(join(folder, "text"));
  const speakers = await readTable(join(folder, "utt2spk"));
  const durations = await readTable(join(folder, "utt2dur"));
  const ids = new Set<string>();
  const rows = (await readLines(join(folder, "wav.scp"))).map(({ place, line }): DataRow => {
    const { key: id, rest: path } = splitKey(line);
    ids.add(id);
    const problem = refusal(path) ?? (texts && !texts.has(id) ? `${id} has no line in text` : null);
    if (problem !== null) return { place, problem };
    const duration = Number(durations?.get(id)?.rest);
    return {
      place,
      utterance: {
        id,
        audio: resolve(options.audioRoot ?? folder, path),
        text: texts?.get(id)?.rest ?? null,
        speaker: speakers?.get(id)?.rest,
        durationSeconds: duration > 0 ? duration : undefined,
      },
    };
  });
  for (const [id, { place }] of texts ?? []) {
    if (!ids.has(id)) rows.push({ place, problem: `${id} has no line in wav.scp` });
  }
  return { rows };
}

function refusal(path: string): string | null {
  if (path === "") return "has no audio path";
  if (path.endsWith("|")) return `is a command (${path}), which is not run; write its output to a file first`;
  if (/\.ark:\d+$/.test(path)) return `is part of an archive (${path}); copy it to a file first`;
  return null;
}

/** Null when there is no such file. */
async function readTable(file: string): Promise<Map<string, { place: string; rest: string }> | null> {
  if (!(await exists(file))) return null;
  const entry = ({ place, line }: PlacedLine) => {
    const { key, rest } = splitKey(line);
    return [key, { place, rest }] as const;
  };
  return new Map((await readLines(file)).map(entry));
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}
