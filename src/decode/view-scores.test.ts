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
/** The tokens that may follow hypothesis 0, and their probabilities. */
function following(scores: ViewScores, atStart: boolean, banned = -1): Record<number, number> {
  scores.score(0, atStart, banned);
  const tokens = [...scores.tokens.subarray(0, scores.count)];
  return Object.fromEntries(tokens.map((token, i) => [token, Math.exp(scores.scores[i]!)]));
}

describe("scores of a hypothesis", () => {
  it("are probabilities of the tokens that may follow", () => {
    const scores = new ViewScores(standing([0.2, 0.3, 0.1, 0.4]), 1, options);
    expect(following(scores, false, 1)).toEqual({ 0: expect.closeTo(2 / 3, 5), 2: expect.closeTo(1 / 3, 5) });
    expect(scores.highest).toBeCloseTo(Math.log(2 / 3), 5);
    expect(scores.contextFree(0, 2).contextFreeLogProbability).toBeCloseTo(Math.log(1 / 3), 5);
    expect(scores.contextFree(0, 2).shortfall).toBeCloseTo(Math.LN2, 5);
  });

  it("leave out what is suppressed at the start there only", () => {
    const at = (atStart: boolean) =>
      Object.keys(following(new ViewScores(standing([0.2, 0.3, 0.1, 0.4]), 1, options), atStart));
    expect(at(true)).toEqual(["1", "2"]);
    expect(at(false)).toEqual(["0", "1", "2"]);
  });

  it("are exact where nearly everything is left out", () => {
    const scores = new ViewScores(standing([1e-6, 2e-6, 1e-6, 1 - 4e-6]), 1, options);
    expect(following(scores, false)[1]).toBeCloseTo(0.5, 4);
  });

  it("leave out what is far from the favourite", () => {
    const scores = new ViewScores(standing([0.6, 1e-6, 0.3, 0.1]), 1, options);
    expect(Object.keys(following(scores, false))).toEqual(["0", "2"]);
  });

  it("weigh two views, and leave out what is far from the favourite without context", () => {
    const state = standing([0.5, 0.4, 1e-6, 0.1], [0.1, 0.1, 0.7, 0.1]);
    const row = following(new ViewScores(state, 2, { ...options, contextWeight: 0.25 }), false);
    const own = [0.5 / 0.9, 0.4 / 0.9];
    expect(Object.keys(row)).toEqual(["0", "1"]);
    expect(row[0]).toBeCloseTo(own[0]! ** 0.75 * (0.1 / 0.9) ** 0.25, 5);
    expect(row[1]).toBeCloseTo(own[1]! ** 0.75 * (0.1 / 0.9) ** 0.25, 5);
  });
});
