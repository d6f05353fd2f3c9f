import { describe, expect, test } from "vitest";
import type { Term } from "../context/term.ts";
import { writingHead } from "../retrieval/testing/writing-head.ts";
import { Glossary, PreparedTerms } from "./glossary.ts";
import { candidates, probabilitiesOf, TermFinder } from "./spoken-terms.ts";
import { LetterModel } from "./testing/letter-model.ts";

const model = new LetterModel([]);
const others = Array.from({ length: 200 }, (_, i) => `zq${i}vx${i}`);
const frames = await model.encode(new Float32Array(16_000));

async function candidatesFor(terms: readonly string[], said: string) {
  const prepared = new PreparedTerms(terms, model);
  const sighted = await new TermFinder(writingHead([said])).find(model, frames, prepared, 30);
  const glossary = new Glossary(prepared);
  return {
    prepared,
    sightings: sighted!.sightings,
    found: candidates(model, sighted!.sightings, sighted!.unspellable, glossary),
  };
}

describe("TermFinder", () => {
  test("leaves of a long list what the sounds speak for, ready for the search", async () => {
    const { prepared, sightings, found } = await candidatesFor(
      ["LoRA", "perplexity", "Kubernetes", ...others],
      "we train lora for perplexity",
    );
    expect(found.used.length).toBeLessThan(20);
    const likeliest = sightings.slice(0, 2).map(({ term }) => term.text);
    expect(likeliest.sort()).toEqual(["LoRA", "perplexity"]);
    expect(sightings[0]!.start).toBeGreaterThan(30);
    // What becomes of a term is noted for the term of the whole list.
    expect(prepared.used).toContain(sightings[0]!.term);
    expect(found.tree).toBeDefined();
  });

  test("searches short lists as they are", async () => {
    const prepared = new PreparedTerms(["LoRA", ...others.slice(0, 50)], model);
    expect(await new TermFinder(writingHead([""])).find(model, frames, prepared, 0)).toBeNull();
  });

  test("keeps the terms that its head has no labels for", async () => {
    const { found } = await candidatesFor(["困惑度", ...others], "nothing of this");
    expect(found.used.map(({ text }) => text)).toContain("困惑度");
  });

  test("finds nothing where nothing is said of the list", async () => {
    const { found } = await candidatesFor(others, "a quite ordinary sentence");
    expect(found.used).toEqual([]);
    expect(found.tree).toBeUndefined();
  });

  test("keeps what was written before in the recording", async () => {
    const prepared = new PreparedTerms(["LoRA", ...others], model);
    const glossary = new Glossary(prepared);
    const term = prepared.used.find(({ text }) => text === "LoRA")!;
    const evidence = { posterior: 1, shortfall: 0, secondsPerLetter: 1, isAlone: false, isUnusual: false };
    glossary.noteOccurrences([{ term, start: 0, end: 1, text: "LoRA", confidence: 1, evidence }]);
    expect(candidates(model, [], [], glossary).used).toEqual([term]);
  });

  test("says how probable terms are where they were found, but not of those that were written before", () => {
    const prepared = new PreparedTerms(["LoRA", "RoPE"], model);
    const [lora, rope] = prepared.used as [Term, Term];
    const matches = [
      { term: lora, score: 0.1, start: 0, end: 1 },
      { term: rope, score: 0.2, start: 3, end: 4 },
      { term: lora, score: 0.7, start: 5, end: 6 },
    ];
    const glossary = new Glossary(prepared);
    const probabilityOf = probabilitiesOf(matches, glossary);
    const at = (term: Term, start: number) => probabilityOf({ term, start, end: start + 0.5 });
    expect([at(lora, 0), at(lora, 5.9), at(rope, 4.3)]).toEqual([0.1, 0.7, 0.2]);
    // Of what is said again elsewhere, nothing is known.
    expect([at(lora, 3), at(rope, 8)]).toEqual([undefined, undefined]);
    const evidence = { posterior: 1, shortfall: 0, secondsPerLetter: 1, isAlone: false, isUnusual: false };
    glossary.noteOccurrences([{ term: rope, start: 0, end: 1, text: "RoPE", confidence: 1, evidence }]);
    expect(probabilitiesOf(matches, glossary)({ term: rope, start: 3, end: 4 })).toBeUndefined();
  });
});
