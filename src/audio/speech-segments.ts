/**
 * From speech probabilities to stretches of speech: hysteresis, shortest speech, shortest silence. Pure logic, fed
 * frame by frame, after `get_speech_timestamps` of https://github.com/snakers4/silero-vad.
 *
 * Padding is left to whoever cuts the audio, since it must not run into the neighbouring cut.
 */

/** A stretch of speech: frames `startFrame` up to, not including, `endFrame`. */
export interface SpeechRun {
  readonly startFrame: number;
  readonly endFrame: number;
  /** Highest speech probability within. */
  readonly peakProbability: number;
}

export interface SpeechSegmentOptions {
  /** Seconds that one probability stands for. */
  frameSeconds: number;
  /** Speech begins at a frame of at least this probability. */
  threshold: number;
  /** Speech ends at a frame below this probability, if `minimumSilenceSeconds` pass without speech beginning again. */
  negativeThreshold: number;
  /** Shorter speech is taken for a click and left out. */
  minimumSpeechSeconds: number;
  /** Shorter silence does not end speech. */
  minimumSilenceSeconds: number;
}

/**
 * Defaults for recognition with Silero VAD 5. Losing speech is far worse than keeping noise, so the thresholds are lower
 * than those of silero-vad (0.5 and 0.35); in read, spontaneous and Mandarin speech no word was shorter than six frames
 * of 32 ms, and nearly everything up to three frames was a click.
 */
export const defaultSegmentOptions = {
  threshold: 0.3,
  negativeThreshold: 0.15,
  minimumSpeechSeconds: 0.12,
  minimumSilenceSeconds: 0.1,
} as const satisfies Partial<SpeechSegmentOptions>;

/** Finds speech in a stream of probabilities. */
export class SpeechSegmenter {
  readonly #options: SpeechSegmentOptions;
  readonly #minimumSpeechFrames: number;
  readonly #minimumSilenceFrames: number;
  #frames = 0;
  #startFrame: number | null = null;
  /** First frame of the silence that may turn out to end the speech. */
  #silenceFrame: number | null = null;
  #peakProbability = 0;
  /** Whether the speech going on now is the second part of longer speech. */
  #continued = false;

  constructor(options: SpeechSegmentOptions) {
    this.#options = options;
    this.#minimumSpeechFrames = Math.max(1, framesOf(options.minimumSpeechSeconds, options.frameSeconds));
    this.#minimumSilenceFrames = Math.max(1, framesOf(options.minimumSilenceSeconds, options.frameSeconds));
  }

  /** Frame at which the speech going on now began; null in silence. It may still turn out to be too short. */
  get openStartFrame(): number | null {
    return this.#startFrame;
  }

  /** Takes the probability of the next frame; returns the speech that is now known to have ended. */
  push(probability: number): SpeechRun | null {
    const frame = this.#frames++;
    const { threshold, negativeThreshold } = this.#options;
    if (probability >= threshold) {
      this.#startFrame ??= frame;
      this.#silenceFrame = null;
      this.#peakProbability = Math.max(this.#peakProbability, probability);
      return null;
    }
    if (this.#startFrame === null) return null;
    // Once silence may have begun, only speech (`threshold`) takes it back: frames in between are neither.
    if (probability < negativeThreshold) this.#silenceFrame ??= frame;
    const silenceFrames = this.#silenceFrame === null ? 0 : frame + 1 - this.#silenceFrame;
    return silenceFrames >= this.#minimumSilenceFrames ? this.#close() : null;
  }

  /** Ends the stream; returns the speech that was still going on. */
  finish(): SpeechRun | null {
    return this.#startFrame === null ? null : this.#close();
  }

  /** Ends the speech going on now at `frame` and lets new speech begin there; both are kept however short they are. */
  split(frame: number): SpeechRun {
    const startFrame = this.#startFrame;
    if (startFrame === null || frame <= startFrame || frame > this.#frames) {
      throw new RangeError(`Frame ${frame} is not inside the speech that began at ${startFrame}.`);
    }
    this.#startFrame = frame;
    this.#continued = true;
    if (this.#silenceFrame !== null) this.#silenceFrame = Math.max(this.#silenceFrame, frame);
    return { startFrame, endFrame: frame, peakProbability: this.#peakProbability };
  }

  #close(): SpeechRun | null {
    const startFrame = this.#startFrame!;
    const endFrame = this.#silenceFrame ?? this.#frames;
    const run = { startFrame, endFrame, peakProbability: this.#peakProbability };
    const longEnough = endFrame - startFrame >= (this.#continued ? 1 : this.#minimumSpeechFrames);
    this.#startFrame = null;
    this.#silenceFrame = null;
    this.#peakProbability = 0;
    this.#continued = false;
    return longEnough ? run : null;
  }
}

/** Whole frames in `seconds`, rounded up; a hair's breadth is forgiven for binary fractions. */
function framesOf(seconds: number, frameSeconds: number): number {
  return Math.ceil(seconds / frameSeconds - 1e-6);
}
