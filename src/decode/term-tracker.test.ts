import { describe, expect, it } from "vitest";
import { letters, tokensOf } from "./testing/letters.ts";
import { TermTracker } from "./term-tracker.ts";
import { TermTree } from "./term-tree.ts";

type Given = string | { text: string; spokenForms?: string[]; weight?: number };

function trackerOf(terms: Given[]): TermTracker {
  const full = terms.map((term) => ({
    spokenForms: [],
    weight: 1,
    ...(typeof term === "string" ? { text: term } : term),
  }));
  return new TermTracker(new TermTree(full), letters, 1);
}

/** The bonus that a text has earned when it ends, and what it holds while it grows. Each character is a token. */
function follow(terms: Given[], text: string): { earned: number; running: number[] } {
  const tracker = trackerOf(terms);
  let state = TermTracker.start;
  const running: number[] = [];
  for (const token of tokensOf(text)) {
    const expected = tracker.bonusAfter(state, token);
    state = tracker.advance(state, token);
    expect(state.bonus).toBe(expected);
    running.push(state.bonus);
  }
  return { earned: tracker.bonusAtEnd(state), running };
}

describe("TermTracker", () => {
  it("gives a bonus for every token of a finished term and keeps it", () => {
    expect(follow(["cat"], "cat.")).toEqual({ earned: 3, running: [1, 2, 3, 3] });
  });

  it("takes back everything when a term breaks off", () => {
    expect(follow(["catalog"], "cart")).toEqual({ earned: 0, running: [1, 2, 0, 0] });
    expect(follow(["catalog"], "cat").earned).toBe(0);
  });

  it("finds no term inside a longer word", () => {
    expect(follow(["cat"], "catty").earned).toBe(0);
    expect(follow(["cat"], "bobcat").earned).toBe(0);
  });

  it("finds terms before the ending of a plural or possessive, which earns nothing itself", () => {
    expect(follow(["cat"], "cats").earned).toBe(3);
    expect(follow(["fox"], "foxes here").earned).toBe(3);
    expect(follow(["fox"], "foxe").earned).toBe(0);
    expect(follow(["cat"], "catss").earned).toBe(0);
    expect(follow(["cat", "catskill"], "catskill").earned).toBe(8);
  });

  it("finds a term whatever stands between its words", () => {
    expect(follow(["state-of-the-art"], "state of the art").earned).toBe(13);
    expect(follow(["PyTorch"], "py torch").earned).toBe(7);
  });

  it("does not make one plain word of two, or a short name of letters", () => {
    expect(follow(["ahead"], "a head").earned).toBe(0);
    expect(follow(["cab"], "c a b").earned).toBe(0);
  });

  it("finds what is said instead", () => {
    expect(follow([{ text: "K8s", spokenForms: ["kubernetes"] }], "kubernetes").earned).toBe(10);
  });

  it("goes on with the term that begins inside another", () => {
    expect(follow(["new york", "york times"], "a york times").earned).toBe(9);
  });

  it("counts of overlapping and nested terms those that bring most", () => {
    expect(follow(["new", "new york"], "a new yak").earned).toBe(3);
    expect(follow(["new", "new york"], "a new york").earned).toBe(7);
    expect(follow(["a b", "b c d"], "a b c d").earned).toBe(3);
    expect(follow(["a b", "c d", "b c d"], "a b c d").earned).toBe(4);
  });

  it("gives a term that comes again what one token brings, and nothing right after itself", () => {
    expect(follow(["rat"], "rat, rat rat").earned).toBe(3);
    expect(follow(["new york"], "new york new york").earned).toBe(7);
    expect(follow(["rat", "cat"], "rat cat rat").earned).toBe(7);
    expect(follow(["rat"], "rat the rat, the rat").earned).toBe(5);
    expect(follow(["中文"], "中文中文").earned).toBe(2);
  });

  it("needs no spaces around Chinese terms", () => {
    expect(follow(["中文"], "字中文字").earned).toBe(2);
    expect(follow(["中文"], "中字").earned).toBe(0);
    expect(follow(["cat"], "中cat文").earned).toBe(3);
    expect(follow(["cat"], "中bcat文").earned).toBe(0);
  });

  it("weighs by the heaviest term that may come, and in the end by the one that came", () => {
    const terms = [
      { text: "cab", weight: 1 },
      { text: "car", weight: 3 },
    ];
    expect(follow(terms, "cab").running).toEqual([3, 6, 3]);
    expect(follow(terms, "car").earned).toBe(9);
  });

  it("never leaves a trace of terms that are not finished, whatever the text", () => {
    const terms = ["aa", "ab a", "b ab", "ba"];
    const alphabet = [..."ab "];
    let seed = 1;
    for (let run = 0; run < 500; run++) {
      let text = "";
      for (let i = 0; i < 12; i++) {
        seed = (seed * 16807) % 2147483647;
        text += alphabet[seed % alphabet.length];
      }
      const holdsTerm = terms.some((term) =>
        new RegExp(`(?<![a-z])${term.replace(" ", " +")}(?![a-z])`).test(text),
      );
      expect(follow(terms, text).earned > 0, text).toBe(holdsTerm);
    }
  });

  it("finds the same whatever way a text is cut into tokens", () => {
    expect(letters.decode(tokensOf("中文"))).toBe("中文");
    expect(follow(["中文cat"], "中文 cat").earned).toBe(5);
  });
});
