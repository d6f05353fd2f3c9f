/**
 * How far the times of words are from the truth, by attention and by CTC heads, on the same words:
 *
 *     npx tsx tools/measure-alignment.ts --head runs/ctc-head --texts ../shared/data/train/librispeech-dev-clean \
 *       --real ../shared/data/en-lj001-long
 *
 * The truth for every word is synthetic speech of `flite`, which tells where each sound begins; for real speech, recordings whose
 * segments have times: their first and last words. Constant offsets are fitted on every second recording and measured on the others.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { readSamples } from "../src/audio/read-samples.ts";
import { loadDataSet } from "../src/eval/datasets/load-data-set.ts";
import { randomGenerator } from "../src/random.ts";
import { type AlignedWord, alignText } from "../src/recognise/align-text.ts";
import { loadSpeechModel } from "../src/recognise/load-model.ts";
import { shuffled } from "../src/train/data/batch-loader.ts";
import { CtcAligner } from "../src/train/use-head.ts";

const sampleRate = 16_000;
const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    head: { type: "string", multiple: true, default: [] },
    recogniser: { type: "string", default: "whisper-base" },
    "heads-only": { type: "boolean", default: false },
    texts: { type: "string", multiple: true, default: [] },
    sentences: { type: "string", default: "60" },
    voices: { type: "string", default: "slt,rms,awb,kal16" },
    real: { type: "string", multiple: true, default: [] },
    every: { type: "string", default: "1" },
    threads: { type: "string", default: "2" },
  },
});
const threads = Number(values.threads);

/** Where a word is; null where the truth is not known. */
interface TrueWord {
  readonly start: number | null;
  readonly end: number | null;
}

interface Recording {
  readonly samples: Float32Array;
  readonly text: string;
  /** As many as the text has words between spaces. */
  readonly words: readonly TrueWord[];
}

/** Sounds of a text and where they end, in seconds. Pauses are `pau`. */
async function soundsOf(
  voice: string,
  text: string,
  output: string,
): Promise<{ name: string; end: number }[]> {
  const { stdout } = await run("flite", ["-voice", voice, "-psdur", "-t", text, "-o", output]);
  return stdout
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [name, end] = entry.split(":") as [string, string];
      return { name, end: Number(end) };
    });
}

const soundCounts = new Map<string, Promise<number>>();

/** How many sounds a word has when it is said alone: in a sentence it has as many, though perhaps others. */
function soundCount(word: string, folder: string): Promise<number> {
  const known = soundCounts.get(word);
  if (known) return known;
  const count = soundsOf("kal", word, join(folder, "word.wav")).then(
    (sounds) => sounds.filter(({ name }) => name !== "pau").length,
  );
  soundCounts.set(word, count);
  return count;
}

/** @returns null where the sounds of the sentence are not those of its words one by one */
async function spoken(text: string, voice: string, folder: string): Promise<Recording | null> {
  const path = join(folder, "sentence.wav");
  const sounds = await soundsOf(voice, text, path);
  const counts = [];
  for (const word of text.split(" ")) counts.push(await soundCount(word.replace(/[^A-Za-z]/g, ""), folder));
  const placed = sounds.flatMap(({ name, end }, i) =>
    name === "pau" ? [] : [{ start: sounds[i - 1]?.end ?? 0, end }],
  );
  if (counts.reduce((a, b) => a + b, 0) !== placed.length) return null;
  let at = 0;
  const words = counts.map((count) => {
    const own = placed.slice(at, (at += count));
    return { start: own[0]!.start, end: own.at(-1)!.end };
  });
  return { samples: await readSamples(path), text, words };
}

