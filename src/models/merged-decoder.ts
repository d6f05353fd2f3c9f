/**
 * Steps a decoder that was exported as one "merged" ONNX file (Optimum's layout, published for Whisper and
 * Moonshine): one branch runs the prompt and computes the cross-attention cache, the other continues by one token
 * from the caches.
 *
 * The cross-attention cache belongs to the audio and is the same for every hypothesis, so it is kept once wherever the
 * graph can share it. Only the self-attention cache is copied when hypotheses change places.
 */
import type { OnnxSession, Tensor, TensorFactory, Tensors } from "../runtime/session.ts";
import type { DecoderState } from "./speech-model.ts";

/** What the decoder of one model looks like. */
export interface MergedDecoderShape {
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly vocabularySize: number;
  /** `[layer, head]` of the cross-attention heads that follow time; empty when there are none to read. */
  readonly alignmentHeads: readonly (readonly [layer: number, head: number])[];
  /**
   * How the graph takes the cross-attention cache of several hypotheses: `broadcast` from a batch of one; `shared`, the
   * same but with attention outputs of `[heads, hypotheses, frames]`; `copied`, one copy for each hypothesis.
   */
  readonly crossCache: "broadcast" | "shared" | "copied";
}

export interface MergedDecoderPrompt {
  readonly tokens: readonly number[];
  /** `[1, frames, width]` */
  readonly encoderStates: Tensor;
  /** How many of the frames hold audio; attention to the others is not read. */
  readonly framesWithAudio: number;
  /** Read the attention of the alignment heads. */
  readonly attention: boolean;
}

const parts = ["key", "value"] as const;

export class MergedDecoderState implements DecoderState {
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #shape: MergedDecoderShape;
  readonly #encoderStates: Tensor;
  readonly #selfOutputs: string[] = [];
  readonly #attentionLayers: number[];
  readonly attentionHeads: number;
  readonly attentionFrames: number;
  #crossCache: Tensors = {};
  #selfCache: Tensors = {};
  /** How many hypotheses the cross-attention cache holds copies for, when it must. */
  #copies = 1;
  hypotheses = 1;
  logits: Float32Array = new Float32Array(0);
  attention: Float32Array | null = null;
  noSpeechProbabilities: readonly (number | null)[] = [null];

