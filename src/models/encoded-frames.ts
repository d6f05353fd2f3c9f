/**
 * An encoder's output as a tensor of the engine, kept whole because decoders are fed with it.
 */
import type { Tensor } from "../runtime/session.ts";
import type { AudioFrames } from "./speech-model.ts";

export class EncodedFrames implements AudioFrames {
  /** `[1, frames, width]` */
  readonly tensor: Tensor;
  readonly durationSeconds: number;

  constructor(tensor: Tensor, durationSeconds: number) {
    this.tensor = tensor;
    this.durationSeconds = durationSeconds;
  }

  get data(): Float32Array {
    return this.tensor.data as Float32Array;
  }

  get frames(): number {
    return this.tensor.dims[1]!;
  }

  get width(): number {
    return this.tensor.dims[2]!;
  }

  [Symbol.dispose](): void {
    this.tensor.dispose();
  }
}
