import { describe, expect, it } from "vitest";
import type { Term } from "../context/term.ts";
import type { TimedText } from "./timed-text.ts";
import { TermTree } from "../decode/term-tree.ts";
import { writeTerms } from "./written-terms.ts";

const term = (text: string, ...spokenForms: string[]): Term => ({ text, spokenForms, weight: 1 });

function apply(text: string, ...terms: Term[]): { text: string; found: string[] } {
  const length = text.length;
  const timed: TimedText = {
    text,
    start: Float64Array.from({ length }, (_, i) => i),
    end: Float64Array.from({ length }, (_, i) => i + 1),
    logProbability: new Float64Array(length),
    token: new Int32Array(length),
  };
  const { timed: result, occurrences } = writeTerms(timed, new TermTree(terms));
  expect(result.start).toHaveLength(result.text.length);
  for (let i = 1; i < result.text.length; i++)
    expect(result.start[i]).toBeGreaterThanOrEqual(result.start[i - 1]!);
  return { text: result.text, found: occurrences.map(({ from, to }) => result.text.slice(from, to)) };
}

describe("writeTerms", () => {
  it("writes terms as the user spells them", () => {
    expect(apply("we tune with lora, and rope.", term("LoRA"), term("RoPE"))).toEqual({
      text: "we tune with LoRA, and RoPE.",
      found: ["LoRA", "RoPE"],
    });
  });

  it("joins what the user writes as one, also from spoken forms", () => {
    const result = apply(
      "set Cuda visible devices for Qwen 2 VL",
      term("CUDA_VISIBLE_DEVICES", "cuda visible devices"),
      term("Qwen2-VL"),
    );
    expect(result.text).toBe("set CUDA_VISIBLE_DEVICES for Qwen2-VL");
  });

  it("finds possessives but no terms inside other words", () => {
    expect(apply("lora's flora", term("LoRA"))).toEqual({ text: "LoRA's flora", found: ["LoRA"] });
  });

  it("finds terms inside Chinese and with Chinese in them", () => {
    expect(apply("尚街loft时尚生活园区", term("尚街Loft"), term("时尚生活"))).toEqual({
      text: "尚街Loft时尚生活园区",
      found: ["尚街Loft", "时尚生活"],
    });
  });

  it("puts one space between a Latin term and a Han character", () => {
    const expected = { text: "我们用 LoRA 微调", found: ["LoRA"] };
    expect(apply("我们用lora微调", term("LoRA"))).toEqual(expected);
    expect(apply("我们用 lora 微调", term("LoRA"))).toEqual(expected);
    expect(apply("用lora，微调", term("LoRA")).text).toBe("用 LoRA，微调");
  });

  it("leaves the ending of a plural as it is", () => {
    expect(apply("two loras, and alora", term("LoRA"))).toEqual({
      text: "two LoRAs, and alora",
      found: ["LoRA"],
    });
  });

  it("does not take a word that everybody knows for the plural of a rare one", () => {
    expect(apply("this is in cities", term("thi"), term("citie"))).toEqual({
      text: "this is in cities",
      found: [],
    });
    expect(apply("kernels and tokens", term("kernel"), term("token")).found).toEqual(["kernel", "token"]);
  });

  it("does not take diacritics for a difference", () => {
    expect(apply("by jokic", term("Jokić")).text).toBe("by Jokić");
  });

  it("tells C++ from C#, and both from the letter", () => {
    const found = apply("C++ and C# and see", term("C++"), term("C#"), term("C"));
    expect(found.found).toEqual(["C++", "C#"]);
  });

  it("takes letters together that the user spells out", () => {
    expect(apply("日本IDC统计", term("I D C")).text).toBe("日本 I D C 统计");
    expect(apply("by idc", term("I D C")).found).toEqual([]);
  });

  it("prefers the longest term", () => {
    expect(apply("in new york times", term("New York"), term("New York Times")).found).toEqual([
      "New York Times",
    ]);
  });

  it("lets a lower-case term keep the capital of a sentence, and only there", () => {
    expect(apply("Wapiti run. Wapiti and Wapiti.", term("wapiti")).text).toBe(
      "Wapiti run. Wapiti and wapiti.",
    );
  });

  it("does not take short ordinary words for acronyms", () => {
    expect(apply("it is about us. It is. Us, a I guess", term("IT"), term("US"), term("AI")).found).toEqual(
      [],
    );
    expect(apply("The IT staff", term("IT")).found).toEqual(["IT"]);
    expect(apply("they will ask Will", term("Will")).found).toEqual(["Will"]);
    expect(apply("they will ask Will", term("Will")).text).toBe("they will ask Will");
  });

  it("does not take a word for one with an apostrophe in it", () => {
    expect(apply("though it can't", term("th'ough"), term("cant")).found).toEqual([]);
    expect(apply("the OReilly, an O'reilly book", term("O'Reilly")).text).toBe(
      "the OReilly, an O'Reilly book",
    );
  });

  it("leaves text without terms as it is", () => {
    expect(apply("nothing here", term("LoRA"))).toEqual({ text: "nothing here", found: [] });
  });
});
