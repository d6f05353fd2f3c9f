/**
 * A trained GLCLAP head at work: vectors of terms once, vectors of recordings, and how like one is the other.
 */
import { join } from "node:path";
import { GlossaError } from "../errors.ts";
import { CtcLabels } from "../retrieval/ctc-labels.ts";
import { type HeadDescription, headFiles, readHeadDescription } from "../retrieval/head-files.ts";
import { createSession, type OnnxSession, tensorFactory, type TensorFactory } from "../runtime/session.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { WordPieceWriter } from "./recipes/bert-encoder.ts";
import { LetterWriter, type TextWriter, type WrittenText } from "./recipes/text-encoder.ts";

/** Vectors of length 1, one after the other. */
export interface Vectors {
  readonly data: Float32Array;
  readonly count: number;
}

type GlclapDescription = Extract<HeadDescription, { kind: "glclap" }>;

/** Terms that are encoded together. */
const termsAtOnce = 256;

export class TermVectors implements AsyncDisposable {
  readonly description: GlclapDescription;
  readonly #recordings: OnnxSession;
  readonly #terms: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #writer: TextWriter;

  private constructor(
    description: GlclapDescription,
    recordings: OnnxSession,
    terms: OnnxSession,
    tensors: TensorFactory,
    writer: TextWriter,
  ) {
    this.description = description;
    this.#recordings = recordings;
    this.#terms = terms;
    this.#tensors = tensors;
    this.#writer = writer;
  }

  /**
   * @param folder of a finished run of a `glclap` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`, `runtime-failed`
   */
  static async load(folder: string, options: SessionOptions = {}): Promise<TermVectors> {
    const description = await readHeadDescription(folder, "glclap");
    const { labels, mostPieces } = description;
    const writer =
      mostPieces === undefined
        ? new LetterWriter(new CtcLabels(labels))
        : await WordPieceWriter.inFolder(folder, mostPieces);
    const recordings = await createSession(join(folder, headFiles.graph), options);
    try {
      const terms = await createSession(join(folder, headFiles.terms), options);
      return new TermVectors(description, recordings, terms, await tensorFactory(), writer);
    } catch (error) {
      await recordings[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What is wrong with a term that it cannot be asked for; null when nothing is. */
  problemWith(term: string): string | null {
    const written = this.#writer.write(term);
    return "problem" in written ? written.problem : null;
  }

  /** @throws GlossaError `invalid-argument` naming a term that cannot be read; the signal's reason */
  async ofTerms(terms: readonly string[], signal?: AbortSignal): Promise<Vectors> {
    const { dimension } = this.description;
    const data = new Float32Array(terms.length * dimension);
    const written = terms.map((term, place) => ({ term: this.#write(term), place }));
    // Of like lengths together, so that little is filled up.
    written.sort((a, b) => a.term.symbols.length - b.term.symbols.length);
    for (let at = 0; at < written.length; at += termsAtOnce) {
      signal?.throwIfAborted();
      const chunk = written.slice(at, at + termsAtOnce);
      const { data: symbols, shape } = this.#writer.input(chunk.map(({ term }) => term));
      const { vectors } = await this.#terms.run({ terms: this.#tensors.typed("int64", symbols, shape) });
      const found = vectors!.data as Float32Array;
      for (const [i, { place }] of chunk.entries()) {
        data.set(found.subarray(i * dimension, (i + 1) * dimension), place * dimension);
      }
    }
    return { data, count: terms.length };
  }

  /** @param frames of the encoder, put together to steps: `[1, steps, stack · width]` */
  async ofFrames(frames: {
    readonly data: Float32Array;
    readonly shape: readonly number[];
  }): Promise<Vectors> {
    const { vectors } = await this.#recordings.run({
      frames: this.#tensors.float32(frames.data, frames.shape),
    });
    return { data: (vectors!.data as Float32Array).slice(), count: vectors!.dims[0]! };
  }

  /** For each term the cosine with the vector of the recording that is most like it. */
  score(recording: Vectors, terms: Vectors): Float32Array {
    const { dimension } = this.description;
    return Float32Array.from({ length: terms.count }, (_, term) => {
      let highest = -Infinity;
      for (let at = 0; at < recording.data.length; at += dimension) {
        let cosine = 0;
        for (let i = 0; i < dimension; i++) {
          cosine += recording.data[at + i]! * terms.data[term * dimension + i]!;
        }
        highest = Math.max(highest, cosine);
      }
      return highest;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#recordings[Symbol.asyncDispose](), this.#terms[Symbol.asyncDispose]()]);
  }

  #write(term: string): WrittenText {
    const written = this.#writer.write(term);
    if (!("problem" in written)) return written;
    throw new GlossaError("invalid-argument", `the term "${term}" cannot be looked for: ${written.problem}`);
  }
}
