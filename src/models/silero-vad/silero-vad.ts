/**
 * Silero VAD 5 (https://github.com/snakers4/silero-vad, MIT): speech probability for every 32 ms.
 *
 * A recurrent network of 0.3 M weights. Every frame of 512 samples is given together with the 64 samples before it,
 * as the reference wrapper does: the network was trained so, and hears worse without.
 */
import type { VoiceActivity, VoiceActivityStream } from "../../audio/voice-activity.ts";
import { readFile } from "node:fs/promises";
import { OnnxWeights } from "../../graph/onnx-weights.ts";
import { builtSessions } from "../../runtime/built-sessions.ts";
import { tensorFactory } from "../../runtime/session.ts";
import type { OnnxSession, SessionOptions, Tensor, TensorFactory } from "../../runtime/session.ts";
import { networkSamples, sileroVadProgram } from "./silero-vad-program.ts";

/** 512 samples: 32 ms at 16 kHz, the only length the network takes. */
const FRAME_SAMPLES = 512;
const CONTEXT_SAMPLES = 64;
const STATE_SHAPE = [2, 1, 128] as const;

/**
 * The network misses speech whose peaks stay under about 0.02 of full scale (-50 dBFS on average), so recordings
 * quieter than `QUIET_PEAK` are raised to it, at most by `MAXIMUM_GAIN` (beyond that lies the rounding noise of 16 bits).
 * More than this makes voices of hens and sheep.
 */
const QUIET_PEAK = 0.05;
const MAXIMUM_GAIN = 50;
/** The level is taken from the first two seconds: to raise the hush before a word blurs its onset. */
const LEVEL_SAMPLES = 2 * 16_000;
/** The quietest level assumed for a recording of which two seconds of silence are known. */
const LOWEST_FIRST_PEAK = 0.01;
/** The running peak halves in ten seconds, so that one bang does not hide quiet speech for long. */
const PEAK_DECAY = 0.5 ** (FRAME_SAMPLES / 16_000 / 10);

/** At most so many frames go through the network at once: half a minute. */
const MAXIMUM_FRAMES = 1000;

export interface SileroVadOptions extends SessionOptions {
  /** Folder for what is built of the weights; default as for the models. */
  cacheFolder?: string;
  signal?: AbortSignal;
}

/** Silero VAD 5, loaded. */
export class SileroVad implements VoiceActivity, AsyncDisposable {
  readonly frameSamples = FRAME_SAMPLES;
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;

  private constructor(session: OnnxSession, tensors: TensorFactory) {
    this.#session = session;
    this.#tensors = tensors;
  }

  /**
   * @param modelPath `silero_vad.onnx` of version 5
   * @param options one thread by default: the network is too small to be shared out
   * @throws GlossaError `model-corrupt` when the file is not that network
   */
  static async load(modelPath: string, options: SileroVadOptions = {}): Promise<SileroVad> {
    const build = async () => ({
      network: sileroVadProgram(new OnnxWeights(await readFile(modelPath), modelPath)),
    });
    const derivation = { id: "silero-vad", sources: [modelPath] };
    const { network } = await builtSessions(derivation, ["network"], build, { threads: 1, ...options });
    return new SileroVad(network, await tensorFactory());
  }

