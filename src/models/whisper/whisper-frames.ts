/**
 * What Whisper's encoder heard, with the decoder's keys and values over it, which are computed when first decoded and
 * then shared by everything that decodes these frames.
 */
import type { OnnxSession, Tensor, TensorFactory, Tensors } from "../../runtime/session.ts";
import type { WindowCache } from "../cross-attention-cache.ts";
import { EncodedFrames } from "../encoded-frames.ts";

export class WhisperFrames extends EncodedFrames {
  readonly #crossAttention: OnnxSession;
  #window: Promise<WindowCache> | null = null;

  /** @param tensor `[1, frames, width]` */
  constructor(tensor: Tensor, durationSeconds: number, crossAttention: OnnxSession) {
    super(tensor, durationSeconds);
    this.#crossAttention = crossAttention;
  }

  /**
   * The keys and values of several windows, each once, as one batch; shorter ones are filled up with frames of zeros.
   *
   * @param windows at least two
   */
  static async batch(windows: readonly WhisperFrames[], tensors: TensorFactory): Promise<Tensors> {
    const [first] = windows;
    const longest = Math.max(...windows.map((window) => window.frames));
    const { width } = first!;
    const data = new Float32Array(windows.length * longest * width);
    for (const [i, window] of windows.entries()) data.set(window.data, i * longest * width);
    return first!.#crossAttention.run({ frames: tensors.float32(data, [windows.length, longest, width]) });
  }

  /** Keys and values of cross-attention; the same object every time. */
  window(): Promise<WindowCache> {
    this.#window ??= this.#crossAttention
      .run({ frames: this.tensor })
      .then((tensors: Tensors) => ({ tensors, frames: this.frames }));
    return this.#window;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    void this.#window?.then(({ tensors }) => {
      for (const tensor of Object.values(tensors)) tensor.dispose();
    });
    this.#window = null;
  }
}
