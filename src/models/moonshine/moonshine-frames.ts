/**
 * What Moonshine's encoder heard, with the decoder's keys and values over it: one run gives both.
 */
import type { Tensors } from "../../runtime/session.ts";
import type { WindowCache } from "../cross-attention-cache.ts";
import { EncodedFrames } from "../encoded-frames.ts";

export class MoonshineFrames extends EncodedFrames {
  readonly window: WindowCache;

  /** @param outputs of the encoder: `frames` and the decoder's keys and values */
  constructor({ frames, ...crossAttention }: Tensors, durationSeconds: number) {
    super(frames!, durationSeconds);
    this.window = { tensors: crossAttention, frames: this.frames };
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    for (const tensor of Object.values(this.window.tensors)) tensor.dispose();
  }
}
