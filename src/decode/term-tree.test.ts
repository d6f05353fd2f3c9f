import { describe, expect, it } from "vitest";
import { TermTree, type TermState } from "./term-tree.ts";
import { table, tokensOf } from "./testing/letters.ts";

/** The bonus that a text has earned when it ends, and what it holds while it grows. */
function follow(terms: string[], text: string): { earned: number; running: number[] } {
  const tree = new TermTree(
    terms.map((term) => ({ tokens: tokensOf(term), bonus: 1 })),
    table,
  );
  let state: TermState = TermTree.start;
  let score = 0;
  let before: number | null = null;
  const running: number[] = [];
  for (const token of tokensOf(text)) {
    const boundary = before === null || !(table.endsInsideWord(before) && table.beginsInsideWord(token));
    const moved = tree.advance(state, token, boundary);
    state = moved.state;
    score += moved.change;
    running.push(score);
    before = token;
  }
  return { earned: score + tree.changeOnLeaving(state, true), running };
}

describe("TermTree", () => {
  it("gives a bonus for every token of a finished term and keeps it", () => {
    expect(follow(["cat"], "cat.")).toEqual({ earned: 3, running: [1, 2, 3, 3] });
  });

  it("takes back everything when a term breaks off", () => {
    expect(follow(["catalog"], "cats").earned).toBe(0);
    expect(follow(["catalog"], "cat").earned).toBe(0);
  });

  it("finds no term inside a longer word", () => {
    expect(follow(["cat"], "cats").earned).toBe(0);
    expect(follow(["cat"], "bobcat").earned).toBe(0);
  });

  it("finds a term after a space that belongs to it", () => {
    expect(follow([" cat"], "a cat ").earned).toBe(4);
  });

  it("goes on in the suffix that begins another term", () => {
    expect(follow([" new york", " york times"], "a york times").earned).toBe(11);
    expect(follow([" a b c", " b d"], "x a b d").earned).toBe(4);
  });

  it("keeps a term nested in the beginning of a longer one that breaks off", () => {
    expect(follow([" new", " new york"], "a new yak").earned).toBe(4);
    expect(follow([" new", " new york"], "a new york").earned).toBe(9);
  });

  it("needs no spaces around Chinese terms", () => {
    expect(follow(["中文"], "字中文字").earned).toBe(2);
    expect(follow(["中文"], "中字").earned).toBe(0);
  });

  it("takes the largest bonus where terms share a beginning", () => {
    const tree = new TermTree(
      [
        { tokens: tokensOf("ab"), bonus: 1 },
        { tokens: tokensOf("ac"), bonus: 3 },
      ],
      table,
    );
    expect(tree.advance(TermTree.start, tokensOf("a")[0]!, true).change).toBe(3);
  });

  it("never leaves a trace of terms that are not finished, whatever the text", () => {
    const terms = ["aa", "ab a", "b aab", "abba"];
    const alphabet = [..."ab "];
    let seed = 1;
    for (let run = 0; run < 500; run++) {
      let text = "";
      for (let i = 0; i < 12; i++) {
        seed = (seed * 16807) % 2147483647;
        text += alphabet[seed % alphabet.length];
      }
      const holdsTerm = terms.some((term) => new RegExp(`(?<![a-z])${term}(?![a-z])`).test(text));
      expect(follow(terms, text).earned > 0, text).toBe(holdsTerm);
    }
  });
});
