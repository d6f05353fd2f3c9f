/**
 * Finds label sequences in the scores of a CTC model: where in the speech does the model's belief come nearest to what a term
 * would need? All terms are searched at once over a tree of their labels.
 *
 * The score of a term at a place is the logarithm of the likelihood of its best path there over that of the best path of any labels:
 * 0 when the model would have written it by itself, less the more must be explained away. It can only fall along the way, so that
 * dropping what has fallen below a floor loses nothing above it.
 */
import type { LabelTrie } from "./label-trie.ts";

/** A sequence at a place. */
export interface LabelMatch {
  /** Its number among the sequences of the tree. */
  readonly sequence: number;
  /** Logarithm of a likelihood ratio, at most 0. */
  readonly score: number;
  /** The frame of its first label, and the one behind its last. */
  readonly start: number;
  readonly end: number;
}

export interface SpotterOptions {
  /**
   * Labels from 1 to this are the letters of words, which begin and end beside any other label: a space, or a part of a syllable.
   * 0 when words have no sign between them.
   */
  readonly letters: number;
  /** What it costs when a sequence of letters begins or ends inside a word. Default 8. */
  readonly insideWord?: number;
  /** What is lost at most, `floor + floorPerLabel · labels`. Defaults 8 and 2. */
  readonly floor?: number;
  readonly floorPerLabel?: number;
  /** Sequences from this number on are reported only from `leastOfOthers` on: a background that matters where it is plainly heard. */
  readonly firstOther?: number;
  readonly leastOfOthers?: number;
}

const nothing = -Infinity;
const blank = 0;

/** Ways through the tree that are alive at a frame, one a node. */
class Front {
  count = 0;
  nodes = new Int32Array(1024);
  /** Scores of ways that end with the node's label, and with blanks behind it. */
  label = new Float32Array(1024);
  blank = new Float32Array(1024);
  /** Frame of the first label of each. */
  labelStart = new Int32Array(1024);
  blankStart = new Int32Array(1024);
  /** Behind the last frame of the label, of ways that end with blanks. */
  blankEnd = new Int32Array(1024);

  grow(): void {
    const longer = <T extends Int32Array | Float32Array>(values: T): T => {
      const grown = new (values.constructor as new (length: number) => T)(2 * values.length);
      grown.set(values);
      return grown;
    };
    this.nodes = longer(this.nodes);
    this.label = longer(this.label);
    this.blank = longer(this.blank);
    this.labelStart = longer(this.labelStart);
    this.blankStart = longer(this.blankStart);
    this.blankEnd = longer(this.blankEnd);
  }
}

export class LabelSpotter {
  readonly #trie: LabelTrie;
  readonly #letters: number;
  readonly #insideWord: number;
  readonly #floors: Float32Array;
  readonly #firstOther: number;
  readonly #leastOfOthers: number;
  #now = new Front();
  #next = new Front();
  /** Place of a node in the next front; -1 when it has none. */
  readonly #slots: Int32Array;
  #ratios = new Float32Array(256);
  /** The latest match of each sequence in `#matches`. */
  readonly #latest: Int32Array;
  #matches: { sequence: number; score: number; start: number; end: number }[] = [];

  constructor(trie: LabelTrie, options: SpotterOptions) {
    const { letters, insideWord = 8, floor = 8, floorPerLabel = 2 } = options;
    const { firstOther = trie.sequences, leastOfOthers = 0 } = options;
    this.#firstOther = firstOther;
    this.#leastOfOthers = leastOfOthers;
    this.#trie = trie;
    this.#letters = letters;
    this.#insideWord = insideWord;
    this.#floors = Float32Array.from({ length: 256 }, (_, depth) => -floor - floorPerLabel * depth);
    this.#slots = new Int32Array(trie.size).fill(-1);
    this.#latest = new Int32Array(trie.sequences).fill(-1);
  }

