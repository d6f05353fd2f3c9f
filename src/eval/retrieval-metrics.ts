/** How well terms were retrieved from an utterance: what GLCLAP and SAP² report, as sums (docs/metrics.md). */
import { countKept, type PruneOptions } from "../retrieval/prune.ts";

/** Terms of an utterance that are recorded, the likeliest; far more than any metric asks for. */
export const mostRecorded = 200;
/** As many more as are true may be wrong. */
const moreThanTrue = 5;

export type RetrievalSums = Record<
  | "topOneRecall"
  | "recallAtTruePlusFive"
  | "retrievalPrecision"
  | "retrievalRecall"
  | "retrievalF1"
  | "termsKept",
  number[]
>;

/**
 * @param own the terms that are said, normalised
 * @param retrieved those that were found, normalised, the likeliest first
 */
export function retrievalSums(
  own: readonly string[],
  retrieved: readonly { readonly key: string; readonly score: number }[],
  options: PruneOptions,
): RetrievalSums {
  const said = new Set(own);
  // Spellings that are scored alike are one term.
  const ranked = [...new Map([...retrieved].reverse().map((entry) => [entry.key, entry])).values()].reverse();
  const countSaid = (entries: typeof ranked) => entries.filter(({ key }) => said.has(key)).length;
  const count = countKept(
    ranked.map(({ score }) => score),
    options,
  );
  const kept = ranked.slice(0, count);
  const right = countSaid(kept);
  return {
    topOneRecall: said.size === 0 ? [0, 0] : [countSaid(ranked.slice(0, 1)), 1],
    recallAtTruePlusFive: [countSaid(ranked.slice(0, said.size + moreThanTrue)), said.size],
    retrievalPrecision: [right, kept.length],
    retrievalRecall: [right, said.size],
    retrievalF1: [right, said.size, right, kept.length],
    termsKept: [kept.length, 1],
  };
}
