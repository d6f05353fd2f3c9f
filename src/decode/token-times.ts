/**
 * When each token was spoken, from the decoder's cross-attention: Whisper's method (openai/whisper `timing.py`):
 * the attention of the heads that follow time is normalised over the tokens, smoothed by a median over time,
 * averaged over heads, and read along the cheapest monotone path.
 */
import { firstColumns } from "./dynamic-time-warping.ts";

/** Frames of the median filter. */
const medianWidth = 7;

/**
 * @param attention for each of the text's tokens and the end token after them the attention `[heads, frames]` of the
 *   position that predicted it
 * @returns the time in seconds at which each token begins, and one more: the time at which the text ends; never
 *   decreasing, from 0 to `frames / frameRate`
 */
export function tokenTimes(
  attention: readonly Float32Array[],
  heads: number,
  frames: number,
  frameRate: number,
): Float64Array {
  const tokens = attention.length;
  const mean = new Float32Array(tokens * frames);
  const column = new Float64Array(tokens);
  const row = new Float32Array(frames);
  const headWeights = new Float32Array(tokens * frames);
  for (let head = 0; head < heads; head++) {
    for (let frame = 0; frame < frames; frame++) {
      let sum = 0;
      for (let token = 0; token < tokens; token++) {
        column[token] = attention[token]![head * frames + frame]!;
        sum += column[token]!;
      }
      const average = sum / tokens;
      let variance = 0;
      for (let token = 0; token < tokens; token++) variance += (column[token]! - average) ** 2;
      const deviation = Math.sqrt(variance / tokens) || 1;
      for (let token = 0; token < tokens; token++) {
        headWeights[token * frames + frame] = (column[token]! - average) / deviation;
      }
    }
    for (let token = 0; token < tokens; token++) {
      medianFilter(headWeights.subarray(token * frames, (token + 1) * frames), row);
      for (let frame = 0; frame < frames; frame++) mean[token * frames + frame]! -= row[frame]! / heads;
    }
  }
  const first = firstColumns(mean, tokens, frames);
  const times = Float64Array.from(first, (frame) => frame / frameRate);
  return times;
}

/** Median over a sliding window, the edges reflected. */
function medianFilter(input: Float32Array, output: Float32Array): void {
  const length = input.length;
  const reach = (medianWidth - 1) / 2;
  if (length <= reach) {
    output.set(input);
    return;
  }
  const window = new Float32Array(medianWidth);
  for (let i = 0; i < length; i++) {
    for (let j = -reach; j <= reach; j++) {
      let at = i + j;
      if (at < 0) at = -at;
      else if (at >= length) at = 2 * (length - 1) - at;
      window[j + reach] = input[at]!;
    }
    // Insertion sort: the window is tiny.
    for (let a = 1; a < medianWidth; a++) {
      const value = window[a]!;
      let b = a - 1;
      while (b >= 0 && window[b]! > value) {
        window[b + 1] = window[b]!;
        b--;
      }
      window[b + 1] = value;
    }
    output[i] = window[reach]!;
  }
}
