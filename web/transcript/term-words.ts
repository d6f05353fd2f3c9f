/** Which words of a segment belong to a term that was written. */
import type { Segment, TermReport } from "../../src/transcript/transcript.ts";

interface Occurrence {
  start: number;
  end: number;
  text: string;
  term: number;
}

/** Rounding of times in JSON and in the middle of a word. */
const tolerance = 0.02;

export class TermWords {
  readonly #occurrences: readonly Occurrence[];
  readonly #known = new WeakMap<Segment, readonly number[]>();

  constructor(reports: readonly TermReport[]) {
    this.#occurrences = reports
      .flatMap(({ occurrences }, term) =>
        occurrences.map(({ start, end, text }) => ({ start, end, text: plain(text), term })),
      )
      .sort((first, second) => first.start - second.start);
  }

  /** For every word the index of its term; −1 for none. */
  of(segment: Segment): readonly number[] {
    let terms = this.#known.get(segment);
    if (!terms) {
      const near = this.#occurrences.filter(
        ({ start, end }) => start <= segment.end + tolerance && end >= segment.start - tolerance,
      );
      terms = segment.words.map((word) => {
        const middle = (word.start + word.end) / 2;
        const own = plain(word.text);
        const found = near.find(
          ({ start, end, text }) =>
            middle >= start - tolerance &&
            middle <= end + tolerance &&
            // A corrected word may stand in the time of a term that is gone.
            (own === "" || text.includes(own) || own.includes(text)),
        );
        return found?.term ?? -1;
      });
      this.#known.set(segment, terms);
    }
    return terms;
  }
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, "");
}
