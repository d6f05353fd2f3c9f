/** Which tokens are taken for which, over many utterances. */
import type { AlignedUtterance } from "./align.ts";

export interface Confusion {
  reference: string;
  hypothesis: string;
  count: number;
}

/** The most frequent substitutions, most frequent first, ties in the order of their tokens. */
export function mostConfused(utterances: Iterable<AlignedUtterance>, limit: number): Confusion[] {
  const confusions = new Map<string, Confusion>();
  for (const { reference, hypothesis, steps } of utterances) {
    for (const { kind, referenceIndex, hypothesisIndex } of steps) {
      if (kind !== "substitution") continue;
      const pair = {
        reference: reference[referenceIndex],
        hypothesis: hypothesis[hypothesisIndex],
        count: 0,
      };
      const key = JSON.stringify([pair.reference, pair.hypothesis]);
      const confusion = confusions.get(key) ?? pair;
      confusion.count++;
      confusions.set(key, confusion);
    }
  }
  const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return [...confusions.values()]
    .sort(
      (left, right) =>
        right.count - left.count ||
        compare(left.reference, right.reference) ||
        compare(left.hypothesis, right.hypothesis),
    )
    .slice(0, limit);
}
