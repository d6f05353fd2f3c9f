/**
 * Exact alignment of a hypothesis with its reference under unit costs (Levenshtein distance), fast enough for whole
 * recordings: 30,000 × 30,000 words take well under a second and a few megabytes.
 *
 * The matrix of distances is never written down. Differences between its neighbouring cells are −1, 0 or 1, and are
 * computed 32 rows at a time in the bits of an integer: Myers 1999, "A fast bit-vector algorithm for approximate string
 * matching based on dynamic programming", in the form of Hyyrö 2003. To trace the path back, every stretch of columns
 * is computed a second time from a saved column before it.
 */

export type AlignmentKind = "match" | "substitution" | "deletion" | "insertion";

/** One step of an alignment. */
export interface AlignmentStep {
  kind: AlignmentKind;
  /** Index of the reference token; for an insertion, of the reference token that comes after it. */
  referenceIndex: number;
  /** Index of the hypothesis token; for a deletion, of the hypothesis token that comes after it. */
  hypothesisIndex: number;
}

/** One utterance as the metrics see it: normalised tokens and the steps from one side to the other. */
export interface AlignedUtterance {
  reference: readonly string[];
  hypothesis: readonly string[];
  steps: readonly AlignmentStep[];
}

/** Columns whose bits are kept at once, at least: short texts are aligned in one pass. */
const MINIMUM_STRETCH = 256;

/**
 * Aligns two token sequences with the fewest substitutions, deletions and insertions, each counted as one.
 *
 * Of several alignments with the fewest errors it gives the one found by going back from the ends and preferring, at
 * every step, a match, then a substitution, then an insertion, then a deletion: the order in which the scorer published
 * with the LibriSpeech biasing lists (Le et al. 2021) breaks ties.
 *
 * @returns the steps from first to last; every token of both sequences stands in exactly one of them.
 */
export function alignTokens(reference: readonly string[], hypothesis: readonly string[]): AlignmentStep[] {
  const matrix = new DistanceMatrix(reference, hypothesis);
  const steps: AlignmentStep[] = [];
  const lastStep = (row: number, column: number): AlignmentKind => {
    if (row === 0) return "insertion";
    if (column === 0) return "deletion";
    if (reference[row - 1] === hypothesis[column - 1]) return "match";
    if (matrix.risesDiagonally(row, column)) return "substitution";
    return matrix.risesAlongRow(row, column) ? "insertion" : "deletion";
  };

  let row = reference.length;
  let column = hypothesis.length;
  while (row > 0 || column > 0) {
    const kind = lastStep(row, column);
    if (kind !== "insertion") row--;
    if (kind !== "deletion") column--;
    steps.push({ kind, referenceIndex: row, hypothesisIndex: column });
  }
  return steps.reverse();
}

/** Rows are reference tokens, columns hypothesis tokens, both counted from 1; cells are read from the last column on. */
class DistanceMatrix {
  /** Integers of 32 rows in a column. */
  private readonly wordCount: number;
  /** For every hypothesis token the rows where it stands in the reference, counted from 0; undefined for none. */
  private readonly rowsOfColumn: (readonly number[] | undefined)[];
  private readonly stretchLength: number;
  /** The column before every stretch, as its vertical differences: rises (+1) then falls (−1). */
  private readonly savedColumns: Int32Array[] = [];
  /** Of the columns of one stretch: bit set where the cell equals its upper left neighbour. */
  private readonly diagonalEqual: Int32Array;
  /** Of the columns of one stretch: bit set where the cell is one more than its left neighbour. */
  private readonly horizontalRise: Int32Array;
  private loadedStretch = -1;
  private readonly matchRows = new Map<readonly number[], Int32Array>();
  private readonly scratchRow: Int32Array;

