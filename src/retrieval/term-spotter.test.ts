import { describe, expect, test } from "vitest";
import type { Term } from "../context/term.ts";
import { CtcLabels } from "./ctc-labels.ts";
import { mapTerms } from "./term-map.ts";
import { TermSpotter } from "./term-spotter.ts";
import { scoresWriting } from "./testing/writing-head.ts";

const labels = new CtcLabels("letters");
const term = (text: string, spokenForms: string[] = []): Term => ({ text, spokenForms, weight: 1 });

function spot(terms: Term[], text: string, startSeconds = 0, certainty = 12) {
  const { logits, places } = scoresWriting(text, labels, certainty);
  return new TermSpotter(terms, labels).spot(logits, places, 0.02, startSeconds);
}

describe("TermSpotter", () => {
  test("finds the terms that are said, with their times, and no others", () => {
    const found = spot(
      ["LoRA", "perplexity", "Qwen", "laurel"].map((text) => term(text)),
      "we train lora for perplexity",
      100,
    );
    const sure = found.filter(({ score }) => score > 0.5);
    expect(sure.map(({ term: { text } }) => text).sort()).toEqual(["LoRA", "perplexity"]);
    const lora = sure.find(({ term: { text } }) => text === "LoRA")!;
    // "we train " is nine labels of two places each.
    expect(lora.start).toBeCloseTo(100 + 9 * 2 * 0.02, 5);
    expect(lora.end).toBeCloseTo(100 + (13 * 2 - 1) * 0.02, 5);
    expect(lora.evidence).toMatchObject({ labels: 4, rival: 0 });
    expect(lora.evidence.logRatio).toBeCloseTo(0, 5);
  });

  test("finds a term by any of its spoken forms, once", () => {
    const found = spot([term("K8s", ["kubernetes", "k eights"])], "on kubernetes now");
    expect(found.filter(({ score }) => score > 0.5)).toHaveLength(1);
  });

  test("finds a term between whose words no space is heard, unless it would be another word", () => {
    const score = (text: string, said: string) => spot([term(text)], said)[0]?.score ?? 0;
    expect(score("red kangaroo", "a redkangaroo here")).toBeGreaterThan(0.5);
    expect(score("G P S", "by gps now")).toBeGreaterThan(0.5);
    const [word] = spot([term("I T")], "and it was");
    expect(word?.evidence.logRatio ?? -Infinity).toBeLessThan(-5);
  });

  test("guesses how numbers and capitals are said", () => {
    const found = spot([term("Qwen2"), term("GPU")], "qwen two on a g p u");
    expect(
      found
        .filter(({ score }) => score > 0.5)
        .map((match) => match.term.text)
        .sort(),
    ).toEqual(["GPU", "Qwen2"]);
  });

  test("holds a term for less likely where another fits better, and in a longer list", () => {
    const [alone] = spot([term("quern")], "qwen is good", 0, 4);
    const [best, rivalled] = spot([term("quern"), term("qwen")], "qwen is good", 0, 4);
    expect([best, rivalled].map((match) => match!.term.text)).toEqual(["qwen", "quern"]);
    expect(rivalled!.evidence.rival).toBeGreaterThan(0);
    expect(rivalled!.score).toBeLessThan(alone!.score);
    const many = Array.from({ length: 2000 }, (_, i) => term(`zz${"abcdefghij"[i % 10]}q${i}x`));
    const [amongMany] = spot([term("perplexity"), ...many], "perplexity").filter(
      (match) => match.term.text === "perplexity",
    );
    expect(amongMany!.score).toBeLessThan(spot([term("perplexity")], "perplexity")[0]!.score);
  });

  test("holds a term for less likely where one of the commonest words fits better, unless that is the term", () => {
    const [unsaid] = spot([term("wered")], "they were here", 0, 4);
    expect(unsaid!.evidence.rival).toBeGreaterThan(0);
    const [said] = spot([term("were")], "they were here", 0, 4);
    expect(said!.evidence.rival).toBe(0);
    // Without letters there are no words to compare with.
    const syllables = new CtcLabels("pinyin");
    const { logits, places } = scoresWriting("北京", syllables);
    const [beijing] = new TermSpotter([term("北京")], syllables).spot(logits, places, 0.02);
    expect(beijing!.evidence).toMatchObject({ rival: 0, isSpelled: false });
  });

  test("says which terms cannot be written in the labels of the head, and why", () => {
    const spotter = new TermSpotter([term("困惑度"), term("LoRA")], labels);
    expect([...spotter.unspellable]).toEqual([
      [expect.objectContaining({ text: "困惑度" }), '"困惑度" is Chinese, the labels are letters'],
    ]);
  });
});

test("a term too long to be looked for is named, and the others are found", () => {
  const long = term("so long ".repeat(40).trim());
  const spotter = new TermSpotter([long, term("LoRA")], labels);
  expect(spotter.unspellable.get(long)).toMatch(/letters or sounds, more than 255/);
  const { logits, places } = scoresWriting("we train lora now", labels);
  expect(spotter.spot(logits, places, 0.02)[0]!.term.text).toBe("LoRA");
});

describe("mapTerms", () => {
  test("fits a term fully where it is said, and hardly elsewhere", () => {
    const scores = scoresWriting("we train lora now", labels);
    const { rows } = mapTerms([term("LoRA")], labels, scores, { start: 0, placeSeconds: 0.02 });
    const { fits } = rows[0]!;
    expect(fits[9 * 2]).toBeCloseTo(1, 5);
    expect(fits[13 * 2 - 2]).toBeCloseTo(1, 5);
    expect(fits[2]).toBeLessThan(0.2);
    expect(fits).toHaveLength(scores.places);
  });
});
