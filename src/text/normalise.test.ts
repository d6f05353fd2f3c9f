import { describe, expect, it } from "vitest";
import { normaliseForScoring } from "./normalise.ts";

describe("normaliseForScoring", () => {
  it.each([
    ["en", "Don't pay £5, Dr. Moore!", ["do", "not", "pay", "£5", "doctor", "moore"]],
    ["en-GB", "Colour", ["color"]],
    ["zh", "听Let It Go3遍", ["听", "let", "it", "go", "三", "遍"]],
    ["zh-TW", "這裡", ["这", "里"]],
    ["yue", "２號", ["二", "号"]],
    ["de", "Größe: 3 m²!", ["größe", "3", "m2"]],
    ["ja", "スマホ、買った", ["ス", "マ", "ホ", "買", "っ", "た"]],
    ["th", "มานี", ["ม", "า", "น"]],
    ["none", "Don't pay £5!", ["Don't", "pay", "£5!"]],
    ["en", " ", []],
    ["zh", "。", []],
    ["fr", "…", []],
  ])("splits %s text %j", (language, text, tokens) => {
    expect(normaliseForScoring(text, language)).toEqual(tokens);
  });
});
