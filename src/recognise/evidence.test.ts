import { describe, expect, it } from "vitest";
import type { Hypothesis } from "../decode/hypothesis.ts";
import { evidenceOf, isDoubtful, isThin } from "./evidence.ts";
import type { TimedText } from "./timed-text.ts";

/** " use lora now": one token a word, but "lora" is two. */
const text = " use lora now";
const timed: TimedText = {
  text,
  start: Float64Array.from(text, (_, i) => i / 10),
  end: Float64Array.from(text, (_, i) => (i + 1) / 10),
  logProbability: new Float64Array(text.length),
  token: Int32Array.from([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3]),
};
const hypothesis: Hypothesis = {
  tokens: [10, 11, 12, 13],
  tokenLogProbabilities: [0, 0, 0, 0],
  contextFreeLogProbabilities: [-0.1, -3, -1, -0.1],
  shortfalls: [0, 2.5, 0.5, 0],
  logProbability: -4.2,
  bonus: 4,
  score: 0,
  ended: true,
  attention: [],
};

describe("evidence for a term", () => {
  it("is that of its own tokens in the view without context", () => {
    const evidence = evidenceOf(hypothesis, timed, 5, 9);
    expect(evidence.posterior).toBeCloseTo(Math.exp(-2), 6);
    expect(evidence.shortfall).toBeCloseTo(1.5, 6);
    expect(evidence.secondsPerLetter).toBeCloseTo(0.1, 6);
  });

  it("begins with the first token of a character that is spread over several", () => {
    // Tokens 1 and 2 make one character, which belongs to 2.
    const spread = { ...timed, token: Int32Array.from([0, 0, 0, 0, 0, 2, 2, 2, 2, 3, 3, 3, 3]) };
    expect(evidenceOf(hypothesis, spread, 5, 9).shortfall).toBeCloseTo(1.5, 6);
  });

  it("is doubted when the model finds other words likelier, or there was hardly time to say it", () => {
    const good = { posterior: 0.3, shortfall: 0.9, secondsPerLetter: 0.06, isAlone: false, isUnusual: false };
    expect(isDoubtful(good)).toBe(false);
    expect(isDoubtful({ ...good, shortfall: 1.5 })).toBe(true);
    expect(isDoubtful({ ...good, shortfall: 1.5, secondsPerLetter: 0.001 })).toBe(true);
    expect(isThin({ ...good, shortfall: 1.5, secondsPerLetter: 0.001 }, 0, "whisper-base")).toBe(true);
    expect(isDoubtful({ ...good, shortfall: 0.2, secondsPerLetter: 0.001 })).toBe(false);
  });

  it("is thin when another text without the term is much likelier", () => {
    const doubtful = {
      posterior: 0.1,
      shortfall: 1.5,
      secondsPerLetter: 0.06,
      isAlone: false,
      isUnusual: false,
    };
    expect(isThin(doubtful, 3, "moonshine-base")).toBe(false);
    expect(isThin(doubtful, 12, "moonshine-base")).toBe(true);
    expect(isThin({ ...doubtful, shortfall: 6 }, 0, "moonshine-base")).toBe(true);
    const between = { ...doubtful, shortfall: 3 };
    expect([isThin(between, 0, "whisper-base"), isThin(between, 0, "moonshine-base")]).toEqual([false, true]);
  });

  it("may be thinner for terms that were found to be likely, and less so for unlikely ones", () => {
    const doubtful = {
      posterior: 0.1,
      shortfall: 2.3,
      secondsPerLetter: 0.06,
      isAlone: false,
      isUnusual: false,
    };
    const isThinAt = (probability: number, shortfall = doubtful.shortfall) =>
      isThin({ ...doubtful, shortfall }, 4, "moonshine-base", probability);
    expect([0.001, 0.05, 0.3, 0.9].map((probability) => isThinAt(probability))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isThin(doubtful, 4, "moonshine-base")).toBe(true);
    // Whatever speaks for it, there is a limit; and what nothing speaks for is thin however little speaks against it.
    expect([isThinAt(1, 3.8), isThinAt(1, 4)]).toEqual([false, true]);
    expect(isThinAt(0, 1.1)).toBe(true);
  });

  it("may be thinner when nothing else is said, or no word is spelled like it", () => {
    const doubtful = {
      posterior: 0.1,
      shortfall: 2.8,
      secondsPerLetter: 0.06,
      isAlone: true,
      isUnusual: false,
    };
    expect(isDoubtful(doubtful)).toBe(false);
    expect(isDoubtful({ ...doubtful, isAlone: false, isUnusual: true })).toBe(false);
    expect(isDoubtful({ ...doubtful, isAlone: false })).toBe(true);
    expect(isDoubtful({ ...doubtful, shortfall: 3.5 })).toBe(true);
    expect(isThin({ ...doubtful, shortfall: 3.5 }, 0, "moonshine-base")).toBe(true);
    expect(evidenceOf(hypothesis, timed, 5, 9).isAlone).toBe(false);
    expect(evidenceOf(hypothesis, { ...timed, text: " the lora.   " }, 5, 9).isAlone).toBe(true);
  });

  it("knows spellings that no ordinary word has", () => {
    const isUnusual = (term: string) =>
      evidenceOf(
        hypothesis,
        { ...timed, text: ` use ${term.padEnd(4)} now`.slice(0, 13) },
        5,
        5 + term.length,
      ).isUnusual;
    expect(["LoRA", "C++", "7B", "G P S"].map(isUnusual)).toEqual([true, true, true, true]);
    expect(["Rome", "a b", "I go"].map(isUnusual)).toEqual([false, false, false]);
  });

  it("is never doubted for what the model writes by itself", () => {
    expect(
      isDoubtful({
        posterior: 0.9,
        shortfall: 0,
        secondsPerLetter: 0.001,
        isAlone: false,
        isUnusual: false,
      }),
    ).toBe(false);
  });
});
