/**
 * What GLCLAP's losses hold against each other in a batch: whole texts, parts of them, terms that nobody said, and which of all
 * these are no negatives because they are said as well.
 */
import type { BatchTensor } from "../model.ts";
import { contrastNames } from "./glclap-model.ts";
import type { TextEncoder, WrittenText } from "./text-encoder.ts";

/** A recording's text and the parts of it that it is to be found by. */
export interface ContrastText {
  readonly whole: WrittenText;
  /** At least one. */
  readonly parts: readonly WrittenText[];
}

export interface ContrastInputs {
  readonly inputs: Readonly<Record<string, BatchTensor>>;
  /** The column of a term in the model's `cosines`, by its key. */
  readonly columns: ReadonlyMap<string, number>;
}

/** Share of the terms, the longest, that go through the encoder by themselves: the others would be filled up to their length. */
const longShare = 0.25;
const masked = -1e4;

/** @param others terms beside the parts of the texts: negatives wherever nobody says them */
export function contrastInputs(
  encoder: TextEncoder,
  texts: readonly ContrastText[],
  others: readonly WrittenText[],
): ContrastInputs {
  const { short, long } = inLengths([...texts.flatMap(({ parts }) => parts), ...others]);
  const terms = [...short, ...long];
  const columns = new Map(terms.map(({ key }, column) => [key, column]));
  const isSaid = texts.map(({ whole }) => terms.map(({ key }) => whole.key.includes(key)));
  const pairs = texts.flatMap(({ parts }, recording) => {
    // The same part may have been drawn from two places.
    const own = new Set(parts.map(({ key }) => columns.get(key)!));
    return [...own].map((term) => ({ recording, term }));
  });
  const numbers = (values: readonly number[]): BatchTensor => ({
    data: BigInt64Array.from(values, BigInt),
    shape: [values.length],
  });
  const { length } = pairs;
  return {
    inputs: {
      [contrastNames.texts]: encoder.input(texts.map(({ whole }) => whole)),
      [contrastNames.shortTerms]: encoder.input(short),
      [contrastNames.longTerms]: encoder.input(long),
      [contrastNames.recordings]: numbers(pairs.map(({ recording }) => recording)),
      [contrastNames.terms]: numbers(pairs.map(({ term }) => term)),
      [contrastNames.sameTexts]: mask(texts.length, texts.length, (one, other) =>
        one !== other ? texts[one]!.whole.key === texts[other]!.whole.key : false,
      ),
      [contrastNames.otherTerms]: mask(length, terms.length, (pair, term) => {
        const { recording, term: own } = pairs[pair]!;
        // A term of the same key may come twice where there is but one.
        return term !== own && (isSaid[recording]![term]! || terms[term]!.key === terms[own]!.key);
      }),
      [contrastNames.otherRecordings]: mask(length, texts.length, (pair, other) => {
        const { recording, term } = pairs[pair]!;
        return other !== recording && isSaid[other]![term]!;
      }),
    },
    columns,
  };
}

/** Every term once, the short ones apart from the long ones, neither of them empty. */
function inLengths(terms: readonly WrittenText[]): { short: WrittenText[]; long: WrittenText[] } {
  const byKey = new Map(terms.map((term) => [term.key, term]));
  // By key where they are as long, so that the order follows from the content alone.
  const sorted = [...byKey.values()].sort(
    (a, b) => a.symbols.length - b.symbols.length || (a.key < b.key ? -1 : 1),
  );
  if (sorted.length === 1) return { short: sorted, long: sorted };
  const cut = Math.min(sorted.length - 1, Math.ceil(sorted.length * (1 - longShare)));
  return { short: sorted.slice(0, cut), long: sorted.slice(cut) };
}

function mask(
  rows: number,
  columns: number,
  isMasked: (row: number, column: number) => boolean,
): BatchTensor {
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (isMasked(row, column)) data[row * columns + column] = masked;
    }
  }
  return { data, shape: [rows, columns] };
}
