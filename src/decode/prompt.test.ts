import { describe, expect, it } from "vitest";
import { buildPrompt } from "./prompt.ts";
import { letters } from "./testing/letters.ts";

const term = (text: string) => ({ text, spokenForms: [], weight: 1 });
const textOf = (tokens: readonly number[]) => letters.decode(tokens);

describe("buildPrompt", () => {
  it("puts terms first and the text so far last", () => {
    const prompt = buildPrompt(letters, 40, [term("ab"), term("cd")], "so far");
    expect(textOf(prompt.tokens)).toMatch(/^ ab.? cd\. so far$/);
    expect(prompt.terms.map(({ text }) => text)).toEqual(["ab", "cd"]);
  });

  it("gives the terms at most half of the limit when there is enough text", () => {
    const terms = Array.from({ length: 20 }, (_, i) => term(`t${String.fromCharCode(97 + i)}`));
    const prompt = buildPrompt(letters, 20, terms, "a long text that would fill it all");
    expect(prompt.tokens).toHaveLength(20);
    expect(textOf(prompt.tokens)).toMatch(/ill it all$/);
    expect(prompt.terms.length).toBeGreaterThan(0);
    expect(prompt.terms.length).toBeLessThan(terms.length);
  });

  it("names only the terms that fit", () => {
    const prompt = buildPrompt(letters, 6, [term("abc"), term("defgh")], "");
    expect(prompt.terms.map(({ text }) => text)).toEqual(["abc"]);
    expect(prompt.tokens.length).toBeLessThanOrEqual(6);
  });

  it("is empty for a model without prompt", () => {
    expect(buildPrompt(letters, 0, [term("abc")], "text")).toEqual({ tokens: [], terms: [] });
  });
});
