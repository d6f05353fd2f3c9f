import { describe, expect, it } from "vitest";
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens } from "./align.ts";
import { caseAccuracy, countCase, countWritten } from "./case-accuracy.ts";
import { TermTrie } from "./term-trie.ts";
import { judgeTerms } from "./term-metrics.ts";

function count(terms: readonly string[], referenceText: string, hypothesisText: string, language = "en") {
  const tokens = (text: string) => normaliseForScoring(text, language);
  const sides = { reference: tokens(referenceText), hypothesis: tokens(hypothesisText) };
  const steps = alignTokens(sides.reference, sides.hypothesis);
  const judgement = judgeTerms({ ...sides, steps }, new TermTrie(terms.map(tokens)));
  return countCase(judgement, terms, hypothesisText);
}

describe("countWritten", () => {
  it.each([
    ["LoRA, LoRA and lora; LoRAs, XLoRA", "LoRA", 2],
    ["用LoRA训练", "LoRA", 1],
    ["时尚生活时尚", "时尚", 2],
    ["C++ and C+++", "C++", 2],
    ["def forward(self, x): pass", "def forward(self, x):", 1],
    ["aa", "a", 0],
    ["anything", "", 0],
  ])("in %j %j stands %i times", (text, spelling, times) => {
    expect(countWritten(text, spelling)).toBe(times);
  });
});

describe("case accuracy", () => {
  it("asks of the terms that were heard whether they are written as the user writes them", () => {
    const counts = count(
      ["LoRA", "Qwen2-VL", "RoPE"],
      "Lora, RoPE and Qwen2-VL.",
      "LoRA, soap and Qwen 2 VL.",
    );
    expect(counts).toEqual({ heard: 2, written: 1 });
    expect(caseAccuracy([counts, { heard: 2, written: 2 }])).toBe(75);
  });

  it("leaves out terms without upper-case letters", () => {
    expect(count(["printing"], "printing", "Printing")).toEqual({ heard: 0, written: 0 });
    expect(caseAccuracy([])).toBeNull();
  });

  it("does not count a spelling oftener than the term was heard", () => {
    expect(count(["LoRA"], "lora was tuned", "LoRA was LoRA tuned")).toEqual({ heard: 1, written: 1 });
  });

  it("works inside Chinese", () => {
    expect(count(["GPS"], "装G P S定位仪", "装GPS定位仪", "zh")).toEqual({ heard: 1, written: 1 });
  });
});
