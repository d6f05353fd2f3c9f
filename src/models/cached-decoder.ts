/**
 * Steps a decoder whose graph takes any number of tokens for any number of rows (see `decoderProgram` in
 * `whisper/decoder-program.ts` for its inputs): the prompts of all starts go through as one batch, and so does every
 * step after that. Caches stay where they are; only what is new comes out of the graph.
 */
import { GlossaError } from "../errors.ts";
import type { OnnxSession, Tensor, TensorFactory, Tensors } from "../runtime/session.ts";
import { batchWindows, frameBias, seat, type WindowCache } from "./cross-attention-cache.ts";
import { DecoderMemory } from "./decoder-memory.ts";
import { placeContinuations, type SelfAttentionShape } from "./self-attention-cache.ts";
import type { DecoderState } from "./speech-model.ts";

/** A decoder's graph and what it looks like from outside. */
export interface CachedDecoder {
  readonly session: OnnxSession;
  readonly tensors: TensorFactory;
  readonly selfAttention: SelfAttentionShape;
  /** Inputs of the self-attention cache: each layer's keys, then its values. */
  readonly pastNames: readonly string[];
  /** Inputs of the cross-attention cache whose last axis is frames. */
  readonly framesLast: ReadonlySet<string>;
  readonly vocabularySize: number;
  /** Tokens that the table of positions holds. */
  readonly maximumTokens: number;
  /** Heads in the graph's output `attention`; 0 when it has none. */
  readonly alignmentHeads: number;
  /** Memory that no search uses at the moment. */
  readonly idleMemory: DecoderMemory[];
}

/** A prompt over a window. */
export interface CachedStart {
  /** The same object for all prompts over the same window. */
  readonly window: WindowCache;
  readonly tokens: readonly number[];
  /** Frames that hold audio; attention to the others is not given out. */
  readonly framesWithAudio: number;
  /** A place in the prompt whose result `inspect` wants to see; the prompt's last when left out. */
  readonly inspectAt?: number;
}

export interface CachedStartOptions {
  /** Give the attention of the heads that follow time. */
  readonly attention: boolean;
  /** The keys and values of all windows as one batch, in the order of the starts, where they were computed so. */
  readonly batch?: Tensors;
  /** Is given the log-probabilities after each start's place to inspect, `[vocabulary]`. */
  readonly inspect?: (logProbabilities: Float32Array, start: number) => number | null;
}

/** Any token does where a prompt is shorter than the longest one. */
const fillToken = 0;

export class CachedDecoderState implements DecoderState {
  readonly #decoder: CachedDecoder;
  readonly #windowOfStart: readonly number[];
  readonly framesOfStarts: readonly number[];
  readonly attentionHeads: number;
  readonly attentionFrames: number;
  #cross: Tensors;
  readonly #windows: number;
  #memory: DecoderMemory | null;
  /** By hypothesis: its row in the caches, its start, and its tokens so far. */
  #rows: number[];
  #starts: number[];
  #lengths: number[];
  logProbabilities: Float32Array = new Float32Array(0);
  attention: Float32Array | null = null;
  noSpeechProbabilities: readonly (number | null)[] = [];