  /**
   * The places of all sequences above the floor, in no order; those of the same sequence do not overlap.
   *
   * @param logits `[frames, labels]` of a CTC model, row-major, before or after softmax
   */
  spot(logits: Float32Array, frames: number, labels: number): LabelMatch[] {
    this.#matches = [];
    this.#now.count = 0;
    const ratios = this.#ratios;
    const letters = this.#letters;
    // Best way of blanks since the start or since what is no letter: where words begin.
    let gap = 0;
    for (let frame = 0; frame < frames; frame++) {
      const row = frame * labels;
      let best = nothing;
      for (let label = 0; label < labels; label++)
        if (logits[row + label]! > best) best = logits[row + label]!;
      for (let label = 0; label < labels; label++) ratios[label] = logits[row + label]! - best;
      let between = nothing;
      for (let label = letters + 1; label < labels; label++)
        if (ratios[label]! > between) between = ratios[label]!;
      this.#step(frame, Math.max(gap, -this.#insideWord), Math.max(between, -this.#insideWord));
      gap = Math.max(gap + ratios[blank]!, between);
      [this.#now, this.#next] = [this.#next, this.#now];
    }
    this.#finish(frames);
    for (const { sequence } of this.#matches) this.#latest[sequence] = -1;
    return this.#matches;
  }

  /**
   * @param entry what it costs a word to begin here
   * @param exit what it costs one to have ended before
   */
  #step(frame: number, entry: number, exit: number): void {
    const { labels: labelOf, firstChild, depths, firstEnding } = this.#trie;
    const ratios = this.#ratios;
    const floors = this.#floors;
    const now = this.#now;
    const next = this.#next;
    const slots = this.#slots;
    next.count = 0;
    const letters = this.#letters;
    const blankRatio = ratios[blank]!;
    for (let i = 0; i < now.count; i++) {
      const node = now.nodes[i]!;
      const own = labelOf[node]!;
      const inLabel = now.label[i]!;
      const inBlank = now.blank[i]!;
      const isLabelBetter = inLabel >= inBlank;
      const best = isLabelBetter ? inLabel : inBlank;
      const bestStart = isLabelBetter ? now.labelStart[i]! : now.blankStart[i]!;
      const floor = floors[depths[node]!]!;
      const stays = inLabel + ratios[own]!;
      const rests = best + blankRatio;
      if (stays >= floor || rests >= floor) {
        const slot = this.#slot(node);
        if (stays > next.label[slot]!) {
          next.label[slot] = stays;
          next.labelStart[slot] = now.labelStart[i]!;
        }
        if (rests > next.blank[slot]!) {
          next.blank[slot] = rests;
          next.blankStart[slot] = bestStart;
          next.blankEnd[slot] = isLabelBetter ? frame : now.blankEnd[i]!;
        }
      }
      for (let child = firstChild[node]!; child < firstChild[node + 1]!; child++) {
        const label = labelOf[child]!;
        // The same label twice needs a blank between.
        const isSame = label === own;
        const score = (isSame ? inBlank : best) + ratios[label]!;
        if (score < floors[depths[child]!]!) continue;
        const slot = this.#slot(child);
        if (score > next.label[slot]!) {
          next.label[slot] = score;
          next.labelStart[slot] = isSame ? now.blankStart[i]! : bestStart;
        }
      }
      if (firstEnding[node]! < firstEnding[node + 1]!) {
        // Syllables end anywhere, a word beside what is no letter, or it goes on in another.
        const score = own <= letters ? best + exit : best;
        this.#end(node, score, bestStart, isLabelBetter ? frame : now.blankEnd[i]!);
      }
    }
    for (let child = firstChild[0]!; child < firstChild[1]!; child++) {
      const label = labelOf[child]!;
      const score = (label <= letters ? entry : 0) + ratios[label]!;
      if (score < floors[1]!) continue;
      const slot = this.#slot(child);
      if (score > next.label[slot]!) {
        next.label[slot] = score;
        next.labelStart[slot] = frame;
      }
    }
    for (let i = 0; i < next.count; i++) slots[next.nodes[i]!] = -1;
  }

  #slot(node: number): number {
    const known = this.#slots[node]!;
    if (known >= 0) return known;
    const next = this.#next;
    const slot = next.count++;
    if (slot === next.nodes.length) next.grow();
    next.nodes[slot] = node;
    next.label[slot] = nothing;
    next.blank[slot] = nothing;
    this.#slots[node] = slot;
    return slot;
  }

  /** What is alive after the last frame ends with the audio. */
  #finish(frames: number): void {
    const { firstEnding } = this.#trie;
    const now = this.#now;
    for (let i = 0; i < now.count; i++) {
      const node = now.nodes[i]!;
      if (firstEnding[node] === firstEnding[node + 1]) continue;
      const isLabelBetter = now.label[i]! >= now.blank[i]!;
      if (isLabelBetter) this.#end(node, now.label[i]!, now.labelStart[i]!, frames);
      else this.#end(node, now.blank[i]!, now.blankStart[i]!, now.blankEnd[i]!);
    }
  }

  #end(node: number, score: number, start: number, end: number): void {
    const { firstEnding, ending, depths } = this.#trie;
    if (score < this.#floors[depths[node]!]!) return;
    for (let i = firstEnding[node]!; i < firstEnding[node + 1]!; i++) {
      const sequence = ending[i]!;
      if (sequence >= this.#firstOther && score < this.#leastOfOthers) continue;
      const latest = this.#latest[sequence]!;
      const before = latest < 0 ? undefined : this.#matches[latest]!;
      if (before === undefined || start >= before.end) {
        this.#latest[sequence] = this.#matches.length;
        this.#matches.push({ sequence, score, start, end });
      } else if (score > before.score) {
        before.score = score;
        before.start = start;
        before.end = end;
      }
    }
  }
}
