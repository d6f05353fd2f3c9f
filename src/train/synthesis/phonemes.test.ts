import { describe, expect, it } from "vitest";
import { englishPhonemes } from "./english-phonemes.ts";
import { partsOf } from "./kokoro-synthesiser.ts";
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
});

describe("long texts", () => {
  it("are cut behind punctuation, else between words", () => {
    expect(partsOf("aaa bbb. ccc ddd", 12)).toEqual(["aaa bbb.", "ccc ddd"]);
    expect(partsOf("aaa bbb ccc", 8)).toEqual(["aaa bbb", "ccc"]);
    expect(partsOf("aaaaaaaaaa", 4)).toEqual(["aaaa", "aaaa", "aa"]);
    expect(partsOf("short", 8)).toEqual(["short"]);
  });
});
