/**
 * Whisper (Radford et al., 2022, arXiv 2212.04356): multilingual recognition with an encoder over 30-second
 * log-mel windows and a decoder that takes text as a prompt.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { keepOutputs, readOnnx, writeOnnx } from "../../graph/onnx-file.ts";
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
import { shareCrossAttention } from "./share-cross-attention.ts";
import { hopLength, LogMel, sampleRate, windowFrames } from "./log-mel.ts";

const configSchema = z.object({
  model_type: z.literal("whisper"),
  d_model: z.number().int(),
  decoder_layers: z.number().int(),
  decoder_attention_heads: z.number().int(),
  num_mel_bins: z.number().int(),
  vocab_size: z.number().int(),
  max_target_positions: z.number().int(),
});

const generationConfigSchema = z.object({
  alignment_heads: z.array(z.tuple([z.number().int(), z.number().int()])).default([]),
  suppress_tokens: z.array(z.number().int()).default([]),
  begin_suppress_tokens: z.array(z.number().int()).default([]),
});

type Config = z.infer<typeof configSchema>;
type GenerationConfig = z.infer<typeof generationConfigSchema>;

/** Encoder positions a second: one for two spectrogram frames. */
const encoderFrameRate = sampleRate / hopLength / 2;

export class Whisper implements SpeechModel {
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly languages: readonly string[];
  readonly frameRate = encoderFrameRate;
  readonly maximumSeconds = 30;
  readonly promptLimit: number;
  readonly endToken: number;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[];
  readonly leadInSeconds = 0;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #config: Config;
  readonly #shape: MergedDecoderShape;
  readonly #logMel: LogMel;
  readonly #start: number;
  readonly #languageTokens: ReadonlyMap<string, number>;

  private constructor(
    id: string,
    tokenizer: Tokenizer,
    config: Config,
    generation: GenerationConfig,
    shape: MergedDecoderShape,
    sessions: { encoder: OnnxSession; decoder: OnnxSession },
    tensors: TensorFactory,
  ) {
    this.id = id;
    this.tokenizer = tokenizer;
    this.#config = config;
    this.#encoder = sessions.encoder;
    this.#decoder = sessions.decoder;
    this.#tensors = tensors;
    this.#logMel = new LogMel(config.num_mel_bins);
    this.#start = tokenizer.specialToken("<|startoftranscript|>");
    this.endToken = tokenizer.specialToken("<|endoftext|>");
    this.#languageTokens = languageTokens(tokenizer);
    this.languages = [...this.#languageTokens.keys()];
    // Whisper was trained with prompts of up to half its context; one place is <|startofprev|>'s.
    this.promptLimit = config.max_target_positions / 2 - 1;
    const special = [...tokenizer.specialTokens.values()].filter((token) => token !== this.endToken);
    this.suppressedTokens = [...new Set([...generation.suppress_tokens, ...special])];
    this.suppressedAtStart = generation.begin_suppress_tokens;
    this.#shape = shape;
  }

  /**
   * Loads the files of a Whisper model: `encoder.onnx`, `decoder.onnx` (merged, with key-value cache),
   * `tokenizer.json`, `config.json`, `generation_config.json`.
   *
   * @param path gives the path of a file by its name
   */
  static async load(id: string, path: (name: string) => string, options: SessionOptions): Promise<Whisper> {
    const config = await readConfig(path("config.json"), configSchema);
    const graph = readOnnx(await readFile(path("decoder.onnx")));
    const shape = {
      layers: config.decoder_layers,
      heads: config.decoder_attention_heads,
      headWidth: config.d_model / config.decoder_attention_heads,
    };
    const shared = shareCrossAttention(graph, shape);
    multiplyOutputInEightBits(graph);
    // The published encoder also gives out its attention maps, 72 MB a layer with `whisper-base`.
    const encoderGraph = readOnnx(await readFile(path("encoder.onnx")));
    keepOutputs(encoderGraph, ["last_hidden_state"]);
    const [tensors, generation, tokenizer, encoder, decoder] = await Promise.all([
      tensorFactory(),
      readConfig(path("generation_config.json"), generationConfigSchema),
      Tokenizer.load(path("tokenizer.json"), config.vocab_size),
      createSession(writeOnnx(encoderGraph), options),
      createSession(writeOnnx(graph), options),
    ]);
    const decoderShape: MergedDecoderShape = {
      ...shape,
      vocabularySize: config.vocab_size,
      // A graph that was exported without attention outputs gives no word times.
      alignmentHeads: generation.alignment_heads.filter(([layer]) =>
        decoder.outputNames.includes(`cross_attentions.${layer}`),
      ),
      crossCache: shared ? "shared" : "copied",
    };
    return new Whisper(id, tokenizer, config, generation, decoderShape, { encoder, decoder }, tensors);
  }

  tokenLimit(seconds: number): number {
    // Fast speech is about 6 tokens a second in English and 8 in Mandarin; a few more for short windows.
    const needed = Math.ceil(seconds * 10) + 10;
    return Math.min(needed, this.#config.max_target_positions / 2);
  }

  async encode(samples: Float32Array): Promise<AudioFrames> {
    const bands = this.#config.num_mel_bins;
    const features = this.#tensors.float32(this.#logMel.compute(samples), [1, bands, windowFrames]);
    const { last_hidden_state: states } = await this.#encoder.run({ input_features: features }, [
      "last_hidden_state",
    ]);
    return new EncodedFrames(states!, samples.length / sampleRate);
  }