  stream(): VoiceActivityStream {
    return new SileroVadStream(this.#session, this.#tensors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

class SileroVadStream implements VoiceActivityStream {
  readonly #session: OnnxSession;
  /** The beginning of the recording, until there is enough of it to know its level; null from then on. */
  #beginning: Float32Array[] | null = [];
  /** The context and the frame, unscaled; `#filled` samples of the frame are there. */
  readonly #recent = new Float32Array(CONTEXT_SAMPLES + FRAME_SAMPLES);
  #filled = 0;
  #peak = LOWEST_FIRST_PEAK;
  readonly #tensors: TensorFactory;
  /** Frames that wait for the network, scaled. */
  #input = new Float32Array(0);
  #waiting = 0;
  #state: Tensor;

  constructor(session: OnnxSession, tensors: TensorFactory) {
    this.#session = session;
    this.#tensors = tensors;
    this.#state = tensors.float32(new Float32Array(STATE_SHAPE[0] * STATE_SHAPE[2]), STATE_SHAPE);
  }

  async push(samples: Float32Array): Promise<Float32Array> {
    const clean = samples.map(cleanSample);
    if (!this.#beginning) return this.#run(clean);
    this.#beginning.push(clean);
    const received = this.#beginning.reduce((sum, piece) => sum + piece.length, 0);
    return received < LEVEL_SAMPLES ? new Float32Array(0) : this.#begin();
  }

  async flush(): Promise<Float32Array> {
    const probabilities = this.#beginning ? await this.#begin() : new Float32Array(0);
    if (this.#filled === 0) return probabilities;
    this.#recent.fill(0, CONTEXT_SAMPLES + this.#filled);
    const last = new Float32Array(1);
    this.#takeFrame(1);
    await this.#runWaiting(last, 0);
    return Float32Array.of(...probabilities, ...last);
  }

  /** Takes the level of the beginning, then runs it. */
  #begin(): Promise<Float32Array> {
    const pieces = this.#beginning!;
    this.#beginning = null;
    const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let position = 0;
    for (const piece of pieces) {
      samples.set(piece, position);
      position += piece.length;
    }
    this.#peak = Math.max(this.#peak, peakOf(samples.subarray(0, LEVEL_SAMPLES)));
    return this.#run(samples);
  }

  async #run(samples: Float32Array): Promise<Float32Array> {
    const probabilities = new Float32Array(Math.floor((this.#filled + samples.length) / FRAME_SAMPLES));
    let taken = 0;
    for (let frame = 0; frame < probabilities.length; frame++) {
      const end = taken + FRAME_SAMPLES - this.#filled;
      this.#take(samples.subarray(taken, end));
      taken = end;
      this.#takeFrame(Math.min(MAXIMUM_FRAMES, probabilities.length - frame));
      const isLast = frame === probabilities.length - 1;
      if (isLast || this.#waiting === MAXIMUM_FRAMES) {
        await this.#runWaiting(probabilities, frame + 1 - this.#waiting);
      }
    }
    this.#take(samples.subarray(taken));
    return probabilities;
  }

  #take(samples: Float32Array): void {
    this.#recent.set(samples, CONTEXT_SAMPLES + this.#filled);
    this.#filled += samples.length;
  }

  /**
   * Scales the frame that is full and puts it behind those that wait.
   * @param expected how many frames will wait, this one included, when none does yet
   */
  #takeFrame(expected: number): void {
    if (this.#waiting === 0 && this.#input.length < expected * networkSamples) {
      this.#input = new Float32Array(expected * networkSamples);
    }
    this.#peak = Math.max(this.#peak * PEAK_DECAY, peakOf(this.#recent));
    const gain = Math.max(1, Math.min(MAXIMUM_GAIN, QUIET_PEAK / this.#peak));
    const start = this.#waiting * networkSamples;
    const length = this.#recent.length;
    for (let i = 0; i < length; i++) this.#input[start + i] = this.#recent[i]! * gain;
    // The network's spectrum reaches past the end, where it sees the end mirrored.
    for (let i = length; i < networkSamples; i++) {
      this.#input[start + i] = this.#input[start + 2 * (length - 1) - i]!;
    }
    this.#waiting++;
    this.#recent.copyWithin(0, FRAME_SAMPLES);
    this.#filled = 0;
  }

  async #runWaiting(probabilities: Float32Array, from: number): Promise<void> {
    const count = this.#waiting;
    this.#waiting = 0;
    const frames = this.#input.subarray(0, count * networkSamples);
    const outputs = await this.#session.run({
      frames: this.#tensors.float32(frames, [count, networkSamples]),
      state: this.#state,
    });
    this.#state = outputs.next_state!;
    probabilities.set(outputs.probabilities!.data as Float32Array, from);
  }
}

/** One NaN or huge value would stay in the recurrent state for the rest of the recording. */
function cleanSample(sample: number): number {
  return Number.isNaN(sample) ? 0 : Math.max(-1, Math.min(1, sample));
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
