/**
 * A speech model that hears what a test tells it: its tokens are letters, and it says one text a window.
 */
import { endToken, letters, TextDecoder } from "../../decode/testing/letters.ts";
import { DecoderGroup } from "../../models/testing/decoder-group.ts";
import type { AudioFrames, DecoderStart, DecoderState, SpeechModel } from "../../models/speech-model.ts";

export interface LetterFrames extends AudioFrames {
  readonly window: number;
}

export class LetterModel implements SpeechModel {
  readonly id = "letters";
  readonly tokenizer = letters;
  readonly languages = ["en", "zh"];
  readonly frameRate = 50;
  readonly maximumSeconds = 30;
  readonly promptLimit: number;
  readonly endToken = endToken;
  readonly suppressedTokens = [];
  readonly suppressedAtStart = [];
  readonly leadInSeconds = 0;
  /** The prompts that windows were decoded with, as text. */
  readonly prompts: string[] = [];
  isDisposed = false;
  #window = -1;
  readonly #texts: readonly string[];

  /** @param texts what is said in each window */
  constructor(texts: readonly string[], { promptLimit = 60 } = {}) {
    this.#texts = texts;
    this.promptLimit = promptLimit;
  }

  tokenLimit(): number {
    return 100;
  }

  async encode(samples: Float32Array): Promise<LetterFrames> {
    this.#window++;
    return {
      window: this.#window,
      data: new Float32Array(1),
      frames: 1,
      width: 1,
      durationSeconds: samples.length / 16_000,
      [Symbol.dispose]() {},
    };
  }

  async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    return DecoderGroup.of(
      starts.map(({ prompt, frames }) => {
        this.prompts.push(letters.decode(prompt.context ?? []));
        const said = this.#texts[(frames as LetterFrames).window] ?? "";
        return new TextDecoder(
          (text) => (text === said ? { "": 1 } : { [said[text.length] ?? ""]: 1 }),
          letters.decode(prompt.beginning ?? []),
        );
      }),
    );
  }

  async detectLanguage(): Promise<ReadonlyMap<string, number>> {
    return new Map([
      ["en", 0.05],
      ["zh", 0.95],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}