  async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    return DecoderGroup.of(await Promise.all(starts.map((start) => this.#startPrompt(start))));
  }

  async #startPrompt({ frames, prompt }: DecoderStart): Promise<MergedDecoderState> {
    const language = this.#languageTokens.get(prompt.language);
    if (language === undefined) {
      throw new GlossaError(
        "invalid-argument",
        `${this.id} does not know the language "${prompt.language}".`,
      );
    }
    const context = prompt.context ?? [];
    if (context.length > this.promptLimit) {
      throw new RangeError(`A Whisper prompt holds ${this.promptLimit} tokens; got ${context.length}.`);
    }
    const previous = context.length > 0 ? [this.tokenizer.specialToken("<|startofprev|>"), ...context] : [];
    const { transcribe, noTimestamps, noSpeech } = this.#taskTokens();
    const tokens = [...previous, this.#start, language, transcribe, noTimestamps];
    return this.#startDecoder(frames, tokens, prompt.attention ?? false, (logits) =>
      probability(logits, previous.length, this.#config.vocab_size, noSpeech),
    );
  }

  async detectLanguage(frames: AudioFrames): Promise<ReadonlyMap<string, number>> {
    using state = await this.#startDecoder(frames, [this.#start], false);
    const languages = [...this.#languageTokens];
    const scores = languages.map(([, token]) => state.logits[token]!);
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - highest));
    const sum = weights.reduce((a, b) => a + b, 0);
    return new Map(languages.map(([code], i) => [code, weights[i]! / sum]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#encoder[Symbol.asyncDispose](), this.#decoder[Symbol.asyncDispose]()]);
  }

  #startDecoder(
    frames: AudioFrames,
    tokens: readonly number[],
    attention: boolean,
    inspectPrompt?: (logits: Float32Array) => number | null,
  ): Promise<MergedDecoderState> {
    const { tensor, durationSeconds } = frames as EncodedFrames;
    const framesWithAudio = Math.max(
      1,
      Math.min(frames.frames, Math.ceil(durationSeconds * encoderFrameRate)),
    );
    const prompt = { tokens, encoderStates: tensor, framesWithAudio, attention };
    return MergedDecoderState.start(this.#decoder, this.#tensors, this.#shape, prompt, inspectPrompt);
  }

  #taskTokens(): { transcribe: number; noTimestamps: number; noSpeech: number } {
    const { specialTokens } = this.tokenizer;
    return {
      transcribe: this.tokenizer.specialToken("<|transcribe|>"),
      noTimestamps: this.tokenizer.specialToken("<|notimestamps|>"),
      // The same token under its older and its newer name.
      noSpeech: specialTokens.get("<|nospeech|>") ?? this.tokenizer.specialToken("<|nocaptions|>"),
    };
  }
}

/** Language codes are the two- and three-letter special tokens. */
function languageTokens(tokenizer: Tokenizer): ReadonlyMap<string, number> {
  const languages = new Map<string, number>();
  for (const [text, token] of tokenizer.specialTokens) {
    const code = /^<\|([a-z]{2,3})\|>$/.exec(text)?.[1];
    if (code) languages.set(code, token);
  }
  return languages;
}

/** Softmax probability of `token` at `position` of logits `[positions, vocabulary]`. */
function probability(logits: Float32Array, position: number, vocabulary: number, token: number): number {
  const row = logits.subarray(position * vocabulary, (position + 1) * vocabulary);
  let highest = -Infinity;
  for (const value of row) if (value > highest) highest = value;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - highest);
  return Math.exp(row[token]! - highest) / sum;
}

async function readConfig<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new GlossaError("model-corrupt", `${path} is not the configuration of a Whisper model.`, { cause });
  }
}
