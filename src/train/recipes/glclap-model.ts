/**
 * GLCLAP (Global-Local Contrastive Language-Audio Pre-training, Interspeech 2025) and the systems that its paper compares it with,
 * as graphs: an adapter over a recogniser's frames beside an encoder of texts, trained so that a recording's vectors lie near
 * those of what is said in it.
 */
import { infoNce, pairedInfoNce, unitLength } from "../../graph/losses.ts";
import {
  add,
  cast,
  compare,
  concatenate,
  divide,
  exponential,
  matmul,
  multiply,
  reduce,
  reshape,
  sigmoid,
  sumOver,
  transpose,
  unsqueeze,
} from "../../graph/operators.ts";
import type { Value } from "../../graph/program.ts";
import type { glclapSystems } from "../../retrieval/head-files.ts";
import type { ModelBuilder, TrainableModel } from "../model.ts";
import { type LetterHeadShape, letterLogits } from "./ctc-head.ts";
import type { Normalisation } from "./data-recipe.ts";
import { frameEncoder, linear } from "./frame-layers.ts";
import type { TextEncoder } from "./text-encoder.ts";

/**
 * What is held against what: whole texts and the mean over a recording (`clap`), parts of texts and the mean (`subtext-clap`), parts
 * of texts and the step that is most like them (`lclap`), the first and the last together (`glclap`).
 */
export type System = (typeof glclapSystems)[number];

/** Whether terms are found by single steps, or by the mean over a recording. */
export function isLocal(system: System): boolean {
  return system === "lclap" || system === "glclap";
}

export interface GlclapShape {
  readonly system: System;
  readonly adapter: LetterHeadShape;
  /** Numbers in a vector. */
  readonly dimension: number;
  /** Labels of the letter head beside the vectors; null for none. */
  readonly labels: number | null;
}

/** Inputs of the losses; `contrastInputs` makes them. */
export const contrastNames = {
  /** Whole texts. */
  texts: "texts",
  /** Parts of texts, the short ones by themselves so that long ones do not fill them up with nothing. */
  shortTerms: "short_terms",
  longTerms: "long_terms",
  /** Recording and term of every pair, by their numbers; terms are counted over the short ones first. */
  recordings: "pair_recordings",
  terms: "pair_terms",
  /** What is no negative. */
  sameTexts: "same_texts",
  otherTerms: "other_terms",
  otherRecordings: "other_recordings",
} as const;

const recordings = "batch";
const allTerms = `${contrastNames.shortTerms} + ${contrastNames.longTerms}`;
const masked = -1e4;

/**
 * @param text the branch that reads
 * @param normalisation of frames; with zeros of the right length when the values come from a file
 */
export function glclapModel(
  shape: GlclapShape,
  text: TextEncoder,
  normalisation: Normalisation,
): TrainableModel {
  const { system, adapter, labels } = shape;
  return {
    name: "glclap",
    build(builder) {
      const inputs = adapter.stack * normalisation.mean.length;
      const frames = builder.input("frames", "float32", [recordings, "steps", inputs]);
      const bias = builder.input("bias", "float32", [recordings, 1, 1, "steps"]);
      const heard = frameEncoder(builder, frames, bias, adapter, normalisation);
      const whole =
        system === "clap" || system === "glclap"
          ? text.encode(builder, contrastNames.texts, recordings)
          : null;
      const { shortTerms, longTerms } = contrastNames;
      // Validation asks every system for terms, CLAP's training for none.
      const terms =
        system === "clap" && builder.training
          ? null
          : concatenate(
              [shortTerms, longTerms].map((name) => text.encode(builder, name, name)),
              0,
            );
      const ofSteps = stepVectors(builder, heard, shape);
      const { cosines, loss } = contrast(builder, system, { ofSteps, bias, whole, terms });
      const logits = labels === null ? null : letterLogits(builder, heard, adapter, labels);
      return {
        outputs: {
          // A loss outside is the letters' alone, and a step would want gradients by all other outputs.
          ...(cosines && !builder.training ? { cosines } : {}),
          ...(logits ? { logits } : {}),
        },
        loss,
      };
    },
  };
}

/** Vectors of a batch, of any length. */
interface BatchVectors {
  /** `[batch, steps, dimension]` */
  readonly ofSteps: Value;
  /** `[batch, 1, 1, steps]`: a large negative number where a recording has no step. */
  readonly bias: Value;
  /** `[batch, dimension]`, for systems with a global loss. */
  readonly whole: Value | null;
  /** `[short_terms + long_terms, dimension]`, where terms are asked for. */
  readonly terms: Value | null;
}

