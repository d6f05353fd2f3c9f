import { describe, expect, test } from "vitest";
import type { Term } from "../context/term.ts";
import { heardTerms } from "./heard-terms.ts";

const termOf = (text: string): Term => ({ text, spokenForms: [], weight: 1 });
const words = ["we", "train", "Laura", "adapters"].map((text, i) => ({
  text,
  start: i,
  end: i + 1,
  confidence: 0.6,
}));
const [lora, rope] = [termOf("LoRA"), termOf("RoPE")];
const heard = (terms: readonly Term[], sighted?: readonly { term: Term }[]) =>
  heardTerms(terms, words, sighted).map(({ term }) => term);

describe("terms in what a quick pass heard", () => {
  test("are looked for in all of a list", () => {
    expect(heard([rope, lora])).toEqual([lora]);
    expect(heardTerms([lora], [])).toEqual([]);
  });

  test("are those that the sounds speak for when the list is very long", () => {
    const long = [rope, ...Array.from({ length: 20_001 }, (_, i) => termOf(`zq${i}vx`)), lora];
    expect(heard(long)).toEqual([]);
    expect(heard(long, [{ term: lora }, { term: rope }, { term: lora }])).toEqual([lora]);
  });
});
