/**
 * Hides stretches of frames while training, so that a head does not learn its recordings by heart: the time masks of SpecAugment
 * (Park et al. 2019, arXiv:1904.08779), over a recogniser's frames instead of a spectrogram.
 */
import { z } from "zod";
import type { FramesBatch } from "./data-recipe.ts";

export const masksSchema = z.strictObject({
  perSecond: z.number().min(0).max(20).describe("Masks in a second of speech, on average."),
  mostSeconds: z
    .number()
    .positive()
    .max(5)
    .default(0.2)
    .describe("The longest; lengths are even from nothing to this."),
});
export type Masks = z.infer<typeof masksSchema>;

/**
 * Writes the mean frame over stretches of a batch, in place.
 *
 * @param mean `[width]`: what a hidden frame becomes, which is nothing once frames are normalised
 * @param frameRate frames a second
 */
export function maskFrames(
  { frames, stepCounts }: FramesBatch,
  { perSecond, mostSeconds }: Masks,
  mean: Float32Array,
  frameRate: number,
  random: () => number,
): void {
  const [, steps, inputs] = frames.shape as [number, number, number];
  const width = mean.length;
  const stack = inputs / width;
  for (const [i, count] of stepCounts.entries()) {
    const own = count * stack;
    const expected = (perSecond * own) / frameRate;
    // Of a fraction of a mask, as often one as it says.
    const masks = Math.floor(expected + random());
    for (let mask = 0; mask < masks; mask++) {
      const length = Math.min(own, Math.round(random() * mostSeconds * frameRate));
      const start = Math.floor(random() * (own - length + 1));
      for (let frame = start; frame < start + length; frame++) {
        frames.data.set(mean, i * steps * inputs + frame * width);
      }
    }
  }
}
