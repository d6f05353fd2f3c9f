import { describe, expect, it } from "vitest";
import { englishPhonemes } from "./english-phonemes.ts";
import { partsOf } from "./kokoro-synthesiser.ts";
import { randomGenerator } from "../../random.ts";
import { mandarinAccentedPhonemes } from "./mandarin-accent.ts";
import { mandarinPhonemes } from "./mandarin-phonemes.ts";

describe("English phonemes", () => {
  it.each([
    ["Hello, world!", "həlˈO, wˈɜɹld!"],
    ["The apple and the pear.", "ði ˈæpəl ænd ðə pˈɛɹ."],
    ["I want to go (now)", "ˌI wˈɑnt tə ɡˈO (nˈW)"],
    ["water bottle", "wˈɔɾəɹ bˈɑɾəl"],
    ["22 cats, 1,234,567 dogs", "twˈɛnti tˈu kˈæts, wˈʌn mˈɪljən tˈu hˈʌndɹəd"],
  ])("of %s", (text, phonemes) => {
    expect(englishPhonemes(text)).toContain(phonemes);
  });

  it("spell capitals that are no word, and take off the endings of words that the dictionary has", () => {
    expect(englishPhonemes("GPT")).toBe("ʤˌipˌitˈi");
    expect(englishPhonemes("Qwen")).toContain("kwˈɛn");
    expect(englishPhonemes("the GPUs")).toMatch(/z$/);
    expect(englishPhonemes("tokenizing")).not.toBe("");
    expect(englishPhonemes("wapitis")).toMatch(/[zs]$/);
  });

  it("hold nothing where there is nothing to say", () => {
    expect(englishPhonemes(" … ?")).toBe("");
    expect(mandarinPhonemes("。，")).toBe("");
  });
});

describe("Mandarin phonemes", () => {
  it.each([
    ["你好", "ni↓ xau↓"],
    ["中国", "ꭧʊ→ŋkwo↗"],
    ["是", "ʂɨ↘"],
    ["设定31度。", "."],
    ["北京，上海", "pei↓ʨi→ŋ, ʂa↘ŋxai↓"],
  ])("of %s", (text, phonemes) => {
    expect(mandarinPhonemes(text).replaceAll(" ", "")).toContain(phonemes.replaceAll(" ", ""));
  });

  it("take English words in between", () => {
    expect(mandarinPhonemes("播放Hello")).toContain("həlˈO");
  });

  it("spell letters that stand apart and capitals in between, and know units behind numbers", () => {
    expect(mandarinPhonemes("想听 S A P 手机")).toContain(" ˈɛs ˈA pˈi ");
    expect(mandarinPhonemes("用GPU跑")).toContain("ʤˌipˌijˈu");
    expect(mandarinPhonemes("重5 kg")).toBe(mandarinPhonemes("重5kg"));
  });
});

describe("English with a Mandarin accent", () => {
  /** What many speakers make of a text. */
  const said = (text: string, options = {}) =>
    Array.from({ length: 40 }, (_, seed) => mandarinAccentedPhonemes(text, randomGenerator(seed), options));

  it("lacks the sounds that Mandarin lacks, more or less", () => {
    const things = said("I think that the thing will not change anything.");
    const count = things.filter((one) => !one.includes("θ")).length;
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(40);
    expect(new Set(things).size).toBeGreaterThan(30);
  });

  it("calls letters by their Mandarin names, but an article or a person is none", () => {
    const letters = said("the W A system");
    expect(letters.some((one) => one.includes("ta↗pu"))).toBe(true);
    expect(letters.some((one) => one.includes("dˈʌbəlju"))).toBe(true);
    expect(said("I saw a dog").join()).not.toMatch(/ai|ei/);
    expect(said("a b", { isWithinMandarin: true }).join()).toMatch(/ei→/);
  });

  it("is the same for the same speaker", () => {
    expect(said("My father's voice sounded tense.")).toEqual(said("My father's voice sounded tense."));
    expect(said(" … ").join("")).toBe("");
  });
});

describe("long texts", () => {
  it("are cut behind punctuation, else between words", () => {
    expect(partsOf("aaa bbb. ccc ddd", 12)).toEqual(["aaa bbb.", "ccc ddd"]);
    expect(partsOf("aaa bbb ccc", 8)).toEqual(["aaa bbb", "ccc"]);
    expect(partsOf("aaaaaaaaaa", 4)).toEqual(["aaaa", "aaaa", "aa"]);
    expect(partsOf("short", 8)).toEqual(["short"]);
  });
});
