/**
 * A trained CTC head over a recogniser's frames: how likely each letter, or part of a syllable, is at each moment of the speech.
 * Terms are found in it (`TermSpotter`), and texts are aligned with it.
 */
import { join } from "node:path";
import type { AudioFrames, FrameSource } from "../models/speech-model.ts";
import { createSession, type OnnxSession, type SessionOptions, tensorFactory } from "../runtime/session.ts";
import type { TensorFactory } from "../runtime/session.ts";
import { CtcLabels } from "./ctc-labels.ts";
import { type HeadDescription, headFiles, readHeadDescription } from "./head-files.ts";

/** Scores of labels over a stretch of speech. */
export interface LabelScores {
  /** `[places, labels]`, row-major, before softmax. */
  readonly logits: Float32Array;
  readonly places: number;
}

/** What gives scores of labels for a recogniser's frames. */
export interface LetterScorer extends AsyncDisposable {
  readonly labels: CtcLabels;
  /** How long a place is. */
  readonly placeSeconds: number;
  /** @param frames `[frames, width]` of the model that it was made for */
  run(frames: Float32Array, width: number): Promise<LabelScores>;
}

export class LetterHead implements LetterScorer {
  readonly description: Extract<HeadDescription, { kind: "ctc-head" }>;
  readonly labels: CtcLabels;
  readonly placeSeconds: number;
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;

  private constructor(description: LetterHead["description"], session: OnnxSession, tensors: TensorFactory) {
    const { labels, stack, outputs, frameRate } = description;
    this.description = description;
    this.labels = new CtcLabels(labels);
    this.placeSeconds = stack / outputs / frameRate;
    this.#session = session;
    this.#tensors = tensors;
  }

  /**
   * @param folder of a finished run of a `ctc-head` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`, `runtime-failed`
   */
  static async load(folder: string, options: SessionOptions = {}): Promise<LetterHead> {
    const description = await readHeadDescription(folder, "ctc-head");
    const session = await createSession(join(folder, headFiles.graph), options);
    return new LetterHead(description, session, await tensorFactory());
  }

  async run(frames: Float32Array, width: number): Promise<LabelScores> {
    const { stack } = this.description;
    const steps = Math.ceil(frames.length / width / stack);
    const whole = steps * stack * width;
    const data = whole === frames.length ? frames : new Float32Array(whole);
    if (data !== frames) data.set(frames);
    const { logits } = await this.#session.run({
      frames: this.#tensors.float32(data, [1, steps, stack * width]),
      bias: this.#tensors.float32(new Float32Array(steps), [1, 1, 1, steps]),
    });
    return { logits: logits!.data as Float32Array, places: logits!.dims[1]! };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** Label scores of one window's audio. */
export async function labelScores(
  head: LetterScorer,
  model: FrameSource,
  frames: AudioFrames,
): Promise<LabelScores> {
  const lead = Math.round(model.leadInSeconds * model.frameRate);
  const count = Math.max(1, Math.ceil(frames.durationSeconds * model.frameRate));
  const own = frames.data.subarray(lead * frames.width, Math.min(frames.frames, lead + count) * frames.width);
  return head.run(own, frames.width);
}
