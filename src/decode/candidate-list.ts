/**
 * The continuations that search may go on with.
 */

export interface Candidate {
  /** Index of the hypothesis that it continues. */
  readonly parent: number;
  readonly token: number;
  readonly logProbability: number;
  /** What candidates are ranked by: the score of the whole hypothesis with its bonus. */
  readonly total: number;
}

/** The best candidates so far; a second offer of the same continuation replaces the first when it is better. */
export class CandidateList {
  readonly #capacity: number;
  #items: Candidate[] = [];
  /** What a new candidate must exceed; others are turned away. */
  threshold = -Infinity;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  clear(): void {
    this.#items = [];
    this.threshold = -Infinity;
  }

  offer(parent: number, token: number, logProbability: number, total: number): void {
    if (!(total > this.threshold)) return;
    const items = this.#items;
    const same = items.findIndex((item) => item.token === token && item.parent === parent);
    if (same >= 0) {
      if (items[same]!.total >= total) return;
      items.splice(same, 1);
    }
    let at = items.length;
    while (at > 0 && items[at - 1]!.total < total) at--;
    items.splice(at, 0, { parent, token, logProbability, total });
    if (items.length > this.#capacity) items.pop();
    if (items.length === this.#capacity) this.threshold = items.at(-1)!.total;
  }

  /** Best first. */
  best(): readonly Candidate[] {
    return this.#items;
  }
}
