import { describe, expect, it } from "vitest";
import { alignedExcerpt, alignedText } from "./alignment.ts";
import { fakeRun } from "./testing/fake-runs.ts";

function align(reference: string, hypothesis: string, terms: string[] = [], language = "en") {
  return fakeRun({ utterances: [{ reference, hypothesis, terms, language }] }).utterances[0];
}

describe("alignedText", () => {
  it("writes matches once, errors as what was said and what was heard", () => {
    const { source } = alignedText(align("one cat sat down", "one dog sat there down"));
    expect(source).toBe(
      '<p class="aligned" dir="auto" lang="en">one <span class="e s"><del>cat</del><ins>dog</ins></span> sat <span class="e i"><ins>there</ins></span> down</p>',
    );
    expect(alignedText(align("a cat sat", "a sat")).source).toContain(
      '<span class="e d"><del>cat</del></span>',
    );
  });

  it("underlines terms on both sides", () => {
    const { source } = alignedText(align("we tuned LoRA", "we tuned Laura", ["LoRA"]));
    expect(source).toContain("<del><u>lora</u></del><ins><u>laura</u></ins>");
    expect(source).not.toContain("<u>tuned</u>");
  });

  it("puts no spaces between Chinese characters, but around Latin words", () => {
    const { source } = alignedText(align("听一首Loft歌", "听一首Loft歌", [], "zh"));
    expect(source).toContain(">听一首 loft 歌<");
  });
});

describe("alignedExcerpt", () => {
  it("shows the words around an occurrence", () => {
    const utterance = align("a b c d e f LoRA g h i j k l", "a b c d e f Laura g h i j k l", ["LoRA"]);
    const { source } = alignedExcerpt(utterance, "reference", utterance.referenceTerms![0], 2);
    expect(source.replace(/<[^>]+>/g, "")).toBe("… e f loralaura g h …");
  });

  it("finds terms that were put in", () => {
    const utterance = align("a b", "a RoPE b", ["RoPE"]);
    const { source } = alignedExcerpt(utterance, "hypothesis", utterance.hypothesisTerms![0]);
    expect(source.replace(/<[^>]+>/g, "")).toBe("a rope b");
  });
});
