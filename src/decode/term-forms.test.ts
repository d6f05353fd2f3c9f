import { describe, expect, it } from "vitest";
import { bonusPerToken, termTokens, writtenForms } from "./term-forms.ts";
import { letters } from "./testing/letters.ts";

const term = (text: string, weight = 1, ...spokenForms: string[]) => ({ text, spokenForms, weight });

describe("writtenForms", () => {
  it("are the user's spelling, lower case and with capitals", () => {
    expect(writtenForms(term("LoRA"))).toEqual(["LoRA", "lora", "Lora"]);
    expect(writtenForms(term("new york"))).toEqual(["new york", "New york", "New York"]);
  });

  it("include what is said instead", () => {
    expect(writtenForms(term("K8s", 1, "kubernetes"))).toEqual(["K8s", "k8s", "kubernetes", "Kubernetes"]);
  });

  it("are one for Chinese", () => {
    expect(writtenForms(term("中文"))).toEqual(["中文"]);
  });
});

describe("termTokens", () => {
  const texts = (terms: ReturnType<typeof term>[], spaces: boolean) =>
    [...termTokens(terms, letters, spaces)].map(({ tokens }) => letters.decode(tokens));

  it("begin with a space where the language has spaces", () => {
    expect(texts([term("ab")], true)).toEqual([" ab", " b"]);
  });

  it("also stand without a space where it has none", () => {
    expect(texts([term("ab")], false)).toContain("ab");
    expect([...termTokens([term("中文")], letters, false)]).toHaveLength(1);
  });

  it("weigh as the term weighs, and not at all at 0", () => {
    const [first] = termTokens([term("ab", 2)], letters, true);
    expect(first!.bonus).toBe(2 * bonusPerToken);
    expect([...termTokens([term("ab", 0)], letters, true)]).toEqual([]);
  });
});
