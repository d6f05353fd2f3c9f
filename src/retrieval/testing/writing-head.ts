/** A letter head that hears what a test tells it, whatever the frames. */
import { CtcLabels } from "../ctc-labels.ts";
import type { LabelScores, LetterScorer } from "../letter-head.ts";

/** Scores of a head that writes a text without a doubt, with a blank after every letter. */
export function scoresWriting(text: string, labels: CtcLabels, certainty = 12): LabelScores {
  const encoded = labels.encode(text);
  if ("problem" in encoded) throw new Error(encoded.problem);
  const path = encoded.labels.flatMap((label) => [label, 0]);
  const logits = new Float32Array(path.length * labels.count);
  for (const [place, label] of path.entries()) logits[place * labels.count + label] = certainty;
  return { logits, places: path.length };
}

/** @param texts what is said, one window after the other */
export function writingHead(texts: readonly string[]): LetterScorer {
  const labels = new CtcLabels("letters");
  let window = 0;
  return {
    labels,
    placeSeconds: 0.02,
    run: async () => scoresWriting(texts[window++]!, labels),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
