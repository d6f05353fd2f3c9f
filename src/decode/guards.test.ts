import { describe, expect, it } from "vitest";
import { compressionRatio, isEcho, isSilence, suspicionOf } from "./guards.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { loopingToken } from "./repetition.ts";

const hypothesis = (changes: Partial<Hypothesis>): Hypothesis => ({
  tokens: [1, 2, 3],
  tokenLogProbabilities: [-0.1, -0.1, -0.1],
  contextFreeLogProbabilities: [-0.1, -0.1, -0.1],
  shortfalls: [0, 0, 0],
  logProbability: -0.4,
  bonus: 0,
  score: -0.1,
  ended: true,
  attention: [],
  ...changes,
});

describe("guards against known failures", () => {
  it("believe ordinary text", () => {
    expect(
      suspicionOf(hypothesis({}), "And so, my fellow Americans, ask not what your country can do."),
    ).toBeNull();
  });

  it("doubt text that repeats itself", () => {
    const text = "thank you for watching. ".repeat(10);
    expect(compressionRatio(text)).toBeGreaterThan(2.4);
    expect(suspicionOf(hypothesis({}), text)).toBe("repetition");
  });

  it("doubt a word or phrase four times in a row", () => {
    expect(suspicionOf(hypothesis({}), " RoPE. RoPE. RoPE RoPE")).toBe("repetition");
    expect(suspicionOf(hypothesis({}), "so to say, so to say so to say. So to say")).toBe("repetition");
    expect(suspicionOf(hypothesis({}), "No, no, no!")).toBeNull();
    expect(suspicionOf(hypothesis({}), "10 100 1000 10000 the theatre then")).toBeNull();
  });

  it("doubt a sentence three times in a row", () => {
    expect(suspicionOf(hypothesis({}), "We went there. We went there. We went there.")).toBe("repetition");
    expect(suspicionOf(hypothesis({}), "调高温度调高温度调高温度")).toBe("repetition");
    const spelled = "TECHWEB报道12月5日消息TECHWEB 报道12月5日消息 T E C H W E B 报道12月5日消息";
    expect(suspicionOf(hypothesis({}), spelled)).toBe("repetition");
    expect(suspicionOf(hypothesis({}), "Thank you. Thank you. Thank you.")).toBeNull();
    expect(suspicionOf(hypothesis({}), "We went there. We went there.")).toBeNull();
  });

  it("notice a prompt that is read out", () => {
    const context = " LoRA, RoPE, 微调. That is all.";
    expect(isEcho("LoRA. Rope, LoRA!", context)).toBe(true);
    expect(isEcho("That is all.", context)).toBe(true);
    expect(isEcho("LoRA 微调", context)).toBe(true);
    expect(isEcho("LoRA is new.", context)).toBe(false);
    expect(isEcho("LoRA.", context)).toBe(false);
    expect(isEcho("all of it", "")).toBe(false);
  });

  it("doubt improbable and endless text", () => {
    expect(suspicionOf(hypothesis({ logProbability: -8 }), "mumble")).toBe("improbable");
    expect(suspicionOf(hypothesis({ ended: false }), "on and on")).toBe("runaway");
  });

  it("take improbable text for silence only where the model hears nobody", () => {
    expect(isSilence(hypothesis({ logProbability: -8 }), 0.9)).toBe(true);
    expect(isSilence(hypothesis({ logProbability: -8 }), 0.1)).toBe(false);
    expect(isSilence(hypothesis({}), 0.9)).toBe(false);
    expect(isSilence(hypothesis({ logProbability: -8 }), null)).toBe(false);
  });

  it("call empty text not repetitive", () => {
    expect(compressionRatio("")).toBe(1);
  });
});

describe("loopingToken", () => {
  it("lets people repeat themselves a little", () => {
    expect(loopingToken([7, 7, 7, 7])).toBe(-1);
    expect(loopingToken([1, 2, 3, 1, 2, 3])).toBe(-1);
  });

  it("names the token that would go on with a loop", () => {
    expect(loopingToken(Array.from({ length: 12 }, () => 7))).toBe(7);
    expect(loopingToken([9, ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4]])).toBe(1);
    expect(loopingToken([9, ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4], 1])).toBe(2);
  });
});
