/**
 * Texts as vectors: the branch of GLCLAP that reads. Transcripts and terms go through the same encoder, so that a term lies where
 * the texts lie that hold it.
 */
import {
  add,
  cast,
  compare,
  divide,
  gather,
  matmul,
  multiply,
  reshape,
  slice,
  subtract,
  sumOver,
} from "../../graph/operators.ts";
import { bytesOf, type Value } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape-operators.ts";
import type { CtcLabels } from "../../retrieval/ctc-labels.ts";
import type { BatchTensor, ModelBuilder } from "../model.ts";
import { encoderSchema, type LayersShape, linear, transformerLayers } from "./frame-layers.ts";

export const textEncoderSchema = encoderSchema.omit({ stack: true }).extend({
  inner: encoderSchema.shape.inner.unwrap().default(512),
});

/** A text as an encoder reads it. */
export interface WrittenText {
  readonly text: string;
  /** Numbers of its symbols. */
  readonly symbols: readonly number[];
  /** The same for texts that nobody can tell apart by hearing; holds the keys of the parts of the text. */
  readonly key: string;
}

/** Texts as tensors. */
export interface TextWriter {
  /** @returns what is wrong with a text that cannot be read */
  write(text: string): WrittenText | { readonly problem: string };
  /** The tensor that texts go into the graph by. */
  input(texts: readonly WrittenText[]): BatchTensor;
}

/** What GLCLAP needs of whatever reads texts. */
export interface TextEncoder extends TextWriter {
  /**
   * Asks for the input `name` and encodes it.
   *
   * @param count name of the dimension that says how many texts there are
   * @returns `[count, dimension]`
   */
  encode(builder: ModelBuilder, name: string, count: string): Value;
}

const mostSymbols = 1024;

/** Texts in letters, Mandarin as initial, final and tone. */
export class LetterWriter implements TextWriter {
  readonly #labels: CtcLabels;
  readonly #space: number;

  constructor(labels: CtcLabels) {
    this.#labels = labels;
    this.#space = labels.symbols.indexOf(" ") + 1;
  }

  write(text: string): WrittenText | { readonly problem: string } {
    const encoded = this.#labels.encode(text);
    if ("problem" in encoded) return encoded;
    const symbols = encoded.labels;
    if (symbols.length > mostSymbols) {
      return { problem: `it has ${symbols.length} letters; at most ${mostSymbols} can be read` };
    }
    // "Note book" sounds like "notebook".
    const key = String.fromCharCode(...symbols.filter((symbol) => symbol !== this.#space));
    return { text, symbols, key };
  }

  /** int64 `[texts, letters]`: rows of symbols, filled up with zeros. */
  input(texts: readonly WrittenText[]): BatchTensor {
    return rowsOfSymbols(texts);
  }
}

/** int64 `[texts, longest]`, filled up with zeros. */
export function rowsOfSymbols(texts: readonly WrittenText[]): BatchTensor {
  const longest = Math.max(...texts.map(({ symbols }) => symbols.length));
  const data = new BigInt64Array(texts.length * longest);
  for (const [i, { symbols }] of texts.entries()) data.set(symbols.map(BigInt), i * longest);
  return { data, shape: [texts.length, longest] };
}

/** Rows of symbols as they come into a graph. */
export interface SymbolRows {
  readonly symbols: Value;
  /** Names of the dimensions: how many texts there are, and how long the longest is. */
  readonly count: string;
  readonly pieces: string;
  /** `[count, pieces]`: 1 where there is a symbol, 0 where a row is filled up. */
  readonly there: Value;
  /** `[count, 1, 1, pieces]`: what attention adds, so that it does not look where there is none. */
  readonly bias: Value;
}

/** Asks for the input `name`, which `rowsOfSymbols` makes. */
export function symbolRows(builder: ModelBuilder, name: string, count: string): SymbolRows {
  const { program } = builder;
  const pieces = `${name}_pieces`;
  const symbols = builder.input(name, "int64", [count, pieces]);
  const there = cast(compare("Greater", symbols, program.integers([0])), "float32");
  const bias = multiply(subtract(there, program.scalar(1)), program.scalar(1e4));
  return { symbols, count, pieces, there, bias: reshape(bias, [count, 1, 1, pieces]) };
}

/**
 * The mean over the symbols of each text, through the layer `text.vectors`.
 *
 * @param read `[count, pieces, width]`
 * @returns `[count, dimension]`
 */
export function textVectors(
  builder: ModelBuilder,
  { there, count, pieces }: SymbolRows,
  read: Value,
  width: number,
  dimension: number,
): Value {
  const shares = divide(there, sumOver(there, [1], true));
  const mean = reshape(matmul(reshape(shares, [count, 1, pieces]), read), [count, width]);
  return linear(builder, "text.vectors", mean, width, dimension);
}

/**
 * A transformer over letters, from scratch: a name is found by how it is spelled, and no vocabulary has to know it.
 */
export class LetterEncoder extends LetterWriter implements TextEncoder {
  readonly #symbols: number;
  readonly #shape: LayersShape;
  readonly #dimension: number;
  /** The same object for every program, which knows a weight by it. */
  readonly #positions: Uint8Array;

  /** @param dimension numbers in a text's vector */
  constructor(labels: CtcLabels, shape: LayersShape, dimension: number) {
    super(labels);
    this.#symbols = labels.count;
    this.#shape = shape;
    this.#dimension = dimension;
    this.#positions = bytesOf(sinusoids(mostSymbols, shape.width));
  }

  encode(builder: ModelBuilder, name: string, count: string): Value {
    const { program } = builder;
    const { width, dropout } = this.#shape;
    const rows = symbolRows(builder, name, count);
    const { symbols, pieces, bias } = rows;
    const table = builder.parameter("text.symbols.weight", [this.#symbols, width], {
      kind: "normal",
      deviation: 0.5,
    });
    const positions = program.weight("text.positions", {
      type: "float32",
      shape: [mostSymbols, width],
      bytes: this.#positions,
    });
    const placed = add(gather(table, symbols), slice(positions, 0, 0, sizeOf(symbols, 1), pieces));
    const read = transformerLayers(builder, builder.dropout(placed, dropout), bias, this.#shape, "text.");
    return textVectors(builder, rows, read, width, this.#dimension);
  }
}

/** Positions as sines and cosines of falling frequency (Vaswani et al., 2017), half as large as there: letters count more. */
function sinusoids(length: number, width: number): Float32Array {
  const table = new Float32Array(length * width);
  for (let position = 0; position < length; position++) {
    for (let i = 0; i < width; i++) {
      const angle = position / 10_000 ** ((2 * Math.floor(i / 2)) / width);
      table[position * width + i] = 0.5 * (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
    }
  }
  return table;
}
