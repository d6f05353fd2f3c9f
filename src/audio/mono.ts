/**
 * Turns decoded blocks of any sampling rate and number of channels into mono chunks of 16 kHz.
 */
import { GlossaError, type GlossaErrorCode } from "../errors.ts";
import { type AudioBlock, type DecodeContext, formatSeconds } from "./decoded-audio.ts";
import { Resampler } from "./resample.ts";

/** Samples per second of everything that leaves this folder. */
export const SAMPLE_RATE = 16_000;

const MIN_SAMPLE_RATE = 4_000;
const MAX_SAMPLE_RATE = 384_000;

/** @throws GlossaError with `code` for a sampling rate that no recording has */
export function checkSampleRate(sampleRate: number, name: string, code: GlossaErrorCode): void {
  if (Number.isInteger(sampleRate) && sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE) return;
  throw new GlossaError(
    code,
    `${name}: the sampling rate is ${sampleRate} Hz; it must be a whole number from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE}`,
  );
}

/** Mean of the channels, always a new array; samples that are no finite numbers become 0 and are counted. */
function mixDown(channels: Float32Array[]): { mono: Float32Array; replaced: number; firstReplaced: number } {
  const mono = channels[0].slice();
  for (const channel of channels.slice(1)) {
    for (let i = 0; i < mono.length; i++) mono[i] += channel[i];
  }
  const scale = 1 / channels.length;
  let replaced = 0;
  let firstReplaced = -1;
  for (let i = 0; i < mono.length; i++) {
    const mean = mono[i] * scale;
    if (Number.isFinite(mean)) {
      mono[i] = mean;
    } else {
      if (replaced === 0) firstReplaced = i;
      replaced++;
      mono[i] = 0;
    }
  }
  return { mono, replaced, firstReplaced };
}

/** Mixes down, resamples to 16 kHz, and warns about samples that are not numbers. Empty chunks are left out. */
export async function* toMono(
  blocks: AsyncIterable<AudioBlock>,
  context: DecodeContext,
): AsyncGenerator<Float32Array> {
  let resampler: Resampler | null = null;
  let sampleRate = 0;
  let seconds = 0;
  let replaced = 0;
  let firstReplacedSeconds = 0;
  for await (const block of blocks) {
    if (block.channels.length === 0 || block.channels[0].length === 0) continue;
    if (block.sampleRate !== sampleRate) {
      checkSampleRate(block.sampleRate, context.name, "unsupported-audio");
      const rest = resampler?.flush();
      if (rest?.length) yield rest;
      sampleRate = block.sampleRate;
      resampler = sampleRate === SAMPLE_RATE ? null : new Resampler(sampleRate, SAMPLE_RATE);
    }
    const mixed = mixDown(block.channels);
    if (mixed.replaced > 0) {
      if (replaced === 0) firstReplacedSeconds = seconds + mixed.firstReplaced / sampleRate;
      replaced += mixed.replaced;
    }
    seconds += mixed.mono.length / sampleRate;
    const chunk = resampler === null ? mixed.mono : resampler.push(mixed.mono);
    if (chunk.length > 0) yield chunk;
  }
  const rest = resampler?.flush();
  if (rest?.length) yield rest;
  if (replaced > 0) {
    const first = formatSeconds(firstReplacedSeconds);
    context.warn(`samples that are not numbers were set to 0 (${replaced} samples, the first at ${first})`);
  }
}
