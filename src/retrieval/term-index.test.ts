import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Term } from "../context/term.ts";
import { CtcLabels } from "./ctc-labels.ts";
import { buildTermIndex, keptTermIndex, shortestKept } from "./term-index.ts";
import { TermSpotter } from "./term-spotter.ts";
import { scoresWriting } from "./testing/writing-head.ts";

const labels = new CtcLabels("letters");
const term = (text: string): Term => ({ text, spokenForms: [], weight: 1 });
/** Long enough to be kept. */
const many = Array.from({ length: shortestKept }, (_, i) => term(`q${i.toString(26).replace(/\d/g, "x")}z`));
const list = [term("LoRA"), term("困惑度"), ...many];

let cache: string;
let folder: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "glossa-indexes-"));
  folder = join(cache, "term-indexes");
});
afterEach(() => rm(cache, { recursive: true }));

function spot(index: Awaited<ReturnType<typeof keptTermIndex>>) {
  const { logits, places } = scoresWriting("we train lora now", labels);
  const spotter = new TermSpotter(list, labels, index);
  return {
    found: spotter.spot(logits, places, 0.02).map((match) => [match.term.text, match.score]),
    unspellable: [...spotter.unspellable],
  };
}

describe("the index of a long list", { timeout: 60_000 }, () => {
  it("is kept, and finds the same when it is read again", async () => {
    const made = await keptTermIndex(list, labels, cache);
    const [file] = await readdir(folder);
    // If it were made again, it would be written again.
    const before = await readFile(join(folder, file!));
    const read = await keptTermIndex(list, labels, cache);
    expect(await readdir(folder)).toEqual([file]);
    expect(await readFile(join(folder, file!))).toEqual(before);
    expect(spot(read)).toEqual(spot(made));
    expect(spot(read)).toEqual(spot(buildTermIndex(list, labels)));
    expect(spot(read).found[0]![0]).toBe("LoRA");
  });

  it("is another for other terms, ways of saying them, and labels; those used last are kept", async () => {
    for (let i = 0; i < 3; i++) await keptTermIndex([...list, term(`new${"x".repeat(i)}`)], labels, cache);
    await keptTermIndex([{ ...list[0]!, spokenForms: ["laura"] }, ...list.slice(1)], labels, cache);
    await keptTermIndex(list, new CtcLabels("letters-and-pinyin"), cache);
    const files = await readdir(folder);
    expect(files).toHaveLength(5);
    for (let i = 0; i < 4; i++) {
      await writeFile(join(folder, `old${i}.bin`), "");
      await utimes(join(folder, `old${i}.bin`), i, i);
    }
    await keptTermIndex([...list, term("last")], labels, cache);
    const left = await readdir(folder);
    expect(left).toHaveLength(8);
    expect(left).toEqual(expect.arrayContaining(files));
    expect(left).not.toContain("old0.bin");
  });

  it("is made again when the file is damaged, and is not missed where nothing can be written", async () => {
    const made = await keptTermIndex(list, labels, cache);
    const [file] = await readdir(folder);
    await writeFile(join(folder, file!), "no index");
    expect(spot(await keptTermIndex(list, labels, cache))).toEqual(spot(made));
    const nowhere = join(folder, file!, "below-a-file");
    expect(spot(await keptTermIndex(list, labels, nowhere))).toEqual(spot(made));
  });

  it("is not kept for a short list", async () => {
    await keptTermIndex(list.slice(0, 1000), labels, cache);
    expect(await readdir(cache)).toEqual([]);
  });
});