  private constructor(decoder: CachedDecoder, starts: readonly CachedStart[], options: CachedStartOptions) {
    this.#decoder = decoder;
    const windows = [...new Set(starts.map((start) => start.window))];
    this.#windows = windows.length;
    this.#windowOfStart = starts.map((start) => windows.indexOf(start.window));
    this.framesOfStarts = starts.map((start) => start.framesWithAudio);
    this.#cross = {
      ...(options.batch ?? batchWindows(windows, decoder.framesLast, decoder.tensors)),
      frame_bias: frameBias(
        windows.map((window) => window.frames),
        decoder.tensors,
      ),
    };
    this.attentionHeads = options.attention ? decoder.alignmentHeads : 0;
    this.attentionFrames = Math.max(...this.framesOfStarts);
    this.#rows = starts.map((_, i) => i);
    this.#starts = starts.map((_, i) => i);
    this.#lengths = starts.map((start) => start.tokens.length);
    this.#memory =
      decoder.idleMemory.pop() ??
      new DecoderMemory(decoder.tensors, decoder.selfAttention, decoder.pastNames);
  }

  /** Runs the prompts. */
  static async start(
    decoder: CachedDecoder,
    starts: readonly CachedStart[],
    options: CachedStartOptions,
  ): Promise<CachedDecoderState> {
    const state = new CachedDecoderState(decoder, starts, options);
    const count = starts.length;
    const longest = Math.max(...state.#lengths);
    const tokens = new Int32Array(count * longest).fill(fillToken);
    const positions = new Int32Array(count * longest);
    for (const [row, start] of starts.entries()) {
      tokens.set(start.tokens, row * longest);
      for (let i = 0; i < longest; i++) positions[row * longest + i] = i;
    }
    const inspected = options.inspect
      ? starts.map((start, row) => row * longest + (start.inspectAt ?? start.tokens.length - 1))
      : [];
    const last = starts.map((start, row) => row * longest + start.tokens.length - 1);
    await state.#run(tokens, positions, longest, [...inspected, ...last], Int32Array.from(state.#lengths));
    const { vocabularySize } = decoder;
    const all = state.logProbabilities;
    state.noSpeechProbabilities = starts.map(
      (_, i) => options.inspect?.(all.subarray(i * vocabularySize, (i + 1) * vocabularySize), i) ?? null,
    );
    state.logProbabilities = all.subarray(inspected.length * vocabularySize);
    return state;
  }

  get hypotheses(): number {
    return this.#rows.length;
  }

  async step(parents: ArrayLike<number>, nextTokens: ArrayLike<number>): Promise<void> {
    const count = nextTokens.length;
    const chosen = Array.from(parents);
    const { rows, copies } = placeContinuations(chosen.map((parent) => this.#rows[parent]!));
    const lengths = chosen.map((parent) => this.#lengths[parent]!);
    const longest = Math.max(...lengths);
    if (longest >= this.#decoder.maximumTokens) {
      throw new GlossaError(
        "runtime-failed",
        `The decoder holds ${this.#decoder.maximumTokens} tokens, and a hypothesis wants one more.`,
      );
    }
    // Rows that are left may stand behind those that are needed, and must be reachable for copying.
    const reachable = Math.max(count, ...copies.map(({ from }) => from + 1));
    const { cache } = this.#living();
    cache.reserve(reachable, longest + 1);
    for (const { from, to } of copies) cache.copyRow(from, to, longest);
    this.#starts = chosen.map((parent) => this.#starts[parent]!);
    this.#lengths = lengths.map((length) => length + 1);
    this.#rows = rows;

    const tokens = new Int32Array(count);
    const positions = new Int32Array(count);
    const total = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      tokens[row] = nextTokens[i]!;
      positions[row] = lengths[i]!;
      total[row] = lengths[i]! + 1;
    }
    await this.#run(tokens, positions, 1, rows, total);
  }

  [Symbol.dispose](): void {
    if (this.#memory) this.#decoder.idleMemory.push(this.#memory);
    this.#memory = null;
    this.#cross = {};
    this.logProbabilities = new Float32Array(0);
    this.attention = null;
  }

  #living(): DecoderMemory {
    if (!this.#memory) throw new Error("The decoder's state was disposed of.");
    return this.#memory;
  }

  /**
   * @param tokens `[rows, width]`, by place in memory
   * @param last which of the positions give results
   * @param lengths by place in memory, the new tokens included
   */
  async #run(
    tokens: Int32Array,
    positions: Int32Array,
    width: number,
    last: readonly number[],
    lengths: Int32Array,
  ): Promise<void> {
    const { session, tensors, vocabularySize, selfAttention } = this.#decoder;
    const count = this.hypotheses;
    const windowOf = new Int32Array(count * width);
    for (let i = 0; i < count; i++) {
      const row = this.#rows[i]! * width;
      windowOf.fill(this.#windowOfStart[this.#starts[i]!]!, row, row + width);
    }
    const { slots, places, slotCount } = seat(windowOf, this.#windows);
    const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
    const { cache, ...memory } = this.#living();
    cache.reserve(count, longest);
    const { layers, heads, headWidth } = selfAttention;
    const results = memory.results.of([last.length, vocabularySize]);
    const newCache = memory.newCache.of([layers, count, width, 2 * heads * headWidth]);
    const outputs: Record<string, Tensor> = { log_probabilities: results, new_cache: newCache };
    if (this.attentionHeads > 0) {
      const frames = this.#cross.frame_bias!.dims[3]!;
      outputs.attention = memory.attention.of([this.#windows, this.attentionHeads, slotCount, frames]);
    }
    await session.run(
      {
        ...this.#cross,
        ...cache.views(count),
        tokens: tensors.int64(tokens, [count, width]),
        ...(session.inputNames.includes("positions")
          ? { positions: tensors.int64(positions, [count, width]) }
          : {}),
        lengths: tensors.int32(
          lengths.map((length) => length - 1),
          [count],
        ),
        total: tensors.int32([longest], [1]),
        slots: tensors.int64(slots, [this.#windows, slotCount]),
        places: tensors.int64(places, [count, width]),
        last: tensors.int64(last, [last.length]),
      },
      outputs,
    );
    this.logProbabilities = results.data as Float32Array;
    cache.append(newCache.data as Float32Array, width, lengths);
    if (outputs.attention) this.#readAttention(outputs.attention, places, last, slotCount);
  }

  /** From `[windows, heads, slots, frames]` to `[hypotheses, heads, frames with audio]`. */
  #readAttention(tensor: Tensor, places: Int32Array, last: readonly number[], slotCount: number): void {
    const heads = this.attentionHeads;
    const frames = this.attentionFrames;
    const allFrames = tensor.dims[3]!;
    const data = tensor.data as Float32Array;
    const count = this.hypotheses;
    const attention = new Float32Array(count * heads * frames);
    for (let i = 0; i < count; i++) {
      const place = places[last[last.length - count + i]!]!;
      const [window, slot] = [Math.floor(place / slotCount), place % slotCount];
      const withAudio = this.framesOfStarts[this.#starts[i]!]!;
      for (let head = 0; head < heads; head++) {
        const from = ((window * heads + head) * slotCount + slot) * allFrames;
        attention.set(data.subarray(from, from + withAudio), (i * heads + head) * frames);
      }
    }
    this.attention = attention;
  }
}
