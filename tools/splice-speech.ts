/**
 * Speech that changes between Mandarin and English, for training letter heads: pieces of recordings of both, trimmed, made equally
 * loud and set side by side, because hardly any free recordings hold both languages.
 *
 *     npx tsx tools/splice-speech.ts ../shared/data/train OUTPUT_FOLDER 400
 *
 *     npx tsx tools/splice-speech.ts ../shared/data/train OUTPUT_FOLDER 500 speech/foreign
 *
 * Every utterance is Mandarin, English and, two times in three, Mandarin again; the same arguments always give the same ones. The English is
 * that of the training sets, or of the folders named at the end.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "../src/audio/encode-wav.ts";
import { readSamples } from "../src/audio/read-samples.ts";
import { randomGenerator } from "../src/random.ts";

const [data, output, count, ...english] = process.argv.slice(2);
if (count === undefined)
  throw new Error("Usage: splice-speech TRAINING_SETS OUTPUT_FOLDER COUNT [ENGLISH_SET…]");

const within = (sets: readonly string[]) => sets.map((set) => join(data!, set));
const sources = {
  zh: within(["aishell-s0150", "aishell-clips", "commonvoice-sample", "audio-cmn-hsk"]),
  en:
    english.length > 0
      ? english
      : within(["words-en", "an4-spelling", "speechocean762-children", "commonvoice-sample"]),
};
const mostSeconds = { zh: 5, en: 3.5 };
const sampleRate = 16_000;
const loudness = 0.06;

interface Row {
  readonly audio: string;
  readonly text: string;
  readonly language: "en" | "zh";
  readonly duration: number;
}

/** By set, so that a large set is not all that is heard. */
function rowsOf(language: Row["language"]): Row[][] {
  return sources[language].map((set) =>
    readFileSync(join(set, "manifest.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row)
      .filter((row) => row.language === language && row.duration <= mostSeconds[language])
      .map((row) => ({ ...row, audio: join(set, row.audio) })),
  );
}

/** Without silence at its ends, at the common loudness. */
function trimmed(samples: Float32Array): Float32Array {
  const block = sampleRate / 100;
  const powers: number[] = [];
  for (let start = 0; start + block <= samples.length; start += block) {
    powers.push(samples.subarray(start, start + block).reduce((sum, x) => sum + x * x, 0) / block);
  }
  const audible = Math.max(...powers) * 1e-4;
  const first = Math.max(0, powers.findIndex((power) => power > audible) - 3);
  const last = Math.min(powers.length, powers.findLastIndex((power) => power > audible) + 4);
  const spoken = powers.slice(first, last).filter((power) => power > audible);
  const gain = loudness / Math.sqrt(spoken.reduce((sum, power) => sum + power, 0) / spoken.length);
  return samples.subarray(first * block, last * block).map((x) => Math.max(-1, Math.min(1, x * gain)));
}

const random = randomGenerator(1);
const among = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const rows = { zh: rowsOf("zh"), en: rowsOf("en") };
mkdirSync(join(output!, "audio"), { recursive: true });
const manifest: string[] = [];
for (let i = 0; i < Number(count); i++) {
  const languages: Row["language"][] = random() < 2 / 3 ? ["zh", "en", "zh"] : ["zh", "en"];
  const parts: Float32Array[] = [];
  const texts: string[] = [];
  for (const language of languages) {
    const row = among(among(rows[language]));
    parts.push(
      trimmed(await readSamples(row.audio)),
      new Float32Array(Math.floor(random() * 0.15 * sampleRate)),
    );
    texts.push(row.text);
  }
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  const audio = `audio/${i}.wav`;
  writeFileSync(join(output!, audio), encodeWav(samples, sampleRate));
  const duration = Math.round((1000 * samples.length) / sampleRate) / 1000;
  const source = "spliced from recordings of both languages";
  manifest.push(JSON.stringify({ audio, text: texts.join(" "), language: "zh", duration, source }));
}
writeFileSync(join(output!, "manifest.jsonl"), `${manifest.join("\n")}\n`);
