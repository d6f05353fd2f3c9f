import { describe, expect, it } from "vitest";
import { TermTrie } from "./term-trie.ts";

const index = (...terms: string[]) => new TermTrie(terms.map((term) => term.split(" ").filter(Boolean)));
const find = (terms: TermTrie, text: string) =>
  terms.find(text.split(" ")).map(({ term, start, end }) => [term, start, end]);

describe("TermTrie", () => {
  it("finds terms of one token and of many, also inside each other", () => {
    const terms = index("new york", "york", "new york city hall");
    expect(find(terms, "in new york city")).toEqual([
      [0, 1, 3],
      [1, 2, 3],
    ]);
    expect(find(terms, "new york city hall york")).toEqual([
      [0, 0, 2],
      [2, 0, 4],
      [1, 1, 2],
      [1, 4, 5],
    ]);
  });

  it("does not let occurrences of the same term overlap", () => {
    expect(find(index("a a"), "a a a a a")).toEqual([
      [0, 0, 2],
      [0, 2, 4],
    ]);
  });

  it("says which terms cannot be found", () => {
    const terms = index("lora", "", "rope", "lora");
    expect(terms.unusable).toEqual([1, 3]);
    expect(terms.size).toBe(2);
    expect(find(terms, "rope lora")).toEqual([
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });

  it("marks the tokens of terms", () => {
    expect(index("new york", "york times").mark("the new york times new".split(" "))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(new TermTrie([]).mark(["a"])).toEqual([false]);
  });
});
