/**
 * The one interface behind which every recogniser architecture stands. A new architecture is a new folder beside
 * this file that implements it; search, context and surfaces stay as they are.
 */
import type { Tokenizer } from "../text/tokenizer.ts";

/** What the encoder heard in one window of audio. Retrieval, decoding and alignment all read the same frames. */
export interface AudioFrames extends Disposable {
  /** `[frames, width]`, row-major. */
  readonly data: Float32Array;
  readonly frames: number;
  readonly width: number;
  /** Length of the audio that was encoded in seconds; frames after it are padding. */
  readonly durationSeconds: number;
}

/** Settings that the start of a prompt depends on. */
export interface PromptOptions {
  /** ISO 639-1 code, one of the model's languages. */
  readonly language: string;
  /** Tokens of previous text or terms, at most `promptLimit`; what it means is up to the model. */
  readonly context?: readonly number[];
  /** Tokens that the text begins with. */
  readonly beginning?: readonly number[];
  /** Give the attention from which word times are made. Default false. */
  readonly attention?: boolean;
}

/** Where decoding starts: one prompt over the frames of one window. */
export interface DecoderStart {
  readonly frames: AudioFrames;
  readonly prompt: PromptOptions;
}

/**
 * A set of hypotheses in the middle of being decoded as one batch. It starts as one hypothesis for each start, in
 * their order, which holds that start's prompt. The starts may be views of the same window (the same frames with
 * different prompts) or different windows.
 */
export interface DecoderState extends Disposable {
  /** How many hypotheses it holds. */
  readonly hypotheses: number;
  /**
   * `[hypotheses, vocabulary]`: natural logarithm of the probability of every next token. Overwritten by the next step; the search
   * may write into it.
   */
  readonly logProbabilities: Float32Array;
  /**
   * `[hypotheses, heads, frames]` cross-attention of the position that gave `logProbabilities`, over the heads that follow
   * time; null when the model gives none. Overwritten by the next step.
   */
  readonly attention: Float32Array | null;
  readonly attentionHeads: number;
  /** Frames that hold audio, the most of any start; the attention of a hypothesis over less audio ends in zeros. */
  readonly attentionFrames: number;
  /** For each start, how many frames hold audio. */
  readonly framesOfStarts: readonly number[];
  /** For each start, the probability, from its prompt alone, that nobody speaks; null when the model has no such opinion. */
  readonly noSpeechProbabilities: readonly (number | null)[];
  /**
   * Continues hypothesis `parents[i]` with `tokens[i]`; the result becomes hypothesis `i` and belongs to the same
   * start. A parent may be named several times or not at all.
   */
  step(parents: ArrayLike<number>, tokens: ArrayLike<number>): Promise<void>;
}

/** What hears: gives frames for audio. A recogniser does, and an encoder that writes nothing. */
export interface FrameSource extends AsyncDisposable {
  /** Identifier such as `whisper-small`. */
  readonly id: string;
  /** Encoder frames a second. */
  readonly frameRate: number;
  /** Longest window in seconds. */
  readonly maximumSeconds: number;
  /** Silence that the encoder puts before the audio, in seconds: frame 0 stands for this much before its start. */
  readonly leadInSeconds: number;
  /** @param samples mono 16 kHz, at most `maximumSeconds` */
  encode(samples: Float32Array): Promise<AudioFrames>;
}

export interface SpeechModel extends FrameSource {
  readonly tokenizer: Tokenizer;
  /** ISO 639-1 codes it can write. */
  readonly languages: readonly string[];
  /** How many tokens of context a prompt can take; 0 when the model takes none. */
  readonly promptLimit: number;
  /** The token that ends a text. */
  readonly endToken: number;
  /** Tokens that never belong in a text. */
  readonly suppressedTokens: readonly number[];
  /** Tokens that must not begin a text. */
  readonly suppressedAtStart: readonly number[];
  /** The most tokens that `seconds` of speech can need. */
  tokenLimit(seconds: number): number;
  /** Starts decoding: runs the prompts and leaves one hypothesis for each. */
  decoder(starts: readonly DecoderStart[]): Promise<DecoderState>;
  /** Probability of every language the model knows; a model of one language answers at once. */
  detectLanguage(frames: AudioFrames): Promise<ReadonlyMap<string, number>>;
}