  constructor(reference: readonly string[], hypothesis: readonly string[]) {
    const rowsOfToken = new Map<string, number[]>();
    for (const [row, token] of reference.entries()) {
      const rows = rowsOfToken.get(token);
      if (rows === undefined) rowsOfToken.set(token, [row]);
      else rows.push(row);
    }
    this.rowsOfColumn = hypothesis.map((token) => rowsOfToken.get(token));
    this.wordCount = Math.ceil(reference.length / 32);
    this.scratchRow = new Int32Array(this.wordCount);

    this.stretchLength = Math.min(
      hypothesis.length,
      Math.max(MINIMUM_STRETCH, Math.ceil(Math.sqrt(hypothesis.length))),
    );
    this.diagonalEqual = new Int32Array(this.stretchLength * this.wordCount);
    this.horizontalRise = new Int32Array(this.stretchLength * this.wordCount);

    const vertical = new Int32Array(2 * this.wordCount).fill(-1, 0, this.wordCount);
    for (let start = 0; start < hypothesis.length; start += this.stretchLength) {
      this.savedColumns.push(vertical.slice());
      this.computeStretch(this.savedColumns.length - 1, vertical);
    }
  }

  /** Whether D[row][column] = D[row − 1][column − 1] + 1. */
  risesDiagonally(row: number, column: number): boolean {
    return !this.bit(this.diagonalEqual, row, column);
  }

  /** Whether D[row][column] = D[row][column − 1] + 1. */
  risesAlongRow(row: number, column: number): boolean {
    return this.bit(this.horizontalRise, row, column);
  }

  private bit(bits: Int32Array, row: number, column: number): boolean {
    const stretch = Math.floor((column - 1) / this.stretchLength);
    if (stretch !== this.loadedStretch) this.computeStretch(stretch, this.savedColumns[stretch].slice());
    const word = ((column - 1) % this.stretchLength) * this.wordCount + ((row - 1) >>> 5);
    return ((bits[word] >>> ((row - 1) & 31)) & 1) === 1;
  }

  /** Computes the columns of a stretch from the vertical differences before it, and leaves those after it there. */
  private computeStretch(stretch: number, vertical: Int32Array): void {
    const { wordCount, diagonalEqual, horizontalRise } = this;
    const first = stretch * this.stretchLength;
    const last = Math.min(first + this.stretchLength, this.rowsOfColumn.length);
    for (let column = first; column < last; column++) {
      const matches = this.matchRow(this.rowsOfColumn[column]);
      const offset = (column - first) * wordCount;
      // The row above all is 0, 1, 2, …: it rises into every column.
      let riseIn = 1;
      let fallIn = 0;
      for (let word = 0; word < wordCount; word++) {
        const verticalRise = vertical[word];
        const verticalFall = vertical[wordCount + word];
        const equal = matches[word] | fallIn;
        const carried = (((equal & verticalRise) + verticalRise) ^ verticalRise) | equal;
        const diagonal = carried | verticalFall;
        const rise = verticalFall | ~(carried | verticalRise);
        const fall = verticalRise & carried;
        diagonalEqual[offset + word] = diagonal;
        horizontalRise[offset + word] = rise;

        const shiftedRise = (rise << 1) | riseIn;
        const shiftedFall = (fall << 1) | fallIn;
        riseIn = rise >>> 31;
        fallIn = fall >>> 31;
        vertical[word] = shiftedFall | ~(diagonal | shiftedRise);
        vertical[wordCount + word] = shiftedRise & diagonal;
      }
      if (matches === this.scratchRow) matches.fill(0);
    }
    this.loadedStretch = stretch;
  }

  /** Bit set in every row whose reference token equals the token with these rows. */
  private matchRow(rows: readonly number[] | undefined): Int32Array {
    if (rows === undefined) return this.scratchRow;
    const kept = this.matchRows.get(rows);
    if (kept !== undefined) return kept;
    // Rows of frequent tokens are worth keeping; there are at most 32 that stand oftener than there are words.
    const row = rows.length > this.wordCount ? new Int32Array(this.wordCount) : this.scratchRow;
    for (const index of rows) row[index >>> 5] |= 1 << (index & 31);
    if (row !== this.scratchRow) this.matchRows.set(rows, row);
    return row;
  }
}
