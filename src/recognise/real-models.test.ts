import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isCached } from "../../test/cached-models.ts";
import { openAudio } from "../audio/open-audio.ts";
import { readTerms } from "../context/term-file.ts";
import { alignTokens } from "../eval/align.ts";
import { normaliseForScoring } from "../text/normalise.ts";
import { resolveCacheFolder } from "../weights/cache-folder.ts";
import { loadSpeechModel } from "./load-model.ts";
import { createRecogniser } from "./recognise.ts";
import { Recogniser } from "./recogniser.ts";

const canRun = isCached("moonshine-tiny") && isCached("silero-vad");
const example = new URL("../../examples/talk.ogg", import.meta.url).pathname;

describe.skipIf(!canRun)("a real model (needs moonshine-tiny and silero-vad in the model cache)", () => {
  it("loses and doubles no word, wherever the recording is cut into windows", async () => {
    const { terms } = await readTerms(example.replace("talk.ogg", "terms.txt"));
    const wordsAt = async (maximumSeconds: number) => {
      const model = await loadSpeechModel({ model: "moonshine-tiny", offline: true });
      Object.defineProperty(model, "maximumSeconds", { value: maximumSeconds });
      const { SileroVad } = await import("../models/silero-vad/silero-vad.ts");
      const vadPath = join(resolveCacheFolder(), "models", "silero-vad", "silero_vad.onnx");
      await using recogniser = new Recogniser(model, () => SileroVad.load(vadPath));
      const transcript = await recogniser.recognise(example, { terms });
      const words = (await normaliseForScoring(transcript.text, "en")).join(" ");
      // Spelled and written, "v l l m" and "vllm" are one word.
      return words.replace(/\b(\w) (?=\w\b)/g, "$1").split(" ");
    };
    const whole = await wordsAt(30);
    expect(whole.length).toBeGreaterThan(60);
    for (const seconds of [6.5, 8, 11, 17, 23]) {
      const cut = await wordsAt(seconds);
      const steps = alignTokens(whole, cut);
      // The same sound in other company may be heard a little differently ("CUDA", "could have").
      const extra = steps.filter(({ kind }) => kind === "insertion" || kind === "deletion").length;
      expect(extra, `windows of ${seconds} s: ${cut.join(" ")}`).toBeLessThanOrEqual(1);
    }
  }, 120_000);

  it("gives the same text for a file, its bytes and its samples", async () => {
    await using recogniser = await createRecogniser({ model: "moonshine-tiny", offline: true });
    const parts: Float32Array[] = [];
    for await (const chunk of (await openAudio(example)).chunks) parts.push(chunk);
    const samples = Float32Array.from(parts.flatMap((part) => [...part]));
    const options = { beamSize: 1 };
    const text = (await recogniser.recognise(example, options)).text;
    expect(text).toContain("Welcome back");
    expect((await recogniser.recognise(await readFile(example), options)).text).toBe(text);
    expect((await recogniser.recognise({ samples, sampleRate: 16_000 }, options)).text).toBe(text);
  }, 60_000);
});

const canPrompt = isCached("whisper-tiny") && isCached("silero-vad");

describe.skipIf(!canPrompt)("history (needs whisper-tiny and silero-vad in the model cache)", () => {
  it("helps where it is right, and puts no word of its own into the text where it is not", async () => {
    await using recogniser = await createRecogniser({ model: "whisper-tiny", offline: true });
    const reference = await normaliseForScoring(
      await readFile(example.replace(".ogg", ".txt"), "utf8"),
      "en",
    );
    const textWith = async (history?: string) => {
      const { text } = await recogniser.recognise(example, { language: "en", history });
      return normaliseForScoring(text, "en");
    };
    const errors = (words: readonly string[]) =>
      alignTokens(reference, [...words]).filter(({ kind }) => kind !== "match").length;
    const misleading =
      "Yesterday it was the Bundesliga, and photosynthesis in thylakoids. Professor Ziegelhuber promised us the " +
      "Krankenhaus receipts; the thylakoids were adapted with giraffes, and Ziegelhuber stays where he is.";
    const helpful =
      "Last week we looked at LoRA and QLoRA, at RoPE and at GLCLAP. Before that we exported Qwen2-VL to ONNX and served it with vLLM.";

    const plain = await textWith();
    const misled = await textWith(misleading);
    const invented = /bundesliga|photosynthesis|thylakoid|ziegelhuber|krankenhaus|giraffe|receipt/;
    expect(misled.join(" ")).not.toMatch(invented);
    expect(errors(misled)).toBeLessThanOrEqual(errors(plain) + 1);
    expect(errors(await textWith(helpful))).toBeLessThan(errors(plain));
  }, 120_000);
});
