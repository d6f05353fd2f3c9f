/**
 * A tokeniser and a decoder small enough to follow by hand, for tests of search: tokens are single characters and the
 * model is a function from the text so far to scores.
 */
import type { DecoderState } from "../../models/speech-model.ts";
import { Tokenizer } from "../../text/tokenizer.ts";

const characters = [..."abcdefghijklmnopqrstuvwxyz .!中文字"];
/** The end of the text. */
export const endToken = characters.length;

/** One token a character; Han characters are byte-level BPE tokens of three bytes. */
export const letters = new Tokenizer({
  version: "1.0",
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  added_tokens: [
    {
      id: endToken,
      content: "<|end|>",
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    },
  ],
  model: {
    type: "BPE",
    vocab: Object.fromEntries(characters.map((character, id) => [byteLevel(character), id])),
    merges: [],
  },
});

/** The tokens of a text. */
export function tokensOf(text: string): number[] {
  return Array.from(text, (character) => characters.indexOf(character));
}

function byteLevel(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((byte) => {
      if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)
        return String.fromCodePoint(byte);
      const shifted = byte <= 32 ? byte : byte <= 160 ? byte - 127 + 33 : 67;
      return String.fromCodePoint(256 + shifted);
    })
    .join("");
}

/** A model of texts: probabilities of what follows a text, characters or "" for its end; the rest is very improbable. */
export type TextModel = (text: string) => Partial<Record<string, number>>;

/** A decoder whose hypotheses are texts. */
export class TextDecoder implements DecoderState {
  readonly attention = null;
  readonly attentionHeads = 0;
  readonly attentionFrames = 0;
  readonly framesOfStarts = [0];
  readonly noSpeechProbabilities = [null];
  logProbabilities: Float32Array;
  steps = 0;
  #texts: string[];
  readonly #model: TextModel;

  /** @param beginning what the text begins with */
  constructor(model: TextModel, beginning = "") {
    this.#model = model;
    this.#texts = [beginning];
    this.logProbabilities = this.#score();
  }

  get hypotheses(): number {
    return this.#texts.length;
  }

  async step(parents: ArrayLike<number>, tokens: ArrayLike<number>): Promise<void> {
    this.steps++;
    this.#texts = Array.from(tokens, (token, i) => this.#texts[parents[i]!]! + characters[token]!);
    this.logProbabilities = this.#score();
  }

  [Symbol.dispose](): void {}

  #score(): Float32Array {
    const width = letters.vocabularySize;
    const scores = new Float32Array(this.#texts.length * width).fill(-20);
    for (const [row, text] of this.#texts.entries()) {
      for (const [next, probability] of Object.entries(this.#model(text))) {
        scores[row * width + (next === "" ? endToken : characters.indexOf(next))] = Math.log(probability!);
      }
    }
    return scores;
  }
}
