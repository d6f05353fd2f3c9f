/**
 * Glossa from this repository's sources, with the options a user gets: voice activity, guards and word times included.
 */
import { createRecogniser } from "../../src/recognise/recognise.ts";
import type { LoadSystem } from "./system.ts";

export const load: LoadSystem = async ({ weights, threads, beamSize, terms }) => {
  const recogniser = await createRecogniser({ model: weights.model, threads, offline: true });
  return {
    async transcribe(samples, language) {
      const { text } = await recogniser.recognise(
        { samples, sampleRate: 16_000 },
        { language, beamSize, terms },
      );
      return text;
    },
  };
};