async function synthetic(): Promise<Recording[]> {
  const texts = [];
  for (const path of values.texts) {
    for (const { text } of (await loadDataSet(path)).utterances) if (text) texts.push(text);
  }
  // flite makes two words of those with an apostrophe, and more of numbers.
  const plain = texts
    .map((text) => text.toLowerCase().trim().replace(/\s+/g, " "))
    .filter((text) => /^[a-z]+[,;.?!]?( [a-z]+[,;.?!]?)*$/.test(text))
    .filter((text) => text.split(" ").length >= 5 && text.split(" ").length <= 30);
  const folder = await mkdtemp(join(tmpdir(), "glossa-alignment-"));
  const voices = values.voices.split(",");
  const recordings: Recording[] = [];
  let odd = 0;
  try {
    for (const text of shuffled(plain, randomGenerator(1))) {
      if (recordings.length === Number(values.sentences)) break;
      const recording = await spoken(text, voices[recordings.length % voices.length]!, folder);
      if (recording) recordings.push(recording);
      else odd++;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  console.log(`${odd} sentences left out: their sounds are not those of their words`);
  return recordings;
}

/** Longest piece of a real recording, in seconds: attention hears 30 at once. */
const longestPiece = 29;

/** Segments of recordings, as many together as are heard at once. Their bounds are moved inwards to where something is to be heard. */
async function real(): Promise<Recording[]> {
  const recordings: Recording[] = [];
  for (const path of values.real) {
    for (const { audio, segments } of (await loadDataSet(path)).utterances) {
      if (!segments) throw new Error(`${path}: its recordings have no segments with times`);
      const endOf = (at: number) => segments[at]!.end ?? segments[at + 1]!.start;
      const samples = await readSamples(audio);
      let first = 0;
      while (first < segments.length) {
        let last = first;
        const { start } = segments[first]!;
        while (last + 1 < segments.length && endOf(last + 1) - start < longestPiece) last++;
        const own = segments.slice(first, last + 1);
        // Some of the silence around it, as a recording has it.
        const from = Math.max(0, start - 0.15);
        const to = endOf(last) + 0.15;
        const words = own.flatMap((segment, i) => {
          const bounds = audible(samples, segment.start, endOf(first + i));
          const count = segment.text.trim().split(/\s+/).length;
          return Array.from({ length: count }, (_, word) => ({
            start: word === 0 ? bounds.start - from : null,
            end: word === count - 1 ? bounds.end - from : null,
          }));
        });
        const text = own.map((segment) => segment.text.trim()).join(" ");
        const piece = samples.slice(Math.round(from * sampleRate), Math.round(to * sampleRate));
        recordings.push({ samples: piece, text, words });
        first = last + 1;
      }
    }
  }
  return recordings.filter((_, i) => i % Number(values.every) === 0);
}

/** Where something is louder than 35 dB below the loudest 10 ms. */
function audible(samples: Float32Array, start: number, end: number): { start: number; end: number } {
  const step = sampleRate / 100;
  const from = Math.round(start * sampleRate);
  const powers: number[] = [];
  for (let at = from; at + step <= Math.round(end * sampleRate); at += step) {
    let sum = 0;
    for (let i = at; i < at + step; i++) sum += samples[i]! ** 2;
    powers.push(sum);
  }
  const least = Math.max(...powers) * 10 ** -3.5;
  const first = powers.findIndex((power) => power >= least);
  const last = powers.findLastIndex((power) => power >= least);
  return { start: start + first / 100, end: start + (last + 1) / 100 };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

type Side = "start" | "end";
/** Signed errors in seconds: what was found less what is true. */
type Errors = Record<Side, number[]>;

async function errorsOf(
  recordings: readonly Recording[],
  align: (recording: Recording) => Promise<AlignedWord[]>,
): Promise<Errors[]> {
  const all: Errors[] = [];
  for (const recording of recordings) {
    const found = await align(recording);
    if (found.length !== recording.words.length) {
      throw new Error(`${found.length} words were found of ${recording.words.length}: ${recording.text}`);
    }
    const side = (name: Side) =>
      recording.words.flatMap((word, i) => (word[name] === null ? [] : [found[i]![name] - word[name]]));
    all.push({ start: side("start"), end: side("end") });
  }
  return all;
}

function line(name: string, signed: readonly number[]): void {
  const errors = signed.map(Math.abs).sort((a, b) => a - b);
  const share = (limit: number) => errors.filter((error) => error <= limit).length / errors.length;
  const ms = (seconds: number) => (1000 * seconds).toFixed(0);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const cells = [
    name,
    errors.length,
    ms(median(signed)),
    ms(median(errors)),
    ms(mean),
    ms(errors[Math.ceil(0.95 * errors.length) - 1]!),
    `${(100 * share(0.05)).toFixed(0)} %`,
    `${(100 * share(0.1)).toFixed(0)} %`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

function report(name: string, all: readonly Errors[]): void {
  const half = (rest: number) => all.filter((_, i) => i % 2 === rest);
  for (const side of ["start", "end"] as const) {
    line(
      `${name}, ${side}s`,
      all.flatMap((errors) => errors[side]),
    );
    // Behind silence, as the words of real segments are.
    line(
      `${name}, ${side} of a recording`,
      all.flatMap((errors) => errors[side].at(side === "start" ? 0 : -1) ?? []),
    );
    const offset = median(half(0).flatMap((errors) => errors[side]));
    const rest = half(1).flatMap((errors) => errors[side]);
    line(`${name}, ${side}s, other half`, rest);
    line(
      `${name}, ${side}s, other half, less ${(1000 * offset).toFixed(0)} ms`,
      rest.map((error) => error - offset),
    );
  }
}

for (const [name, recordings] of [
  ["flite", await synthetic()],
  ["real", await real()],
] as const) {
  if (recordings.length === 0) continue;
  const seconds = recordings.reduce((sum, { samples }) => sum + samples.length, 0) / sampleRate;
  console.log(`\n${name}: ${recordings.length} recordings, ${(seconds / 60).toFixed(1)} min\n`);
  console.log("| times | words | off by (median) | median | mean | 95 % | ≤ 50 ms | ≤ 100 ms |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  if (!values["heads-only"]) {
    await using model = await loadSpeechModel({ model: values.recogniser, threads });
    report(
      "attention",
      await errorsOf(recordings, ({ samples, text }) =>
        alignText(model, { samples, sampleRate }, text, { language: "en" }),
      ),
    );
  }
  for (const head of values.head) {
    await using aligner = await CtcAligner.load(head, { threads });
    report(
      head,
      await errorsOf(recordings, ({ samples, text }) => aligner.align({ samples, sampleRate }, text)),
    );
  }
}