  private constructor(
    session: OnnxSession,
    tensors: TensorFactory,
    shape: MergedDecoderShape,
    prompt: MergedDecoderPrompt,
  ) {
    this.#session = session;
    this.#tensors = tensors;
    this.#shape = shape;
    this.#encoderStates = prompt.encoderStates;
    const heads = prompt.attention ? shape.alignmentHeads : [];
    this.#attentionLayers = [...new Set(heads.map(([layer]) => layer))];
    this.attentionHeads = heads.length;
    this.attentionFrames = prompt.framesWithAudio;
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const part of parts) this.#selfOutputs.push(`present.${layer}.decoder.${part}`);
    }
  }

  /**
   * Runs the prompt.
   *
   * @param inspectPrompt is given the logits of all positions of the prompt, `[tokens, vocabulary]`
   */
  static async start(
    session: OnnxSession,
    tensors: TensorFactory,
    shape: MergedDecoderShape,
    prompt: MergedDecoderPrompt,
    inspectPrompt?: (logits: Float32Array) => number | null,
  ): Promise<MergedDecoderState> {
    const state = new MergedDecoderState(session, tensors, shape, prompt);
    const length = prompt.tokens.length;
    const empty = tensors.float32(new Float32Array(0), [1, shape.heads, 0, shape.headWidth]);
    const feeds: Tensors = {
      input_ids: tensors.int64(prompt.tokens, [1, length]),
      encoder_hidden_states: prompt.encoderStates,
      use_cache_branch: tensors.bool(false),
    };
    const crossOutputs: string[] = [];
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const part of parts) {
        feeds[`past_key_values.${layer}.decoder.${part}`] = empty;
        feeds[`past_key_values.${layer}.encoder.${part}`] = empty;
        crossOutputs.push(`present.${layer}.encoder.${part}`);
      }
    }
    const result = await session.run(feeds, [
      "logits",
      ...state.#selfOutputs,
      ...crossOutputs,
      ...state.#attentionOutputs(),
    ]);
    for (const name of crossOutputs)
      state.#crossCache[name.replace("present", "past_key_values")] = result[name]!;
    const allLogits = result.logits!.data as Float32Array;
    state.noSpeechProbabilities = [inspectPrompt?.(allLogits) ?? null];
    state.#take(result, 1, length);
    state.logits = allLogits.subarray((length - 1) * shape.vocabularySize);
    return state;
  }

  async step(parents: ArrayLike<number>, nextTokens: ArrayLike<number>): Promise<void> {
    const count = nextTokens.length;
    const inPlace = count === this.hypotheses && Array.from(parents).every((parent, i) => parent === i);
    const feeds: Tensors = {
      input_ids: this.#tensors.int64(Array.from(nextTokens), [count, 1]),
      encoder_hidden_states: this.#encoderStates,
      use_cache_branch: this.#tensors.bool(true),
      ...this.#crossCacheFor(count),
    };
    for (const name of this.#selfOutputs) {
      const cache = this.#selfCache[name]!;
      feeds[name.replace("present", "past_key_values")] = inPlace ? cache : this.#gather(cache, parents);
    }
    const result = await this.#session.run(feeds, [
      "logits",
      ...this.#selfOutputs,
      ...this.#attentionOutputs(),
    ]);
    this.#take(result, count, 1);
    this.logits = result.logits!.data as Float32Array;
  }

  [Symbol.dispose](): void {
    this.#crossCache = {};
    this.#selfCache = {};
    this.logits = new Float32Array(0);
    this.attention = null;
  }

  #crossCacheFor(count: number): Tensors {
    if (this.#shape.crossCache !== "copied" || count === this.#copies) return this.#crossCache;
    const parents = new Uint8Array(count);
    for (const name of Object.keys(this.#crossCache)) {
      this.#crossCache[name] = this.#gather(this.#crossCache[name]!, parents);
    }
    this.#copies = count;
    return this.#crossCache;
  }

  #attentionOutputs(): string[] {
    return this.#attentionLayers.map((layer) => `cross_attentions.${layer}`);
  }

  /** Keeps what the next step needs of a run over `positions` tokens of `count` hypotheses. */
  #take(result: Tensors, count: number, positions: number): void {
    this.hypotheses = count;
    for (const name of this.#selfOutputs) this.#selfCache[name] = result[name]!;
    if (this.attentionHeads === 0) return;
    const frames = this.attentionFrames;
    const attention = new Float32Array(count * this.attentionHeads * frames);
    for (const [i, [layer, head]] of this.#shape.alignmentHeads.entries()) {
      const tensor = result[`cross_attentions.${layer}`]!;
      const { heads } = this.#shape;
      const allFrames = tensor.dims.at(-1)!;
      const data = tensor.data as Float32Array;
      const headsFirst = tensor.dims.length === 3;
      for (let hypothesis = 0; hypothesis < count; hypothesis++) {
        const index = headsFirst
          ? head * count + hypothesis
          : (hypothesis * heads + head) * positions + positions - 1;
        const row = index * allFrames;
        attention.set(data.subarray(row, row + frames), (hypothesis * this.attentionHeads + i) * frames);
      }
    }
    this.attention = attention;
  }

  /** The cache rows of `parents`, in that order. */
  #gather(cache: Tensor, parents: ArrayLike<number>): Tensor {
    const [, heads, length, width] = cache.dims as [number, number, number, number];
    const row = heads * length * width;
    const source = cache.data as Float32Array;
    const gathered = new Float32Array(parents.length * row);
    for (let i = 0; i < parents.length; i++) {
      const start = parents[i]! * row;
      gathered.set(source.subarray(start, start + row), i * row);
    }
    return this.#tensors.float32(gathered, [parents.length, heads, length, width]);
  }
}
