/**
 * Moonshine (Jeffries et al., 2024, arXiv 2410.15608): English recognition straight from 16 kHz samples, with rotary
 * positions and therefore windows of any length, so that short audio costs little.
 */
import { readFile } from "node:fs/promises";
import { GlossaError } from "../../errors.ts";
import { builtSessions } from "../../runtime/built-sessions.ts";
import {
  tensorFactory,
  type OnnxSession,
  type SessionOptions,
  type TensorFactory,
} from "../../runtime/session.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { type CachedDecoder, CachedDecoderState } from "../cached-decoder.ts";
import type { AudioFrames, DecoderStart, DecoderState, SpeechModel } from "../speech-model.ts";
import { cacheName, cacheWidth, decoderProgram } from "./decoder-program.ts";
import { blockSamples, blocksFor, encoderProgram, frameSamples } from "./encoder-program.ts";
import { MoonshineFrames } from "./moonshine-frames.ts";
import { readDecoderWeights, readEncoderWeights } from "./moonshine-weights.ts";

const sampleRate = 16_000;
/**
 * Silence put before and after the audio. Without it Moonshine goes on after clips that end abruptly and misses first
 * words: 3.3 % WER on 186 read sentences without, 2.8 % with (docs/experiments.md).
 */
const paddingSamples = 4_000;
const startToken = 1;
/** The text ends with this token. */
const endToken = 2;
/** Of the Llama vocabulary and the special tokens that Moonshine adds. */
const vocabularySize = 32_768;
/** Of the encoder and the decoder, in all sizes. */
const heads = 8;
const maximumSeconds = 30;
/** The authors' bound on English speech. */
const tokensPerSecond = 6.5;
/** Enough for single words. */
const leastTokens = 8;

export interface MoonshineOptions extends SessionOptions {
  /** Folder for what is built of the weights; default as for the models. */
  cacheFolder?: string;
  signal?: AbortSignal;
}

export class Moonshine implements SpeechModel {
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly languages = ["en"];
  readonly frameRate = sampleRate / frameSamples;
  readonly maximumSeconds = maximumSeconds;
  readonly promptLimit = 0;
  readonly endToken = endToken;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[] = [];
  readonly leadInSeconds = paddingSamples / sampleRate;
  readonly #encoder: OnnxSession;
  readonly #decoder: CachedDecoder;
  readonly #tensors: TensorFactory;

