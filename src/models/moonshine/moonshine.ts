/**
 * Moonshine (Jeffries et al., 2024, arXiv 2410.15608): English recognition straight from 16 kHz samples, with rotary
 * positions and therefore windows of any length, so that short audio costs little.
 */
import { readFile } from "node:fs/promises";
import { GlossaError } from "../../errors.ts";
import {
  exposeBranchValues,
  readOnnx,
  writeOnnx,
  type OnnxModel,
  type OnnxValue,
} from "../../graph/onnx-file.ts";
import { multiplyOutputInEightBits } from "../../graph/output-projection.ts";
import {
  createSession,
  tensorFactory,
  type OnnxSession,
  type SessionOptions,
  type TensorFactory,
} from "../../runtime/session.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { EncodedFrames } from "../encoded-frames.ts";
import { MergedDecoderState, type MergedDecoderShape } from "../merged-decoder.ts";
import { DecoderGroup } from "../decoder-group.ts";
import type { AudioFrames, DecoderStart, DecoderState, SpeechModel } from "../speech-model.ts";

const sampleRate = 16_000;
/** Samples from one encoder frame to the next: the strides of the three convolutions, 64 · 3 · 2. */
const frameSamples = 384;
/**
 * Silence put before and after the audio. Without it Moonshine goes on after clips that end abruptly and misses first
 * words: 3.3 % WER on 186 read sentences without, 2.8 % with (docs/experiments.md).
 */
const paddingSamples = 4_000;
const startToken = 1;

/** The text ends with this token. */
const endToken = 2;

export class Moonshine implements SpeechModel {
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly languages = ["en"];
  readonly frameRate = sampleRate / frameSamples;
  readonly maximumSeconds = 30;
  readonly promptLimit = 0;
  readonly endToken = endToken;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[] = [];
  readonly leadInSeconds = paddingSamples / sampleRate;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #shape: MergedDecoderShape;

  private constructor(
    id: string,
    tokenizer: Tokenizer,
    shape: MergedDecoderShape,
    sessions: { encoder: OnnxSession; decoder: OnnxSession },
    tensors: TensorFactory,
  ) {
    this.id = id;
    this.tokenizer = tokenizer;
    this.#shape = shape;
    this.#encoder = sessions.encoder;
    this.#decoder = sessions.decoder;
    this.#tensors = tensors;
    const textless = (token: number) => token !== endToken && tokenizer.tokenBytes(token).length === 0;
    this.suppressedTokens = Array.from({ length: shape.vocabularySize }, (_, token) => token).filter(
      textless,
    );
  }

  /**
   * Loads the files of a Moonshine model: `encoder.onnx`, `decoder.onnx` (merged, with key-value cache),
   * `tokenizer.json`. Sizes are read from the decoder's graph.
   *
   * @param path gives the path of a file by its name
   */
  static async load(id: string, path: (name: string) => string, options: SessionOptions): Promise<Moonshine> {
    const model = readOnnx(await readFile(path("decoder.onnx")));
    const shape = decoderShape(model, path("decoder.onnx"));
    // The published graph computes cross-attention but keeps it to itself; word times need it.
    const attention = Array.from({ length: shape.layers }, (_, layer) => ({
      value: `/model/decoder/layers.${layer}/encoder_attn/Softmax_output_0`,
      output: `cross_attentions.${layer}`,
      shape: ["batch", "heads", "tokens", "frames"],
    }));
    exposeBranchValues(model, attention);
    multiplyOutputInEightBits(model);
    const [tensors, encoder, decoder, tokenizer] = await Promise.all([
      tensorFactory(),
      createSession(path("encoder.onnx"), options),
      createSession(writeOnnx(model), options),
      Tokenizer.load(path("tokenizer.json"), shape.vocabularySize),
    ]);
    return new Moonshine(id, tokenizer, shape, { encoder, decoder }, tensors);
  }

  tokenLimit(seconds: number): number {
    // The authors' bound on English speech, 6.5 tokens a second, and a few more for single words.
    return Math.ceil(seconds * 6.5) + 8;
  }

  async encode(samples: Float32Array): Promise<AudioFrames> {
    const padded = new Float32Array(samples.length + 2 * paddingSamples);
    padded.set(samples, paddingSamples);
    const input = this.#tensors.float32(padded, [1, padded.length]);
    const { last_hidden_state: states } = await this.#encoder.run({ input_values: input }, [
      "last_hidden_state",
    ]);
    return new EncodedFrames(states!, samples.length / sampleRate);
  }

  async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    return DecoderGroup.of(await Promise.all(starts.map((start) => this.#start(start))));
  }

  #start({ frames, prompt }: DecoderStart): Promise<MergedDecoderState> {
    if (prompt.language !== "en") {
      throw new GlossaError(
        "invalid-argument",
        `${this.id} knows only English ("en"), not "${prompt.language}".`,
      );
    }
    return MergedDecoderState.start(this.#decoder, this.#tensors, this.#shape, {
      tokens: [startToken],
      encoderStates: (frames as EncodedFrames).tensor,
      framesWithAudio: frames.frames,
      attention: prompt.attention ?? false,
    });
  }

  async detectLanguage(): Promise<ReadonlyMap<string, number>> {
    return new Map([["en", 1]]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#encoder[Symbol.asyncDispose](), this.#decoder[Symbol.asyncDispose]()]);
  }
}

/**
 * Cross-attention heads that follow time best, as `[layer, head]`, by number of layers: found by comparing the
 * times they give with Whisper's (docs/experiments.md).
 */
const alignmentHeads: Record<number, readonly (readonly [number, number])[]> = {
  // base: 34 ms median distance from Whisper's word starts, 460 words of read speech
  8: [
    [4, 0],
    [4, 2],
    [5, 5],
    [6, 5],
    [7, 4],
  ],
  // tiny: 30 ms
  6: [
    [3, 2],
    [3, 5],
    [3, 6],
    [4, 7],
    [5, 3],
    [5, 6],
  ],
};

function decoderShape(model: OnnxModel, path: string): MergedDecoderShape {
  const cache = model.graph.input.find((input) => input.name === "past_key_values.0.decoder.key");
  const logits = model.graph.output.find((output) => output.name === "logits");
  const [, heads, , headWidth] = dimensions(cache);
  const vocabularySize = dimensions(logits).at(-1);
  const layers = model.graph.input.filter((input) =>
    /^past_key_values\.\d+\.decoder\.key$/.test(input.name),
  ).length;
  if (!heads || !headWidth || !vocabularySize) {
    throw new GlossaError(
      "model-corrupt",
      `${path} is not a merged Moonshine decoder with a key-value cache.`,
    );
  }
  return {
    layers,
    heads,
    headWidth,
    vocabularySize,
    alignmentHeads: alignmentHeads[layers] ?? [],
    crossCache: "broadcast",
  };
}

function dimensions(value: OnnxValue | undefined): (number | undefined)[] {
  return (
    value?.type?.tensorType.shape?.dim.map((dimension) => Number(dimension.dimValue ?? 0) || undefined) ?? []
  );
}
