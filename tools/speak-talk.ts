/**
 * Speaks a talk that was written for a deck, as a data set for `glossa eval`.
 *
 *     npx tsx tools/speak-talk.ts src/context/extraction/testing/chinese-talk.txt FOLDER
 *
 * A line is a sentence; `{written}` or `{written|spoken}` marks its terms. Kokoro's Mandarin voices do not speak English well enough
 * to be understood, so in a Mandarin sentence what is in Latin letters comes from an English voice, as loud as the rest.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeWav } from "../src/audio/encode-wav.ts";
import { KokoroSynthesiser } from "../src/train/synthesis/kokoro-synthesiser.ts";

/** Who speaks by turns: Mandarin, and English of about the same pitch. */
const speakers = [
  ["zf_xiaoxiao", "af_heart"],
  ["zm_yunxi", "am_michael"],
  ["zf_xiaoyi", "af_bella"],
  ["zm_yunyang", "am_fenrir"],
] as const;
/** What is quieter than this part of the loudest sample, before and after a piece, is taken off but for some breath. */
const silence = 0.02;
const breathSeconds = 0.05;
const loudness = 0.06;

const [file, folder] = process.argv.slice(2);
if (file === undefined || folder === undefined)
  throw new Error("Usage: npx tsx tools/speak-talk.ts TALK FOLDER");
const lines = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "");
const name = basename(file, ".txt");
mkdirSync(join(folder, "audio"), { recursive: true });
await using synthesiser = await KokoroSynthesiser.load();
const rows: string[] = [];
for (const [index, line] of lines.entries()) {
  const terms = [...line.matchAll(/\{([^|}]*)(?:\|[^}]*)?\}/g)].map((match) => match[1]!);
  const text = line.replace(/\{([^|}]*)(?:\|[^}]*)?\}/g, "$1");
  const spoken = line.replace(/\{(?:[^|}]*\|)?([^}]*)\}/g, "$1");
  const language = /\p{Script=Han}/u.test(spoken) ? "zh" : "en";
  const [mandarin, english] = speakers[index % speakers.length]!;
  const pieces: Float32Array[] = [];
  let sampleRate = 0;
  for (const [piece] of spoken.matchAll(/[a-z' -]*[a-z][a-z' -]*|[^a-z]+/gi)) {
    if (!/[\p{L}\p{N}]/u.test(piece)) continue;
    const isEnglish = /[a-z]/i.test(piece);
    const voice = isEnglish ? english : mandarin;
    const made = await synthesiser.speak(piece.trim(), {
      voice,
      language: isEnglish ? "en" : "zh",
      speed: 1,
    });
    sampleRate = made.sampleRate;
    pieces.push(trimmed(made.samples, sampleRate));
  }
  const id = `${name}-${index + 1}`;
  writeFileSync(join(folder, "audio", `${id}.wav`), encodeWav(joined(pieces), sampleRate));
  rows.push(JSON.stringify({ id, audio: `audio/${id}.wav`, text, language, speaker: mandarin, terms }));
  console.log(id, text);
}
writeFileSync(join(folder, "manifest.jsonl"), `${rows.join("\n")}\n`);

/** Without the silence around it, as loud as every other piece. */
function trimmed(samples: Float32Array, sampleRate: number): Float32Array {
  const least = silence * samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const breath = Math.round(breathSeconds * sampleRate);
  const first = samples.findIndex((sample) => Math.abs(sample) > least);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > least);
  const kept = samples.slice(Math.max(0, first - breath), last + breath);
  const own = Math.sqrt(kept.reduce((sum, sample) => sum + sample * sample, 0) / kept.length);
  return kept.map((sample) => (sample * loudness) / own);
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    samples.set(piece, offset);
    offset += piece.length;
  }
  return samples;
}
