/** Kokoro as a synthesiser: text to phonemes, phonemes to speech, long texts in parts. */
import { GlossaError } from "../../errors.ts";
import { Kokoro, kokoroSampleRate, mostPhonemes } from "../../models/kokoro/kokoro.ts";
import type { LoadOptions } from "../../recognise/options.ts";
import { kokoroVoices } from "../../weights/kokoro-manifest.ts";
import { resolveModel } from "../../weights/model-store.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { randomGenerator } from "../../random.ts";
import { englishPhonemes } from "./english-phonemes.ts";
import { mandarinAccentedPhonemes } from "./mandarin-accent.ts";
import { mandarinPhonemes } from "./mandarin-phonemes.ts";
import type { SpokenAccent, SpokenText, Synthesiser } from "./synthesiser.ts";

/** First letters of the voices of a language. */
const accents: Readonly<Record<string, RegExp>> = { en: /^[ab]/, zh: /^z/ };

export class KokoroSynthesiser implements Synthesiser {
  readonly name: string;
  readonly voices = kokoroVoices;
  readonly #kokoro: Kokoro;
  readonly #isAccented: boolean;

  private constructor(kokoro: Kokoro, accent: SpokenAccent | undefined) {
    this.name = accent === undefined ? "kokoro" : `kokoro, ${accent} accent`;
    this.#kokoro = kokoro;
    this.#isAccented = accent !== undefined;
  }

  /**
   * Fetches the weights when they are not in the cache, and loads them.
   *
   * @param options with `accent`, English is said as by speakers of another language, whatever the voice
   * @throws GlossaError `model-unavailable`, `model-corrupt`, `runtime-failed`
   */
  static async load(
    options: Omit<LoadOptions, "model"> & { accent?: SpokenAccent } = {},
  ): Promise<KokoroSynthesiser> {
    const model = await resolveModel("kokoro", options);
    const { device, threads, accent } = options;
    return new KokoroSynthesiser(await Kokoro.load((name) => model.path(name), { device, threads }), accent);
  }

  voicesOf(language: string): readonly string[] {
    const accent = accents[language];
    return accent === undefined ? [] : kokoroVoices.filter((voice) => accent.test(voice));
  }

  async speak(
    text: string,
    {
      voice,
      language,
      speed,
      signal,
    }: { voice: string; language: string; speed: number; signal?: AbortSignal },
  ): Promise<SpokenText> {
    const phonemes = this.#phonemes(text, language, voice);
    if (phonemes === "") throw new GlossaError("invalid-argument", "there are no words in it");
    const parts: Float32Array[] = [];
    for (const part of partsOf(phonemes)) {
      signal?.throwIfAborted();
      parts.push(await this.#kokoro.speak(part, voice, speed));
    }
    const samples = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of parts) {
      samples.set(part, offset);
      offset += part.length;
    }
    return { samples, sampleRate: kokoroSampleRate };
  }

  #phonemes(text: string, language: string, voice: string): string {
    if (!this.#isAccented) return language === "zh" ? mandarinPhonemes(text) : englishPhonemes(text);
    const random = randomGenerator(seedOf(0, `${voice} ${text}`));
    if (language !== "zh") return mandarinAccentedPhonemes(text, random);
    const isWithinMandarin = true;
    return mandarinPhonemes(text, (words) => mandarinAccentedPhonemes(words, random, { isWithinMandarin }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kokoro[Symbol.asyncDispose]();
  }
}

/** Parts that Kokoro speaks at once: cut behind punctuation, else between words. */
export function partsOf(phonemes: string, most = mostPhonemes): string[] {
  const parts: string[] = [];
  let rest = phonemes.trim();
  while (rest.length > most) {
    const start = rest.slice(0, most);
    const mark = Math.max(...[". ", "! ", "? ", "; ", ", "].map((sign) => start.lastIndexOf(sign)));
    const at = mark > most / 4 ? mark + 1 : start.lastIndexOf(" ");
    parts.push(rest.slice(0, at > 0 ? at : most).trim());
    rest = rest.slice(at > 0 ? at : most).trim();
  }
  if (rest !== "") parts.push(rest);
  return parts;
}
