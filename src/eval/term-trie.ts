/** Finds the terms of a list in tokens: hundreds of thousands of terms, of one token or many, in one pass. */

/** Where a term stands in a token sequence. */
export interface TermOccurrence {
  /** Position of the term in the list that was indexed. */
  term: number;
  /** Index of its first token. */
  start: number;
  /** Index after its last token. */
  end: number;
}

interface Node {
  /** The term whose last token leads here. */
  term?: number;
  next?: Map<string, Node>;
}

/** A prefix tree over the tokens of terms. */
export class TermTrie {
  /** How many different terms can be found. */
  readonly size: number;
  /** Positions of terms that cannot be found: without tokens, or with the same tokens as an earlier term. */
  readonly unusable: readonly number[];
  private readonly root: Node = {};

  /** @param terms the tokens of every term, normalised as the text will be. */
  constructor(terms: readonly (readonly string[])[]) {
    const unusable: number[] = [];
    for (const [term, tokens] of terms.entries()) {
      let node = this.root;
      for (const token of tokens) {
        node.next ??= new Map();
        let next = node.next.get(token);
        if (next === undefined) node.next.set(token, (next = {}));
        node = next;
      }
      if (node === this.root || node.term !== undefined) unusable.push(term);
      else node.term = term;
    }
    this.unusable = unusable;
    this.size = terms.length - unusable.length;
  }

  /**
   * All occurrences, in the order of their starts. Different terms may overlap ("York" in "New York"); occurrences of
   * the same term do not: the leftmost one counts.
   */
  find(tokens: readonly string[]): TermOccurrence[] {
    const occurrences: TermOccurrence[] = [];
    const endOfLast = new Map<number, number>();
    for (let start = 0; start < tokens.length; start++) {
      let node = this.root.next?.get(tokens[start]);
      for (let end = start + 1; node !== undefined; node = node.next?.get(tokens[end++])) {
        if (node.term === undefined || (endOfLast.get(node.term) ?? 0) > start) continue;
        endOfLast.set(node.term, end);
        occurrences.push({ term: node.term, start, end });
      }
    }
    return occurrences;
  }

  /** For every token whether it belongs to an occurrence of a term: the biased tokens of U-WER and B-WER. */
  mark(tokens: readonly string[]): boolean[] {
    const marks = tokens.map(() => false);
    for (const { start, end } of this.find(tokens)) marks.fill(true, start, end);
    return marks;
  }
}
