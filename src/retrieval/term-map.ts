/**
 * How well terms fit at each moment of a stretch of speech: the map of terms by time that GLCLAP's figure 4 shows for vectors,
 * here for paths of labels.
 */
import type { Term } from "../context/term.ts";
import type { CtcLabels } from "./ctc-labels.ts";
import type { LabelScores } from "./letter-head.ts";
import { labelForms } from "./term-index.ts";

/** Terms over a stretch of speech; times in seconds from the start of the recording. */
export interface TermMapStretch {
  readonly start: number;
  readonly placeSeconds: number;
  readonly rows: readonly TermMapRow[];
}

export interface TermMapRow {
  readonly term: string;
  /** `[places]`: mean likelihood of the term's labels beside the best labels there, 0 to 1. */
  readonly fits: Float32Array;
}

export function mapTerms(
  terms: readonly Term[],
  labels: CtcLabels,
  { logits, places }: LabelScores,
  { start, placeSeconds }: { start: number; placeSeconds: number },
): TermMapStretch {
  const ratios = ratiosOf(logits, places, labels.count);
  const rows = terms.map((term) => {
    const fits = new Float32Array(places);
    const forms = labelForms(term, labels);
    if ("sequences" in forms) {
      for (const sequence of forms.sequences) addFits(fits, sequence, ratios, labels.count);
    }
    return { term: term.text, fits };
  });
  return { start, placeSeconds, rows };
}

/** Of every label at every place, the logarithm of its likelihood over that of the best. */
function ratiosOf(logits: Float32Array, places: number, count: number): Float32Array {
  const ratios = new Float32Array(logits.length);
  for (let place = 0; place < places; place++) {
    const row = logits.subarray(place * count, (place + 1) * count);
    const best = row.reduce((most, value) => Math.max(most, value), -Infinity);
    for (let label = 0; label < count; label++) ratios[place * count + label] = row[label]! - best;
  }
  return ratios;
}

/** Raises the places of every path of a sequence to what the path scores. */
function addFits(fits: Float32Array, sequence: Uint8Array, ratios: Float32Array, count: number): void {
  const size = 2 * sequence.length - 1;
  const labelAt = (state: number) => (state % 2 === 0 ? sequence[state >> 1]! : 0);
  let scores = new Float64Array(size).fill(-Infinity);
  let starts = new Int32Array(size);
  let nextScores = new Float64Array(size);
  let nextStarts = new Int32Array(size);
  for (let place = 0; place < fits.length; place++) {
    for (let state = 0; state < size; state++) {
      const label = labelAt(state);
      // The first label may begin anywhere.
      let best = state === 0 ? Math.max(0, scores[0]!) : scores[state]!;
      let from = state === 0 && scores[0]! < 0 ? place : starts[state]!;
      if (state > 0 && scores[state - 1]! > best) [best, from] = [scores[state - 1]!, starts[state - 1]!];
      const skips = state > 1 && label !== 0 && label !== labelAt(state - 2);
      if (skips && scores[state - 2]! > best) [best, from] = [scores[state - 2]!, starts[state - 2]!];
      nextScores[state] = best + ratios[place * count + label]!;
      nextStarts[state] = from;
    }
    [scores, nextScores] = [nextScores, scores];
    [starts, nextStarts] = [nextStarts, starts];
    const fit = Math.exp(scores[size - 1]! / sequence.length);
    for (let i = starts[size - 1]!; i <= place; i++) fits[i] = Math.max(fits[i]!, fit);
  }
}
