/**
 * Whisper (Radford et al., 2022, arXiv 2212.04356): multilingual recognition with an encoder over 30-second
 * log-mel windows and a decoder that takes text as a prompt.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { OnnxWeights } from "../../graph/onnx-weights.ts";
import { openGgml } from "../../weights/ggml.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import { builtSessions } from "../../runtime/built-sessions.ts";
import {
  tensorFactory,
  type OnnxSession,
  type SessionOptions,
  type TensorFactory,
} from "../../runtime/session.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { type CachedDecoder, CachedDecoderState, type CachedStart } from "../cached-decoder.ts";
import type { WindowCache } from "../cross-attention-cache.ts";
import type { AudioFrames, DecoderStart, DecoderState, PromptOptions, SpeechModel } from "../speech-model.ts";
import { cacheName, crossAttentionProgram, decoderProgram } from "./decoder-program.ts";
import { encoderProgram } from "./encoder-program.ts";
import { framedSamples, hopLength, sampleRate, windowFrames } from "./log-mel.ts";
import { WhisperFrames } from "./whisper-frames.ts";
import {
  type DecoderWeights,
  type EncoderWeights,
  type ModuleReader,
  onnxModules,
  openaiModules,
  readDecoderWeights,
  readEncoderWeights,
  transformersModules,
} from "./whisper-weights.ts";

/** Files that hold a whole checkpoint. */
export const whisperWeightsFiles = ["model.safetensors", "ggml-model.bin"] as const;
export type WhisperWeightsFile = (typeof whisperWeightsFiles)[number];

