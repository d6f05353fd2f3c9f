/**
 * Label sequences as a tree of what they begin with, so that what thousands of terms share is looked at once. Nodes stand in
 * breadth-first order: a node's children are neighbours, and memory is read in the order of the search.
 */

export class LabelTrie {
  /** How many nodes there are; node 0 is the root, which stands for nothing. */
  readonly size: number;
  /** How many sequences it was made of. */
  readonly sequences: number;
  /** `[size]`: the label of each node; 0 for the root. */
  readonly labels: Uint8Array;
  /** `[size]`: how many labels lead to each node. */
  readonly depths: Uint8Array;
  /** `[size + 1]`: the children of node `i` are those from `firstChild[i]` up to `firstChild[i + 1]`. */
  readonly firstChild: Int32Array;
  /** `[size]`: place in `ending` of the sequences that end at a node; `[size + 1]` entries, as for children. */
  readonly firstEnding: Int32Array;
  /** Numbers of sequences, those that end at the same node together. */
  readonly ending: Int32Array;

  /**
   * @param sequences labels from 1 to 255, at most 255 of them each; empty ones are in no node
   * @throws RangeError for longer ones
   */
  constructor(sequences: readonly Uint8Array[]) {
    const order = sorted(sequences);
    // One after the other in their order: to read them level by level is then to go through memory once a level.
    const starts = new Int32Array(order.length + 1);
    for (const [i, sequence] of order.entries()) starts[i + 1] = starts[i]! + sequences[sequence]!.length;
    const all = new Uint8Array(starts[order.length]!);
    for (const [i, sequence] of order.entries()) all.set(sequences[sequence]!, starts[i]);
    let capacity = 1;
    for (let i = 0; i < order.length; i++) {
      const length = starts[i + 1]! - starts[i]!;
      capacity += length - (i === 0 ? 0 : shared(all, starts[i - 1]!, starts[i]!, starts[i + 1]!));
    }
    this.size = capacity;
    this.sequences = sequences.length;
    this.labels = new Uint8Array(capacity);
    this.depths = new Uint8Array(capacity);
    this.firstChild = new Int32Array(capacity + 1);
    this.firstEnding = new Int32Array(capacity + 1);
    this.ending = new Int32Array(order.length);
    // Of each node, the sequences below it: a stretch of `order`.
    const from = new Int32Array(capacity);
    const to = new Int32Array(capacity);
    to[0] = order.length;
    let nodes = 1;
    let ended = 0;
    for (let node = 0; node < nodes; node++) {
      const depth = this.depths[node]!;
      const end = to[node]!;
      this.firstEnding[node] = ended;
      this.firstChild[node] = nodes;
      let at = from[node]!;
      // What ends here comes first in the order.
      for (; at < end && depth === starts[at + 1]! - starts[at]!; at++) this.ending[ended++] = order[at]!;
      while (at < end) {
        const label = all[starts[at]! + depth]!;
        this.labels[nodes] = label;
        this.depths[nodes] = depth + 1;
        from[nodes] = at;
        while (at < end && all[starts[at]! + depth] === label) at++;
        to[nodes++] = at;
      }
    }
    this.firstChild[nodes] = nodes;
    this.firstEnding[nodes] = ended;
  }
}

/** Longest sequence: depths are kept in bytes. */
export const mostSequenceLabels = 255;

/** Numbers of the sequences that are not empty, in the order of their labels. */
function sorted(sequences: readonly Uint8Array[]): Int32Array {
  const numbers: number[] = [];
  // Engines compare strings of single bytes several times as fast as arrays of bytes.
  const keys: string[] = [];
  for (const [i, sequence] of sequences.entries()) {
    if (sequence.length > mostSequenceLabels) {
      throw new RangeError(
        `A sequence has ${sequence.length} labels; at most ${mostSequenceLabels} are possible.`,
      );
    }
    keys.push(Buffer.from(sequence.buffer, sequence.byteOffset, sequence.length).toString("latin1"));
    if (sequence.length > 0) numbers.push(i);
  }
  return Int32Array.from(numbers).sort((a, b) => {
    const [first, second] = [keys[a]!, keys[b]!];
    return first < second ? -1 : first > second ? 1 : a - b;
  });
}

/** How many labels the sequence from `first` to `second` and that from there to `end` begin with in common. */
function shared(all: Uint8Array, first: number, second: number, end: number): number {
  const most = Math.min(second - first, end - second);
  let count = 0;
  while (count < most && all[first + count] === all[second + count]) count++;
  return count;
}
