/**
 * Losses as graphs. Each is a float32 without dimensions, the mean over what it compares.
 */
import {
  add,
  cast,
  compare,
  divide,
  gather,
  logSoftmax,
  matmul,
  maximum,
  multiply,
  negate,
  reduce,
  squareRoot,
  sumOver,
  transpose,
  unsqueeze,
} from "./operators.ts";
import type { Value } from "./program.ts";
import { countAlong, gatherElements } from "./shape-operators.ts";
import { expectShape, printShape } from "./shapes.ts";

/**
 * Cross-entropy of classes, the mean over rows that have a label.
 *
 * @param logits `[rows, classes]`
 * @param labels int64 `[rows]`; rows with a label below 0 do not count
 * @param options.smoothing share of the target that is spread over all classes (Szegedy et al., 2016)
 */
export function crossEntropy(logits: Value, labels: Value, options: { smoothing?: number } = {}): Value {
  if (logits.shape.length !== 2) {
    throw new RangeError(
      `crossEntropy: the logits have shape ${printShape(logits.shape)}; it must be [rows, classes].`,
    );
  }
  expectShape("crossEntropy", "the labels", labels.shape, [logits.shape[0]!]);
  const { program } = logits;
  const { smoothing = 0 } = options;
  const none = program.integers([0]);
  const counts = unsqueeze(cast(compare("GreaterOrEqual", labels, none), "float32"), 1);
  const scores = logSoftmax(logits);
  const picked = gatherElements(scores, unsqueeze(maximum(labels, none), 1), 1);
  const target =
    smoothing === 0
      ? picked
      : add(
          multiply(picked, program.scalar(1 - smoothing)),
          multiply(reduce("ReduceMean", scores, 1), program.scalar(smoothing)),
        );
  const total = maximum(sumOver(counts, [0, 1], false), program.scalar(1));
  return negate(divide(sumOver(multiply(target, counts), [0, 1], false), total));
}

/** Rows of `x` brought to length 1. */
export function unitLength(x: Value): Value {
  const squares = reduce("ReduceSum", multiply(x, x), -1);
  return divide(x, squareRoot(add(squares, x.program.scalar(1e-12))));
}

/**
 * InfoNCE in both directions (van den Oord et al., 2018, arXiv 1807.03748; Radford et al., 2021): every query finds its
 * key among those of the batch, and every key its query.
 *
 * @param queries `[pairs, width]`
 * @param keys `[pairs, width]`, of which the one in the same row belongs to a query
 * @param temperature that cosines are divided by: a number, or a float32 without dimensions
 * @param bias added to the scores `[pairs, pairs]`: −∞ or a large negative number where a key that is no pair would
 *   be right too
 */
export function infoNce(
  queries: Value,
  keys: Value,
  options: { temperature: number | Value; bias?: Value },
): Value {
  expectShape("infoNce", "the keys", keys.shape, queries.shape);
  const { program } = queries;
  const { temperature, bias } = options;
  const divisor = typeof temperature === "number" ? program.scalar(temperature) : temperature;
  const cosines = matmul(unitLength(queries), transpose(unitLength(keys), [1, 0]));
  const scores = bias ? add(divide(cosines, divisor), bias) : divide(cosines, divisor);
  const own = countAlong(queries, 0);
  const both = add(crossEntropy(scores, own), crossEntropy(transpose(scores, [1, 0]), own));
  return multiply(both, program.scalar(0.5));
}

/**
 * InfoNCE in both directions where a recording may have several texts and some texts have no recording: of every pair, the
 * recording finds its text among all texts, and the text its recording among all recordings.
 *
 * @param scores `[recordings, texts]`, divided by the temperature
 * @param pairs int64 `[pairs]` each: rows and columns of the scores that belong together
 * @param biases added to a pair's scores, `[pairs, texts]` and `[pairs, recordings]`: a large negative number where another text or
 *   recording would be right too
 */
export function pairedInfoNce(
  scores: Value,
  pairs: { recordings: Value; texts: Value },
  biases: { texts: Value; recordings: Value },
): Value {
  const byText = add(gather(scores, pairs.recordings), biases.texts);
  const byRecording = add(gather(transpose(scores, [1, 0]), pairs.texts), biases.recordings);
  const both = add(crossEntropy(byText, pairs.texts), crossEntropy(byRecording, pairs.recordings));
  return multiply(both, scores.program.scalar(0.5));
}