/** `cosines` `[batch, terms]` say how like each recording is each term; the loss asks for the inputs that it needs. */
export function contrast(
  builder: ModelBuilder,
  system: System,
  { ofSteps, bias, whole, terms }: BatchVectors,
): { cosines: Value | null; loss: () => Value } {
  const { program } = builder;
  const isStep = cast(compare("Greater", bias, program.scalar(masked / 2)), "float32");
  const mean = meanVector(multiply(ofSteps, reshape(isStep, [recordings, "steps", 1])));
  const wholeScale = whole && scale(builder, "scale.global");
  const termScale = system === "clap" ? null : scale(builder, "scale.terms");
  const cosines = terms && termCosines(transpose(unitLength(terms), [1, 0]));
  return { cosines, loss };

  function termCosines(turned: Value): Value {
    if (!isLocal(system)) return matmul(unitLength(mean), turned);
    // A product for each recording: over all at once, its gradient had two sizes that nobody knows beforehand in one.
    const products = matmul(unitLength(ofSteps), unsqueeze(turned, 0));
    const ofAll = add(products, reshape(bias, [recordings, "steps", 1]));
    return reshape(reduce("ReduceMax", ofAll, 1), [recordings, allTerms]);
  }

  function loss(): Value {
    const losses: Value[] = [];
    if (whole && wholeScale) {
      const sameTexts = builder.input(contrastNames.sameTexts, "float32", [recordings, recordings]);
      const temperature = divide(program.scalar(1), wholeScale);
      losses.push(infoNce(mean, whole, { temperature, bias: sameTexts }));
    }
    if (cosines && termScale) {
      const pairs = (name: string) => builder.input(name, "int64", ["pairs"]);
      const others = (name: string, of: string) => builder.input(name, "float32", ["pairs", of]);
      losses.push(
        pairedInfoNce(
          multiply(cosines, termScale),
          { recordings: pairs(contrastNames.recordings), texts: pairs(contrastNames.terms) },
          {
            texts: others(contrastNames.otherTerms, allTerms),
            recordings: others(contrastNames.otherRecordings, recordings),
          },
        ),
      );
    }
    return losses.reduce(add);
  }
}

/**
 * A recording's vectors for use: frames `[1, steps, inputs]` in, `vectors` out, of length 1 each: `[steps, dimension]`, or `[1, dimension]`
 * where terms are found by the mean. A term's score is the highest product of its vector with any of them.
 */
export function recordingModel(shape: GlclapShape, normalisation: Normalisation): TrainableModel {
  const { system, adapter, dimension } = shape;
  return {
    name: "glclap-recording",
    build(builder) {
      const inputs = adapter.stack * normalisation.mean.length;
      const frames = builder.input("frames", "float32", [1, "steps", inputs]);
      const heard = frameEncoder(builder, frames, null, adapter, normalisation);
      const ofSteps = stepVectors(builder, heard, shape);
      const vectors = isLocal(system) ? reshape(ofSteps, ["steps", dimension]) : meanVector(ofSteps);
      return { outputs: { vectors: unitLength(vectors) } };
    },
  };
}

/** Texts' vectors for use: `terms` in as the encoder writes them, `vectors` `[terms, dimension]` out, of length 1 each. */
export function termModel(text: TextEncoder): TrainableModel {
  return {
    name: "glclap-terms",
    build: (builder) => ({ outputs: { vectors: unitLength(text.encode(builder, "terms", "terms")) } }),
  };
}

function stepVectors(builder: ModelBuilder, heard: Value, { adapter, dimension }: GlclapShape): Value {
  return linear(builder, "vectors", heard, adapter.width, dimension);
}

/** The mean but for its length, which nobody asks for. @param ofSteps zeros where there is no step */
function meanVector(ofSteps: Value): Value {
  return sumOver(ofSteps, [1], false);
}

const largestScale = 100;
/** Of a temperature of 0.07, as in CLIP (Radford et al., 2021). */
const firstScale = 1 / 0.07;

/**
 * What cosines are multiplied by, learnt between 1 and 100 as a share of the way (in logarithms): cut off at a bound, it would
 * have no gradient there and stay.
 */
function scale(builder: ModelBuilder, name: string): Value {
  const share = Math.log(firstScale) / Math.log(largestScale);
  const learnt = builder.parameter(name, [1], { kind: "constant", value: Math.log(share / (1 - share)) });
  return exponential(multiply(sigmoid(learnt), builder.program.scalar(Math.log(largestScale))));
}
