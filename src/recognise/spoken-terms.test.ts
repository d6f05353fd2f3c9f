import { describe, expect, test } from "vitest";
import { writingHead } from "../retrieval/testing/writing-head.ts";
import { PreparedTerms } from "./glossary.ts";
import { TermFinder } from "./spoken-terms.ts";
import { LetterModel } from "./testing/letter-model.ts";

const model = new LetterModel([]);
const others = Array.from({ length: 200 }, (_, i) => `zq${i}vx${i}`);
const frames = await model.encode(new Float32Array(16_000));

describe("TermFinder", () => {
  test("leaves of a long list what the sounds speak for, ready for the search", async () => {
    const prepared = new PreparedTerms(["LoRA", "perplexity", "Kubernetes", ...others], model);
    const finder = new TermFinder(writingHead(["we train lora for perplexity"]));
    const found = await finder.find(model, frames, prepared, 30);
    expect(found!.candidates.used.length).toBeLessThan(20);
    expect(
      found!.sightings
        .slice(0, 2)
        .map(({ term }) => term.text)
        .sort(),
    ).toEqual(["LoRA", "perplexity"]);
    expect(found!.sightings[0]!.start).toBeGreaterThan(30);
    // What becomes of a term is noted for the term of the whole list.
    expect(prepared.used).toContain(found!.sightings[0]!.term);
    expect(found!.candidates.tree).toBeDefined();
  });

  test("searches short lists as they are", async () => {
    const prepared = new PreparedTerms(["LoRA", ...others.slice(0, 50)], model);
    expect(await new TermFinder(writingHead([""])).find(model, frames, prepared, 0)).toBeNull();
  });

  test("keeps the terms that its head has no labels for", async () => {
    const prepared = new PreparedTerms(["困惑度", ...others], model);
    const found = await new TermFinder(writingHead(["nothing of this"])).find(model, frames, prepared, 0);
    expect(found!.candidates.used.map(({ text }) => text)).toContain("困惑度");
  });

  test("finds nothing where nothing is said of the list", async () => {
    const prepared = new PreparedTerms(others, model);
    const found = await new TermFinder(writingHead(["a quite ordinary sentence"])).find(
      model,
      frames,
      prepared,
      0,
    );
    expect(found!.candidates.used).toEqual([]);
    expect(found!.candidates.tree).toBeUndefined();
  });
});
