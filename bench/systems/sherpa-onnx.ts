/**
 * sherpa-onnx, which decodes in C++. It takes Moonshine's merged decoder as it is and wants the vocabulary as lines of
 * base64.
 *
 * For Whisper it wants files of its own export (other inputs, sizes in the metadata) and cannot take these.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sherpa from "sherpa-onnx-node";
import type { LoadSystem } from "./system.ts";

interface LlamaTokenizerFile {
  model: { vocab: Record<string, number> };
  added_tokens: { id: number; content: string }[];
}

export const load: LoadSystem = async ({ weights, threads, scratchFolder }) => {
  const tokens = join(scratchFolder, "tokens.txt");
  const tokenizer = JSON.parse(
    await readFile(weights.files["tokenizer.json"]!, "utf8"),
  ) as LlamaTokenizerFile;
  await writeFile(tokens, tokenLines(tokenizer));
  const recognizer = new sherpa.OfflineRecognizer({
    featConfig: { sampleRate: 16_000, featureDim: 80 },
    modelConfig: {
      moonshine: { encoder: weights.files["encoder.onnx"]!, mergedDecoder: weights.files["decoder.onnx"]! },
      tokens,
      numThreads: threads,
      provider: "cpu",
    },
  });
  return {
    async transcribe(samples) {
      const stream = recognizer.createStream();
      stream.acceptWaveform({ samples, sampleRate: 16_000 });
      recognizer.decode(stream);
      return recognizer.getResult(stream).text;
    },
  };
};

/** One line a token, by identifier: its bytes in base64, then the identifier. */
function tokenLines({ model, added_tokens }: LlamaTokenizerFile): string {
  const lines: string[] = [];
  for (const { id, content } of added_tokens) lines[id] = `${base64(Buffer.from(content))} ${id}\n`;
  for (const [text, id] of Object.entries(model.vocab)) {
    const byte = /^<0x([0-9A-F]{2})>$/.exec(text)?.[1];
    const bytes = byte ? Buffer.from(byte, "hex") : Buffer.from(text.replaceAll("▁", " "));
    lines[id] = `${base64(bytes)} ${id}\n`;
  }
  return lines.join("");
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}
