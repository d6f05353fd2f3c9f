/**
 * What GLCLAP is trained on: which parts of its text and which words that nobody says an utterance is held against, as batches.
 */
import type { CtcLabels } from "../../retrieval/ctc-labels.ts";
import type { FrameCache } from "../data/frame-cache.ts";
import { HardNegatives } from "../data/hard-negatives.ts";
import type { PreparedUtterance } from "../data/prepare-frames.ts";
import { sampleSubTexts, wordsOfText } from "../data/sub-texts.ts";
import type { Batch } from "../model.ts";
import { contrastInputs, type ContrastText } from "./contrast-batch.ts";
import type { CtcTargets, LetterHeadShape } from "./ctc-head.ts";
import { attentionBias, readFrames, type TrainingSample } from "./data-recipe.ts";
import type { System } from "./glclap-model.ts";
import type { TextEncoder, WrittenText } from "./text-encoder.ts";

/** Where in the model's `cosines` an utterance's own terms stand, and those that it does not say. */
export interface TermColumns {
  readonly own: readonly number[];
  readonly distractors: readonly number[];
}

export interface GlclapTargets extends CtcTargets {
  /** Of each utterance in validation; none in training. */
  readonly terms: readonly TermColumns[];
}

export type GlclapSample = TrainingSample<WrittenText>;

/** A text as the encoder reads it, or nothing. */
export function readable(encoder: TextEncoder, term: string): WrittenText[] {
  const found = encoder.write(term);
  return "problem" in found ? [] : [found];
}

/** What decides how an utterance's parts are drawn. */
interface DrawnParts {
  readonly system: System;
  /** Parts of a text. */
  readonly subTexts: number;
  /** Near neighbours of each part. */
  readonly negatives: number;
}

/** Draws what an utterance is held against. */
export class ContrastDrawer {
  readonly #encoder: TextEncoder;
  readonly #recipe: DrawnParts;
  readonly #neighbours: HardNegatives | null = null;

  constructor(samples: readonly GlclapSample[], encoder: TextEncoder, recipe: DrawnParts) {
    this.#encoder = encoder;
    this.#recipe = recipe;
    if (recipe.negatives === 0 || recipe.system === "clap") return;
    const words = samples.flatMap(({ label }) => wordsOfText(label.text.toLowerCase()));
    this.#neighbours = new HardNegatives(words.map(({ text }) => text).filter(({ length }) => length > 1));
  }

  draw(
    { label: whole }: GlclapSample,
    random: () => number,
  ): { text: ContrastText; negatives: WrittenText[] } {
    // CLAP's loss knows whole texts only.
    if (this.#recipe.system === "clap") return { text: { whole, parts: [whole] }, negatives: [] };
    const parts = sampleSubTexts(whole.text, this.#recipe.subTexts, random).flatMap(({ text }) =>
      readable(this.#encoder, text.toLowerCase()),
    );
    const { negatives } = this.#recipe;
    return {
      text: { whole, parts: parts.length > 0 ? parts : [whole] },
      negatives: parts.flatMap(({ text }) =>
        (this.#neighbours?.draw(text, whole.text, negatives, random) ?? []).flatMap((near) =>
          readable(this.#encoder, near),
        ),
      ),
    };
  }
}

export interface GlclapItem {
  readonly id: string;
  readonly version: PreparedUtterance;
  readonly text: ContrastText;
  /** In validation: the terms that it is asked for. */
  readonly terms?: readonly WrittenText[];
  readonly distractors?: readonly string[];
}

export class GlclapBatcher {
  readonly #encoder: TextEncoder;
  readonly #shape: LetterHeadShape;
  readonly #cache: FrameCache;
  readonly #labels: CtcLabels | null;

  /** @param labels of the letter head beside the vectors; null for none */
  constructor(encoder: TextEncoder, shape: LetterHeadShape, cache: FrameCache, labels: CtcLabels | null) {
    this.#encoder = encoder;
    this.#shape = shape;
    this.#cache = cache;
    this.#labels = labels;
  }

  async make(items: readonly GlclapItem[], others: readonly WrittenText[]): Promise<Batch<GlclapTargets>> {
    const { frames, stepCounts } = await readFrames(
      items.map(({ version }) => version),
      this.#shape.stack,
      this.#cache,
    );
    const { inputs, columns } = contrastInputs(
      this.#encoder,
      items.map(({ text }) => text),
      others,
    );
    const columnsOf = (terms: readonly WrittenText[]) => [
      ...new Set(terms.map(({ key }) => columns.get(key)!)),
    ];
    return {
      names: items.map(({ id }) => id),
      inputs: { frames, bias: attentionBias(stepCounts, frames.shape[1]!), ...inputs },
      targets: {
        labels: items.map(({ text }) => (this.#labels ? lettersOf(text.whole.text, this.#labels) : [])),
        placeCounts: stepCounts.map((steps) => steps * this.#shape.outputs),
        terms: items.flatMap(({ terms, distractors }) => {
          if (!terms || !distractors) return [];
          const own = columnsOf(terms);
          const others = columnsOf(distractors.flatMap((term) => readable(this.#encoder, term)));
          return [{ own, distractors: others.filter((column) => !own.includes(column)) }];
        }),
      },
    };
  }
}

/** @throws RangeError for a text that `written` would have left out */
function lettersOf(text: string, labels: CtcLabels): readonly number[] {
  const encoded = labels.encode(text);
  if ("problem" in encoded)
    throw new RangeError(`"${text}" cannot be written in letters: ${encoded.problem}`);
  return encoded.labels;
}
