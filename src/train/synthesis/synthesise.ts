/**
 * Speech for training out of text: every text in some voices, as WAV files with a manifest that `glossa train prepare` reads. What
 * is there already is not spoken again, so that a run that was stopped goes on.
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { encodeWav } from "../../audio/encode-wav.ts";
import { Resampler } from "../../audio/resample.ts";
import { GlossaError } from "../../errors.ts";
import { power } from "../../eval/perturb.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { randomGenerator } from "../../random.ts";
import { shuffled } from "../data/batch-loader.ts";
import type { Synthesiser } from "./synthesiser.ts";

const sampleRate = 16_000;
/** Below this a program has written silence. */
const leastPower = 1e-7;

/** A text to be spoken. */
export interface TextToSpeak {
  readonly text: string;
  /** ISO 639-1 code. */
  readonly language: string;
  /** Where it stands: `sentences.txt:12`. */
  readonly place: string;
}

export interface SynthesiseOptions {
  texts: readonly TextToSpeak[];
  synthesiser: Synthesiser;
  /** Holds `manifest.jsonl` and `audio/` afterwards. */
  folder: string;
  /** Those of other languages speak with their accent. Default: all of the text's language. */
  voices?: readonly string[];
  /** How many voices speak each text; default 1. */
  voicesPerText?: number;
  /** Range that each utterance's speed is drawn from; default 0.9 to 1.1. */
  speed?: readonly [number, number];
  /** For voices and speeds; default 0. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?(progress: SynthesisProgress): void;
}

export interface SynthesisProgress {
  done: number;
  total: number;
  /** Seconds of speech made in this run. */
  spokenSeconds: number;
}

export interface SynthesisResult {
  manifest: string;
  /** Utterances made in this run, and found made. */
  made: number;
  found: number;
  spokenSeconds: number;
  /** Texts that could not be spoken, and why. */
  problems: string[];
}

/**
 * @throws GlossaError `invalid-argument` when there is no voice, `write-failed`; the first text's error when no text at all can be
 *   spoken; the signal's reason
 */
export async function synthesise(options: SynthesiseOptions): Promise<SynthesisResult> {
  const { texts, synthesiser, folder, signal, voicesPerText = 1, speed = [0.9, 1.1], seed = 0 } = options;
  const manifest = join(folder, "manifest.jsonl");
  await writing(folder, () => mkdir(join(folder, "audio"), { recursive: true }));
  const existing = await readExisting(manifest);
  const problems: string[] = [];
  let [made, found, spokenSeconds, done] = [0, 0, 0, 0];
  let firstError: unknown;
  const wanted = texts.flatMap((item) => {
    const random = randomGenerator(seedOf(seed, `${item.language} ${item.text}`));
    const voices = voicesFor(item, options);
    return shuffled(voices, random)
      .slice(0, voicesPerText)
      .map((voice) => {
        const factor = Math.round(100 * (speed[0] + (speed[1] - speed[0]) * random())) / 100;
        return { ...item, voice, speed: factor, id: idOf(item, voice, synthesiser.name) };
      });
  });
  const report = () => options.onProgress?.({ done, total: wanted.length, spokenSeconds });
  for (const { id, text, language, place, voice, speed: factor } of wanted) {
    signal?.throwIfAborted();
    const audio = `audio/${id}.wav`;
    if (existing.has(id) && (await stat(join(folder, audio)).catch(() => null)) !== null) {
      found++;
      done++;
      continue;
    }
    report();
    signal?.throwIfAborted();
    let samples: Float32Array;
    try {
      const spoken = await synthesiser.speak(text, { voice, language, speed: factor, signal });
      samples = resampled(spoken.samples, spoken.sampleRate);
      if (power(samples) < leastPower) throw new GlossaError("runtime-failed", "only silence came out");
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof GlossaError)) throw error;
      firstError ??= error;
      problems.push(`${place}: "${shortened(text)}" (${voice}): ${error.message}`);
      done++;
      continue;
    }
    const duration = Math.round((1000 * samples.length) / sampleRate) / 1000;
    const row = {
      id,
      audio,
      text,
      language,
      duration,
      speaker: `${synthesiser.name} ${voice}`,
      source: `synthetic: ${synthesiser.name}`,
    };
    await writing(folder, async () => {
      await writeFileAtomic(join(folder, audio), Buffer.from(encodeWav(samples, sampleRate)));
      if (!existing.has(id)) await appendFile(manifest, `${JSON.stringify(row)}\n`);
    });
    made++;
    done++;
    spokenSeconds += duration;
  }
  report();
  // Nothing at all: the program is missing, or a setting is wrong.
  if (made + found === 0 && firstError !== undefined) throw firstError;
  return { manifest, made, found, spokenSeconds, problems };
}

function voicesFor(
  { language, place }: TextToSpeak,
  { synthesiser, voices }: SynthesiseOptions,
): readonly string[] {
  const own = synthesiser.voicesOf(language);
  if (own.length === 0) {
    throw new GlossaError("invalid-argument", `${place}: ${synthesiser.name} does not speak ${language}`);
  }
  const unknown = voices?.filter((voice) => !synthesiser.voices.includes(voice)) ?? [];
  if (unknown.length > 0) {
    throw new GlossaError(
      "invalid-argument",
      `${synthesiser.name} has no voice ${unknown.join(", ")}; of ${language} there are ${own.join(", ")}`,
    );
  }
  return voices ?? own;
}

/** The same text in the same voice is the same utterance, wherever it stands. */
function idOf({ text, language }: TextToSpeak, voice: string, name: string): string {
  return createHash("sha256")
    .update(JSON.stringify([name, voice, language, text]))
    .digest("hex")
    .slice(0, 16);
}

/** Ids of the rows that are there; what a stop left half written is cut off. */
async function readExisting(manifest: string): Promise<Set<string>> {
  const bytes = await readFile(manifest).catch(() => null);
  if (bytes === null) return new Set();
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) await truncate(manifest, whole);
  const ids = new Set<string>();
  for (const [number, line] of bytes.toString("utf8", 0, whole).split("\n").entries()) {
    if (line === "") continue;
    try {
      ids.add((JSON.parse(line) as { id: string }).id);
    } catch (cause) {
      throw new GlossaError("unreadable-input", `${manifest}:${number + 1} is no JSON; name another folder`, {
        cause,
      });
    }
  }
  return ids;
}

function resampled(samples: Float32Array, rate: number): Float32Array {
  if (rate === sampleRate) return samples;
  const resampler = new Resampler(rate, sampleRate);
  const parts = [resampler.push(samples), resampler.flush()];
  const result = new Float32Array(parts[0]!.length + parts[1]!.length);
  result.set(parts[0]!);
  result.set(parts[1]!, parts[0]!.length);
  return result;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isFull = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    const why = isFull ? "the disk is full" : (cause as Error).message;
    throw new GlossaError("write-failed", `cannot write to ${folder}: ${why}`, { cause });
  }
}