const configSchema = z.object({
  model_type: z.literal("whisper"),
  d_model: z.number().int(),
  encoder_layers: z.number().int(),
  encoder_attention_heads: z.number().int(),
  decoder_layers: z.number().int(),
  decoder_attention_heads: z.number().int(),
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
/**
 * Seconds of the silence that Whisper was trained to find after the audio. With too little it writes the text again or goes on
 * after the end (docs/experiments.md).
 */
const defaultTrailingSilence = 10;

export interface WhisperOptions extends SessionOptions {
  /** Folder for what is built of the weights; default as for the models. */
  cacheFolder?: string;
  /** Seconds of silence that are encoded after the audio, 0 to 30. */
  trailingSilence?: number;
  /**
   * The file of the weights: `model.safetensors` of transformers or `ggml-model.bin` of whisper.cpp. Without it they are
   * taken out of `encoder.onnx` and `decoder.onnx` as Optimum exports them.
   */
  weightsFile?: WhisperWeightsFile;
  signal?: AbortSignal;
}

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
  readonly #crossAttention: OnnxSession;
  readonly #decoder: CachedDecoder;
  readonly #tensors: TensorFactory;
  readonly #config: Config;
  readonly #start: number;
  readonly #languageTokens: ReadonlyMap<string, number>;
  readonly #silenceFrames: number;

  private constructor(
    id: string,
    tokenizer: Tokenizer,
    config: Config,
    generation: GenerationConfig,
    sessions: { encoder: OnnxSession; crossAttention: OnnxSession; decoder: OnnxSession },
    tensors: TensorFactory,
    trailingSilence: number,
  ) {
    this.id = id;
    this.#silenceFrames = Math.round(trailingSilence * encoderFrameRate);
    this.tokenizer = tokenizer;
    this.#config = config;
    this.#encoder = sessions.encoder;
    this.#crossAttention = sessions.crossAttention;
    this.#tensors = tensors;
    this.#start = tokenizer.specialToken("<|startoftranscript|>");
    this.endToken = tokenizer.specialToken("<|endoftext|>");
    this.#languageTokens = languageTokens(tokenizer);
    this.languages = [...this.#languageTokens.keys()];
    // Whisper was trained with prompts of up to half its context; one place is <|startofprev|>'s.
    this.promptLimit = config.max_target_positions / 2 - 1;
    const special = [...tokenizer.specialTokens.values()].filter((token) => token !== this.endToken);
    this.suppressedTokens = [...new Set([...generation.suppress_tokens, ...special])];
    this.suppressedAtStart = generation.begin_suppress_tokens;
    const layers = Array.from({ length: config.decoder_layers }, (_, layer) => layer);
    this.#decoder = {
      session: sessions.decoder,
      tensors,
      selfAttention: {
        layers: layers.length,
        heads: config.decoder_attention_heads,
        headWidth: config.d_model / config.decoder_attention_heads,
      },
      pastNames: layers.flatMap((layer) => [cacheName.pastKey(layer), cacheName.pastValue(layer)]),
      framesLast: new Set(layers.map(cacheName.crossKey)),
      vocabularySize: config.vocab_size,
      maximumTokens: config.max_target_positions,
      alignmentHeads: generation.alignment_heads.length,
      idleMemory: [],
    };
  }

  /**
   * Loads the files of a Whisper model: its weights, `tokenizer.json`, `config.json`, `generation_config.json`. The
   * programs that are built of the weights are kept in the cache.
   *
   * @param path gives the path of a file by its name
   */
  static async load(id: string, path: (name: string) => string, options: WhisperOptions): Promise<Whisper> {
    const [config, generation] = await Promise.all([
      readConfig(path("config.json"), configSchema),
      readConfig(path("generation_config.json"), generationConfigSchema),
    ]);
    const shape = { heads: config.decoder_attention_heads, alignmentHeads: generation.alignment_heads };
    const weights = weightFiles(path, options.weightsFile);
    const build = async () => {
      const { encoder, decoder } = await readWeights(weights, config);
      return {
        encoder: encoderProgram(encoder, config.encoder_attention_heads),
        crossAttention: crossAttentionProgram(decoder, shape),
        decoder: decoderProgram(decoder, shape),
      };
    };
    const files = [...weights, path("config.json"), path("generation_config.json")];
    const [tensors, tokenizer, sessions] = await Promise.all([
      tensorFactory(),
      Tokenizer.load(path("tokenizer.json"), config.vocab_size),
      builtSessions({ id, sources: files }, ["encoder", "crossAttention", "decoder"], build, options),
    ]);
    const { trailingSilence = defaultTrailingSilence } = options;
    return new Whisper(id, tokenizer, config, generation, sessions, tensors, trailingSilence);
  }

  tokenLimit(seconds: number): number {
    // Fast speech is about 6 tokens a second in English and 8 in Mandarin; a few more for short windows.
    const needed = Math.ceil(seconds * 10) + 10;
    return Math.min(needed, this.#config.max_target_positions / 2);
  }

  async encode(samples: Float32Array): Promise<AudioFrames> {
    const frames = Math.min(
      windowFrames / 2,
      Math.ceil(samples.length / hopLength / 2) + this.#silenceFrames,
    );
    const framed = framedSamples(samples, 2 * frames);
    const { frames: states } = await this.#encoder.run({
      samples: this.#tensors.float32(framed, [1, 1, framed.length]),
      frame_count: this.#tensors.int64([frames], [1]),
    });
    return new WhisperFrames(states!, samples.length / sampleRate, this.#crossAttention);
  }

  async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    const { noSpeech } = this.#taskTokens();
    const frames = [...new Set(starts.map((start) => start.frames as WhisperFrames))];
    const batch = frames.length > 1 ? await WhisperFrames.batch(frames, this.#tensors) : undefined;
    const windows = batch
      ? frames.map(({ frames: count }): WindowCache => ({ tensors: {}, frames: count }))
      : [await frames[0]!.window()];
    const begun = starts.map((start) =>
      this.#startOf(
        start.frames,
        windows[frames.indexOf(start.frames as WhisperFrames)]!,
        this.#prompt(start.prompt),
      ),
    );
    return CachedDecoderState.start(this.#decoder, begun, {
      attention: starts.some(({ prompt }) => prompt.attention),
      batch,
      inspect: (logProbabilities) => Math.exp(logProbabilities[noSpeech]!),
    });
  }

  async detectLanguage(frames: AudioFrames): Promise<ReadonlyMap<string, number>> {
    const window = await (frames as WhisperFrames).window();
    const start = this.#startOf(frames, window, { tokens: [this.#start], inspectAt: 0 });
    const options = { attention: false };
    using state = await CachedDecoderState.start(this.#decoder, [start], options);
    const languages = [...this.#languageTokens];
    const scores = languages.map(([, token]) => state.logProbabilities[token]!);
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - highest));
    const sum = weights.reduce((a, b) => a + b, 0);
    return new Map(languages.map(([code], i) => [code, weights[i]! / sum]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = [this.#encoder, this.#crossAttention, this.#decoder.session];
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  }

  /** The tokens before the text, and the place among them that tells whether anybody speaks. */
  #prompt({
    language: code,
    context = [],
    beginning = [],
  }: PromptOptions): Pick<CachedStart, "tokens" | "inspectAt"> {
    const language = this.#languageTokens.get(code);
    if (language === undefined) {
      throw new GlossaError("invalid-argument", `${this.id} does not know the language "${code}".`);
    }
    if (context.length > this.promptLimit) {
      throw new RangeError(`A Whisper prompt holds ${this.promptLimit} tokens; got ${context.length}.`);
    }
    const previous = context.length > 0 ? [this.tokenizer.specialToken("<|startofprev|>"), ...context] : [];
    const { transcribe, noTimestamps } = this.#taskTokens();
    return {
      tokens: [...previous, this.#start, language, transcribe, noTimestamps, ...beginning],
      inspectAt: previous.length,
    };
  }

  #startOf(
    frames: AudioFrames,
    window: WindowCache,
    prompt: Pick<CachedStart, "tokens" | "inspectAt">,
  ): CachedStart {
    const framesWithAudio = Math.ceil(frames.durationSeconds * encoderFrameRate);
    return {
      ...prompt,
      window,
      framesWithAudio: Math.max(1, Math.min(frames.frames, framesWithAudio)),
    };
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

function weightFiles(path: (name: string) => string, weightsFile?: WhisperWeightsFile): readonly string[] {
  return (weightsFile ? [weightsFile] : ["encoder.onnx", "decoder.onnx"]).map(path);
}

async function readWeights(
  [path, decoderPath]: readonly string[],
  config: Config,
): Promise<{ encoder: EncoderWeights; decoder: DecoderWeights }> {
  const read = (reader: (part: "encoder" | "decoder") => ModuleReader) => ({
    encoder: readEncoderWeights(reader("encoder"), config.encoder_layers),
    decoder: readDecoderWeights(reader("decoder"), config.decoder_layers),
  });
  if (decoderPath !== undefined) {
    const encoder = new OnnxWeights(await readFile(path!), path!);
    const decoder = new OnnxWeights(await readFile(decoderPath), decoderPath);
    return read((part) => onnxModules(part === "encoder" ? encoder : decoder, part));
  }
  if (path!.endsWith(".safetensors")) {
    using tensors = openSafetensors(path!);
    return read((part) => transformersModules(tensors, part));
  }
  using tensors = openGgml(path!);
  return read((part) => openaiModules(tensors, part));
}

async function readConfig<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new GlossaError("model-corrupt", `${path} is not the configuration of a Whisper model.`, { cause });
  }
}
