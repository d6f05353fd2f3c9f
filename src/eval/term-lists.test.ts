import { describe, expect, it } from "vitest";
import type { Utterance } from "./datasets/utterance.ts";
import { TermLists, type TermListOptions } from "./term-lists.ts";

const pool = Array.from({ length: 200 }, (_, index) => `term${index}`);
const utterances: Utterance[] = [
  { id: "a", audio: "/a.wav", text: "LoRA beats term7 today", language: "en", rareWords: ["LoRA"] },
  { id: "b", audio: "/b.wav", text: "RoPE", language: "en", terms: ["RoPE", "LoRA"], rareWords: ["other"] },
  { id: "c", audio: "/c.wav", text: null, language: "en", keywords: ["milk"] },
];

function lists(options: Partial<TermListOptions> = {}, set = utterances) {
  return new TermLists(set, {
    protocol: "own+distractors",
    listSize: 20,
    seed: 0,
    glossary: null,
    distractors: pool,
    language: undefined,
    ...options,
  });
}

describe("TermLists", () => {
  it("takes terms, else rare words, else keywords for an utterance's own", () => {
    const own = lists({ protocol: "own", listSize: null, distractors: null });
    expect(utterances.map((utterance) => own.of(utterance).given)).toEqual([
      ["LoRA"],
      ["RoPE", "LoRA"],
      ["milk"],
    ]);
  });

  it("gives no terms, but knows the own ones, for `none`", () => {
    const none = lists({ protocol: "none", listSize: null, distractors: null });
    expect(none.of(utterances[0])).toEqual({ own: ["LoRA"], given: [], distractors: [] });
  });

  it("gives the union of the set for `all`", () => {
    const all = lists({ protocol: "all", listSize: null, distractors: null });
    expect(all.of(utterances[2])).toEqual({ own: ["milk"], given: ["LoRA", "RoPE", "milk"] });
  });

  it("mixes own terms among the distractors", () => {
    const positions = Array.from({ length: 40 }, (_, index) =>
      lists()
        .of({ ...utterances[0], id: `u${index}` })
        .given.indexOf("LoRA"),
    );
    expect(Math.min(...positions)).toBeGreaterThanOrEqual(0);
    expect(new Set(positions).size).toBeGreaterThan(10);
    expect(lists().of(utterances[0]).given).toHaveLength(21);
  });

  it("draws the same list whatever the order and number of utterances, and others for other ids and seeds", () => {
    const drawn = lists().of(utterances[1]).distractors;
    const alone = lists({}, [utterances[1]]);
    expect(alone.of(utterances[1]).distractors).toEqual(drawn);
    expect(lists().of({ ...utterances[1], id: "d" }).distractors).not.toEqual(drawn);
    expect(lists({ seed: 1 }).of(utterances[1]).distractors).not.toEqual(drawn);
  });

  it("begins a longer list with the shorter one", () => {
    const short = lists({ listSize: 5 }).of(utterances[0]).distractors!;
    const long = lists({ listSize: 150 }).of(utterances[0]).distractors!;
    expect(long.slice(0, 5)).toEqual(short);
    expect(new Set(long).size).toBe(150);
  });

  it("leaves out distractors that are spoken or are own terms, however they are written", () => {
    const given = lists({ listSize: 198, distractors: [...pool, "LORA"] }).of(utterances[0]).distractors!;
    expect(given).not.toContain("term7");
    expect(given).not.toContain("LORA");
  });

  it("gives only distractors for `distractors`", () => {
    const { given, distractors, own } = lists({ protocol: "distractors" }).of(utterances[0]);
    expect(given).toEqual(distractors);
    expect(own).toEqual(["LoRA"]);
    expect(given).not.toContain("LoRA");
  });

  it("takes the distractors that the data set gives", () => {
    const utterance = { ...utterances[0], distractors: ["x", "y", "z"] };
    const own = lists({ listSize: null, distractors: null }, [utterance]);
    expect(own.of(utterance).distractors!.toSorted()).toEqual(["x", "y", "z"]);
  });

  it("takes those terms of a glossary for own that the utterance says", () => {
    const glossary = ["term7", "LoRA", "milk"];
    const options = { protocol: "all", listSize: null, distractors: null, glossary } as const;
    expect(lists(options).of(utterances[0])).toEqual({ own: ["LoRA", "term7"], given: glossary });
  });

  it("says when there are too few distractors", () => {
    expect(() => lists({ listSize: 201 })).toThrow("--list-size 201: there are only 200 distractors");
    expect(() => lists({ listSize: 200 }).of(utterances[0])).toThrow(
      "only 199 distractors for the utterance a",
    );
    expect(() => lists({ listSize: null })).toThrow("needs --list-size");
  });
});
