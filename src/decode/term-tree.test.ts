import { describe, expect, it } from "vitest";
import { TermTree } from "./term-tree.ts";

const term = (text: string, weight = 1, ...spokenForms: string[]) => ({ text, spokenForms, weight });

/** Follows a folded key from the root; null when no key begins so. */
function follow(tree: TermTree, key: string): { low: number; high: number } | null {
  let low = 0;
  let high = tree.size;
  for (const [depth, byte] of [...Buffer.from(key)].entries()) {
    if (!tree.child(low, high, depth, byte)) return null;
    ({ low, high } = tree);
  }
  return { low, high };
}

describe("TermTree", () => {
  const tree = new TermTree([
    term("rope"),
    term("Rotary"),
    term("rotation"),
    term("PyTorch", 3, "pie torch"),
  ]);

  it("finds the keys that begin like a text, whatever the case of the terms", () => {
    expect(follow(tree, "ro")).toEqual({ low: 2, high: 5 });
    expect(follow(tree, "rota")).toEqual({ low: 3, high: 5 });
    expect(follow(tree, "rotb")).toBeNull();
    expect(follow(tree, "ropes")).toBeNull();
  });

  it("knows where a key is complete, and whose it is", () => {
    const { low, high } = follow(tree, "pietorch")!;
    expect(tree.isComplete(low, 8)).toBe(true);
    expect(tree.termOf(tree.completeKey(low, high, 8, 0)).text).toBe("PyTorch");
    const { low: open } = follow(tree, "rota")!;
    expect(tree.isComplete(open, 4)).toBe(false);
  });

  it("gives the largest weight of a range", () => {
    const all = Array.from({ length: 100 }, (_, i) => term(`t${String(i).padStart(2, "0")}`, (i * 37) % 101));
    const weighted = new TermTree(all);
    for (let low = 0; low < 100; low += 7) {
      for (let high = low + 1; high <= 100; high += 5) {
        const expected = Math.max(...all.slice(low, high).map(({ weight }) => weight));
        expect(weighted.heaviestIn(low, high)).toBe(expected);
      }
    }
  });

  it("keeps apart what differs only in its breaks", () => {
    const words = new TermTree([term("hell"), term("he'll")]);
    const { low, high } = follow(words, "hell")!;
    expect(high - low).toBe(2);
    const found = [0, 1].map((i) => words.termOf(low + i).text);
    expect(found.sort()).toEqual(["he'll", "hell"]);
    expect(words.termOf(words.completeKey(low, high, 4, 0)).text).toBe("hell");
  });

  it("names the terms that others stand for", () => {
    const again = term("lora");
    expect(new TermTree([term("LoRA"), again]).shadowed).toEqual([again]);
  });

  it("takes about 20 bytes a term, for 100,000 terms too", () => {
    const terms = Array.from({ length: 100_000 }, (_, i) => term(((i * 2654435761) >>> 0).toString(36)));
    const large = new TermTree(terms);
    expect(large.size).toBe(100_000);
    expect(large.byteLength / large.size).toBeLessThan(25);
  });
});