  private constructor(
    id: string,
    tokenizer: Tokenizer,
    sessions: { encoder: OnnxSession; decoder: OnnxSession },
    tensors: TensorFactory,
  ) {
    this.id = id;
    this.tokenizer = tokenizer;
    this.#encoder = sessions.encoder;
    this.#tensors = tensors;
    const session = sessions.decoder;
    const count = session.inputNames.filter((name) => name.startsWith("past_key.")).length;
    const { headWidth, alignmentHeads } = sizeOf(count, id);
    const layers = Array.from({ length: count }, (_, layer) => layer);
    this.#decoder = {
      session,
      tensors,
      selfAttention: { layers: count, heads, headWidth: cacheWidth(headWidth) },
      pastNames: layers.flatMap((layer) => [cacheName.pastKey(layer), cacheName.pastValue(layer)]),
      framesLast: new Set(layers.map(cacheName.crossKey)),
      vocabularySize,
      maximumTokens: maximumTokens(maximumSeconds) + 1,
      alignmentHeads: alignmentHeads.length,
      idleMemory: [],
    };
    const textless = (token: number) => token !== endToken && tokenizer.tokenBytes(token).length === 0;
    this.suppressedTokens = Array.from({ length: vocabularySize }, (_, token) => token).filter(textless);
  }

  /**
   * Loads the files of a Moonshine model: `encoder.onnx` and `decoder.onnx` (merged) as their authors publish them, of
   * which only the weights are read, and `tokenizer.json`. The programs that are built of the weights are kept in the
   * cache.
   *
   * @param path gives the path of a file by its name
   * @throws GlossaError `model-corrupt` when the files are not those of a Moonshine of a known size
   */
  static async load(
    id: string,
    path: (name: string) => string,
    options: MoonshineOptions,
  ): Promise<Moonshine> {
    const files = [path("encoder.onnx"), path("decoder.onnx")] as const;
    const [tensors, tokenizer, sessions] = await Promise.all([
      tensorFactory(),
      Tokenizer.load(path("tokenizer.json"), vocabularySize),
      builtSessions({ id, sources: files }, ["encoder", "decoder"], () => buildPrograms(...files), options),
    ]);
    return new Moonshine(id, tokenizer, sessions, tensors);
  }

  tokenLimit(seconds: number): number {
    return maximumTokens(seconds);
  }

  async encode(samples: Float32Array): Promise<AudioFrames> {
    const frames = framesFor(samples.length + 2 * paddingSamples);
    const blocks = blocksFor(frames);
    const padded = new Float32Array(blocks * blockSamples);
    padded.set(samples, paddingSamples);
    const outputs = await this.#encoder.run({
      samples: this.#tensors.float32(padded, [blocks, blockSamples]),
    });
    return new MoonshineFrames(outputs, samples.length / sampleRate);
  }

  async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    const begun = starts.map(({ frames, prompt }) => {
      if (prompt.language !== "en") {
        throw new GlossaError(
          "invalid-argument",
          `${this.id} knows only English ("en"), not "${prompt.language}".`,
        );
      }
      const { window } = frames as MoonshineFrames;
      return { window, tokens: [startToken, ...(prompt.beginning ?? [])], framesWithAudio: frames.frames };
    });
    return CachedDecoderState.start(this.#decoder, begun, {
      attention: starts.some(({ prompt }) => prompt.attention),
    });
  }

  async detectLanguage(): Promise<ReadonlyMap<string, number>> {
    return new Map([["en", 1]]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#encoder[Symbol.asyncDispose](), this.#decoder.session[Symbol.asyncDispose]()]);
  }
}

function maximumTokens(seconds: number): number {
  return Math.ceil(seconds * tokensPerSecond) + leastTokens;
}

/** The number of frames whose samples are nearest to `samples`; the last of them end in the padding. */
function framesFor(samples: number): number {
  return Math.max(1, Math.round((samples - blocksFor(0) * blockSamples) / frameSamples));
}

async function buildPrograms(encoderPath: string, decoderPath: string) {
  const encoder = readEncoderWeights(await readFile(encoderPath), encoderPath);
  const decoder = readDecoderWeights(await readFile(decoderPath), decoderPath);
  const { headWidth, alignmentHeads } = sizeOf(decoder.layers.length, decoderPath);
  if (decoder.embedding.outputs !== vocabularySize || decoder.norm.length !== heads * headWidth) {
    throw unknownSize(decoderPath);
  }
  const longest = framesFor(maximumSeconds * sampleRate + 2 * paddingSamples);
  return {
    encoder: encoderProgram(encoder, decoder, heads, longest),
    decoder: decoderProgram(decoder, { heads, alignmentHeads }, maximumTokens(maximumSeconds) + 1),
  };
}

interface Size {
  readonly headWidth: number;
  /**
   * Cross-attention heads that follow time best, as `[layer, head]`: found by comparing the times they give with
   * Whisper's (docs/experiments.md).
   */
  readonly alignmentHeads: readonly (readonly [number, number])[];
}

/** The sizes that were published, by number of layers. */
const sizes: Record<number, Size> = {
  // base; 34 ms median distance from Whisper's word starts, 460 words of read speech
  8: {
    headWidth: 52,
    alignmentHeads: [
      [4, 0],
      [4, 2],
      [5, 5],
      [6, 5],
      [7, 4],
    ],
  },
  // tiny; 30 ms
  6: {
    headWidth: 36,
    alignmentHeads: [
      [3, 2],
      [3, 5],
      [3, 6],
      [4, 7],
      [5, 3],
      [5, 6],
    ],
  },
};

function sizeOf(layers: number, what: string): Size {
  const size = sizes[layers];
  if (!size) throw unknownSize(what);
  return size;
}

function unknownSize(what: string): GlossaError {
  return new GlossaError("model-corrupt", `${what} is no Moonshine of a size that is known (base, tiny).`);
}
