/**
 * Fits the logistic curve that makes confidences mean what they say (Platt 1999, "Probabilistic outputs for support
 * vector machines", with the targets and the careful Newton steps of Lin, Lin & Weng 2007).
 */
import { GlossaError } from "../errors.ts";

/** One word: the log-odds of its least probable token, and whether the word is right. */
export interface LogOddsPair {
  logOdds: number;
  correct: boolean;
}

/** `probability = 1 / (1 + exp(−(slope · logOdds + offset)))`. */
export interface FittedCurve {
  slope: number;
  offset: number;
}

const mostSteps = 100;
const smallestGradient = 1e-9;
/** Keeps the second derivative invertible. */
const ridge = 1e-12;

/**
 * Maximum likelihood of slope and offset. Targets are drawn in from 0 and 1 by as much as the counts of right and wrong
 * words leave open, so that the fit exists also where all words are right.
 *
 * @throws GlossaError `invalid-argument` without words
 */
export function fitConfidence(pairs: readonly LogOddsPair[]): FittedCurve {
  if (pairs.length === 0) throw new GlossaError("invalid-argument", "there are no words to fit a curve to");
  const right = pairs.filter(({ correct }) => correct).length;
  const wrong = pairs.length - right;
  const targetRight = (right + 1) / (right + 2);
  const targetWrong = 1 / (wrong + 2);
  const target = ({ correct }: LogOddsPair) => (correct ? targetRight : targetWrong);
  const loss = (slope: number, offset: number) =>
    pairs.reduce((sum, pair) => {
      const z = slope * pair.logOdds + offset;
      return sum + softPlus(z) - target(pair) * z;
    }, 0);

  let curve = { slope: 0, offset: Math.log((right + 1) / (wrong + 1)) };
  let current = loss(curve.slope, curve.offset);
  for (let step = 0; step < mostSteps; step++) {
    let [gradientSlope, gradientOffset, slopeSlope, slopeOffset, offsetOffset] = [0, 0, ridge, 0, ridge];
    for (const pair of pairs) {
      const probability = 1 / (1 + Math.exp(-(curve.slope * pair.logOdds + curve.offset)));
      const error = probability - target(pair);
      const weight = probability * (1 - probability);
      gradientSlope += error * pair.logOdds;
      gradientOffset += error;
      slopeSlope += weight * pair.logOdds ** 2;
      slopeOffset += weight * pair.logOdds;
      offsetOffset += weight;
    }
    if (Math.hypot(gradientSlope, gradientOffset) < smallestGradient * pairs.length) break;
    const determinant = slopeSlope * offsetOffset - slopeOffset ** 2;
    const stepSlope = -(offsetOffset * gradientSlope - slopeOffset * gradientOffset) / determinant;
    const stepOffset = -(slopeSlope * gradientOffset - slopeOffset * gradientSlope) / determinant;
    let size = 1;
    let next = current;
    let moved = curve;
    // Newton's step may go too far; it is halved until it leads down.
    for (; size > 1e-10; size /= 2) {
      moved = { slope: curve.slope + size * stepSlope, offset: curve.offset + size * stepOffset };
      next = loss(moved.slope, moved.offset);
      if (next < current) break;
    }
    if (!(next < current)) break;
    curve = moved;
    current = next;
  }
  return curve;
}

/** log(1 + exp(z)) without overflow. */
function softPlus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
