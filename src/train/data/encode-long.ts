/** Frames of a recording of any length, in windows that the model takes, cut where it is quiet. */
import type { AudioFrames, FrameSource } from "../../models/speech-model.ts";

const sampleRate = 16_000;
/** The end of a window in which the quietest place is looked for, and how long a place is. */
const searchedSeconds = 6;
const placeSeconds = 0.2;

/**
 * @param samples mono 16 kHz
 * @returns `[frames, width]`, as many frames as the audio lasts
 */
export async function encodeLong(
  model: FrameSource,
  samples: Float32Array,
  signal?: AbortSignal,
): Promise<{ data: Float32Array; width: number }> {
  const parts: Float32Array[] = [];
  let width = 0;
  for (let start = 0; start < samples.length;) {
    signal?.throwIfAborted();
    const length = windowLength(samples.subarray(start), model);
    using heard = await model.encode(samples.subarray(start, start + length));
    parts.push(framesOf(heard, model, 0, length));
    width = heard.width;
    start += length;
  }
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return { data, width };
}

/**
 * The frames of a stretch of a window.
 *
 * @param start first sample, a whole number of frames
 * @param length samples
 */
export function framesOf(
  { data, frames, width }: AudioFrames,
  model: FrameSource,
  start: number,
  length: number,
): Float32Array {
  const frameSamples = sampleRate / model.frameRate;
  const lead = Math.round(model.leadInSeconds * model.frameRate);
  const first = Math.min(frames - 1, lead + Math.round(start / frameSamples));
  const count = Math.max(1, Math.ceil(length / frameSamples));
  return data.slice(first * width, Math.min(frames, first + count) * width);
}

/** Whole frames up to the quietest place near the end of the longest window. */
function windowLength(rest: Float32Array, model: FrameSource): number {
  const most = model.maximumSeconds * sampleRate;
  if (rest.length <= most) return rest.length;
  const place = placeSeconds * sampleRate;
  let quietest = most;
  let least = Infinity;
  for (let start = most - searchedSeconds * sampleRate; start + place <= most; start += place / 2) {
    let energy = 0;
    for (let i = start; i < start + place; i++) energy += rest[i]! * rest[i]!;
    if (energy < least) [least, quietest] = [energy, start + place / 2];
  }
  const frameSamples = sampleRate / model.frameRate;
  return Math.floor(Math.floor(quietest / frameSamples) * frameSamples);
}
