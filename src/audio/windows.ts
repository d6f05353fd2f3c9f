/**
 * The step between voice activity and recognition: a recording of any length becomes windows of limited length that
 * hold its speech. Streams: needs memory for about one window, whatever the length of the recording.
 */
import { GlossaError } from "../errors.ts";
import type { VoiceActivity } from "./voice-activity.ts";
import { defaultPackerOptions, WindowPacker } from "./window-packer.ts";

const SAMPLE_RATE = 16_000;
/**
 * Audio is passed on in pieces of a second: one huge chunk neither fills memory nor delays an abort, and the detector is
 * several times faster on many frames at once.
 */
const PIECE_SAMPLES = SAMPLE_RATE;
/** Shorter windows leave no room for a pause to cut in. */
const MINIMUM_SECONDS = 5;

/** A stretch of a recording that holds speech. All times are seconds from the start of the recording. */
export interface SpeechWindow {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** `[(endSeconds - startSeconds) * 16000]`: the recording from start to end, mono 16 kHz. */
  readonly samples: Float32Array;
  /** Where speech is within the window. */
  readonly speech: readonly { readonly startSeconds: number; readonly endSeconds: number }[];
  /** Length of all the speech. */
  readonly speechSeconds: number;
  /** From the end of the speech of the window before (or the start of the recording) to the first speech here. */
  readonly precedingSilenceSeconds: number;
}

export interface WindowOptions {
  /** Longest window, at least 5: what the model takes. */
  maximumSeconds: number;
  /** Leave out what is no speech. Default true; if false, everything stands in some window. */
  voiceActivity?: boolean;
  signal?: AbortSignal;
  /** Called as audio is taken in. `totalSeconds` is null until the recording has ended, in the last call. */
  onProgress?: (progress: { receivedSeconds: number; totalSeconds: number | null }) => void;
}

/**
 * Cuts a recording into windows for recognition.
 *
 * Windows never overlap, come in order, and together hold every stretch of speech once, with some 0.3 s of the silence
 * around it. They are packed with as much speech as fits and cut in pauses. Silence of more than two seconds stands in
 * no window, and audio without speech gives none.
 *
 * @param chunks mono 16 kHz
 * @param voiceActivity null only if `options.voiceActivity` is false
 * @throws GlossaError `invalid-argument` if `maximumSeconds` is below 5 or the detector is missing; the signal's
 *   reason when aborted
 */
export async function* speechWindows(
  chunks: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  voiceActivity: VoiceActivity | null,
  options: WindowOptions,
): AsyncGenerator<SpeechWindow, void, undefined> {
  const { maximumSeconds, signal, onProgress } = options;
  if (!(maximumSeconds >= MINIMUM_SECONDS && Number.isFinite(maximumSeconds))) {
    throw new GlossaError(
      "invalid-argument",
      `maximumSeconds is ${maximumSeconds}; it must be a number of at least ${MINIMUM_SECONDS}.`,
    );
  }
  const detect = options.voiceActivity !== false;
  if (detect && !voiceActivity) {
    throw new GlossaError(
      "invalid-argument",
      "A voice activity detector is needed unless voiceActivity is false.",
    );
  }
  const detector = detect ? voiceActivity! : everythingIsSpeech;
  const packer = new WindowPacker({
    ...defaultPackerOptions,
    minimumSpeechSeconds: detect ? defaultPackerOptions.minimumSpeechSeconds : 0,
    maximumSamples: Math.floor(maximumSeconds * SAMPLE_RATE),
    frameSamples: detector.frameSamples,
  });
  const stream = detector.stream();
  const receivedSeconds = () => packer.receivedSamples / SAMPLE_RATE;
  signal?.throwIfAborted();
  for await (const piece of pieces(chunks)) {
    signal?.throwIfAborted();
    packer.append(piece);
    yield* packer.push(await stream.push(piece));
    onProgress?.({ receivedSeconds: receivedSeconds(), totalSeconds: null });
  }
  signal?.throwIfAborted();
  yield* packer.push(await stream.flush());
  onProgress?.({ receivedSeconds: receivedSeconds(), totalSeconds: receivedSeconds() });
  yield* packer.finish();
}

/** The same samples in pieces of a second; the last may be shorter. */
async function* pieces(
  chunks: AsyncIterable<Float32Array> | Iterable<Float32Array>,
): AsyncGenerator<Float32Array, void, undefined> {
  let piece = new Float32Array(PIECE_SAMPLES);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length;) {
      const part = chunk.subarray(taken, taken + PIECE_SAMPLES - filled);
      piece.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < PIECE_SAMPLES) continue;
      yield piece;
      piece = new Float32Array(PIECE_SAMPLES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Stands in for a detector when nothing may be left out: windows are then cut by loudness alone. */
const everythingIsSpeech: VoiceActivity = {
  frameSamples: 512,
  stream() {
    let pending = 0;
    return {
      push(samples) {
        const frames = Math.floor((pending + samples.length) / 512);
        pending = (pending + samples.length) % 512;
        return Promise.resolve(new Float32Array(frames).fill(1));
      },
      flush: () => Promise.resolve(new Float32Array(pending > 0 ? 1 : 0).fill(1)),
    };
  },
};
