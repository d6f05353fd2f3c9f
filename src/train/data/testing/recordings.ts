/** Data sets of tones, and a model whose frames tell what it heard. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeWav } from "../../../audio/encode-wav.ts";
import type { AudioFrames } from "../../../models/speech-model.ts";
import { LetterModel } from "../../../recognise/testing/letter-model.ts";

export interface Recording {
  id?: string;
  text: string | null;
  seconds: number;
  language?: string;
  speaker?: string;
  /** Default 0.25; 0 is silence. */
  loudness?: number;
}

/** Writes a manifest with a WAV file for every recording. @returns the manifest's path */
export async function writeRecordings(folder: string, recordings: readonly Recording[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const rows: string[] = [];
  for (const [i, { seconds, loudness = 0.25, ...row }] of recordings.entries()) {
    const audio = `${i}.wav`;
    const samples = Float32Array.from(
      { length: seconds * 16_000 },
      (_, n) => loudness * Math.sin(n / (5 + i)),
    );
    await writeFile(join(folder, audio), encodeWav(samples, 16_000));
    rows.push(JSON.stringify({ audio, language: "en", ...row }));
  }
  return writeManifest(join(folder, "manifest.jsonl"), rows);
}

export async function writeManifest(path: string, lines: readonly string[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

/** Encodes every 20 ms into its loudness and its place in the window. */
export class LoudnessModel extends LetterModel {
  /** Lengths of the windows in seconds. */
  readonly windows: number[] = [];

  constructor() {
    super([]);
  }

  override async encode(samples: Float32Array): Promise<AudioFrames & { window: number }> {
    const frames = Math.ceil(samples.length / 320);
    const data = new Float32Array(frames * 2);
    for (let frame = 0; frame < frames; frame++) {
      const part = samples.subarray(frame * 320, frame * 320 + 320);
      data[2 * frame] = Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length);
      data[2 * frame + 1] = frame;
    }
    this.windows.push(samples.length / 16_000);
    const durationSeconds = samples.length / 16_000;
    return { window: 0, data, frames, width: 2, durationSeconds, [Symbol.dispose]() {} };
  }
}
