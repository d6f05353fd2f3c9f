import { describe, expect, it } from "vitest";
import type { DecoderState } from "../models/speech-model.ts";
import { ViewScores } from "./view-scores.ts";

/** A decoder that stands where its rows of probabilities say. */
function standing(...rows: number[][]): DecoderState {
  return {
    logProbabilities: Float32Array.from(rows.flat(), Math.log),
  } as Partial<DecoderState> as DecoderState;
}

const options = { vocabularySize: 4, suppressedTokens: [3], suppressedAtStart: [0] };
const probabilities = (row: Float32Array) => [...row].map((value) => Math.exp(value));

describe("scores of a hypothesis", () => {
  it("are probabilities of the tokens that may follow", () => {
    const scores = new ViewScores(standing([0.2, 0.3, 0.1, 0.4]), 1, options);
    const row = scores.of(0, false, 1);
    expect(probabilities(row).map((value) => Number(value.toFixed(5)))).toEqual([0.66667, 0, 0.33333, 0]);
    expect(scores.highest).toBeCloseTo(Math.log(2 / 3), 5);
    expect(scores.contextFree(0, 2).shortfall).toBeCloseTo(Math.LN2, 5);
  });

  it("are the same when asked for twice", () => {
    const scores = new ViewScores(standing([0.2, 0.3, 0.1, 0.4]), 1, options);
    const once = probabilities(scores.of(0, true, -1));
    expect(probabilities(scores.of(0, true, -1))).toEqual(once);
  });

  it("are exact where nearly everything is left out", () => {
    const scores = new ViewScores(standing([1e-6, 2e-6, 1e-6, 1 - 4e-6]), 1, options);
    expect(probabilities(scores.of(0, false, -1))[1]).toBeCloseTo(0.5, 4);
  });

  it("weigh two views, and leave out what is far from the favourite without context", () => {
    const state = standing([0.5, 0.4, 1e-6, 0.1], [0.1, 0.1, 0.7, 0.1]);
    const row = new ViewScores(state, 2, { ...options, contextWeight: 0.25 }).of(0, false, -1);
    const own = [0.5 / 0.9, 0.4 / 0.9];
    expect(row[0]).toBeCloseTo(0.75 * Math.log(own[0]!) + 0.25 * Math.log(0.1 / 0.9), 5);
    expect(row[1]).toBeCloseTo(0.75 * Math.log(own[1]!) + 0.25 * Math.log(0.1 / 0.9), 5);
    expect(row[2]).toBe(-Infinity);
  });
});
