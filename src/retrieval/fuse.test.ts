import { describe, expect, test } from "vitest";
import type { Term } from "../context/term.ts";
import { fuse } from "./fuse.ts";
import type { TermMatch } from "./term-matcher.ts";
import type { TermSighting } from "./term-spotter.ts";

const lora: Term = { text: "LoRA", spokenForms: [], weight: 1 };
const qwen: Term = { text: "Qwen", spokenForms: [], weight: 1 };

const sighting = (term: Term, score: number, start: number): TermSighting => ({
  term,
  score,
  start,
  end: start + 0.5,
  evidence: { logRatio: -2, labels: 4, rival: 0, terms: 100, isSpelled: true },
});
const match = (term: Term, score: number, start: number): TermMatch => ({
  term,
  score,
  start,
  end: start + 0.5,
  heard: "laura",
  evidence: { phonetic: 0.9, orthographic: 0.6, sounds: 4, confidence: 0.5, rarity: 0.4, rival: 0 },
});

describe("fuse", () => {
  test("is surer of what both opinions find than of what one finds", () => {
    const [both] = fuse([sighting(lora, 0.5, 1)], [match(lora, 0.5, 1.1)]);
    const [soundOnly] = fuse([sighting(lora, 0.5, 1)], []);
    const [textOnly] = fuse([], [match(lora, 0.5, 1.1)]);
    expect(both!.score).toBeGreaterThan(soundOnly!.score);
    expect(both!.score).toBeGreaterThan(textOnly!.score);
    expect(both!.evidence).toMatchObject({ soundScore: 0.5, textScore: 0.5, heard: "laura" });
    expect(both).toMatchObject({ start: 1, end: 1.5 });
    expect(soundOnly!.evidence).toMatchObject({ textScore: null, text: null, heard: null });
    expect(textOnly!.evidence).toMatchObject({ soundScore: null, sound: null, heard: "laura" });
  });

  test("keeps places apart: what was written elsewhere says nothing for a place", () => {
    const fused = fuse([sighting(lora, 0.5, 1)], [match(lora, 0.5, 8)]);
    expect(fused.map(({ start }) => start).sort((a, b) => a - b)).toEqual([1, 8]);
    expect(fused.every(({ evidence }) => evidence.soundScore === null || evidence.textScore === null)).toBe(
      true,
    );
  });

  test("uses what was written at a place once, and gives the likeliest first", () => {
    const fused = fuse(
      [sighting(qwen, 0.01, 5), sighting(lora, 0.9, 1), sighting(lora, 0.3, 1.2)],
      [match(lora, 0.8, 1)],
    );
    expect(fused.map(({ term, start }) => [term.text, start])).toEqual([
      ["LoRA", 1],
      ["LoRA", 1.2],
      ["Qwen", 5],
    ]);
    expect(fused[1]!.evidence.textScore).toBeNull();
  });

  test("is less sure of a term where what was written fits the sounds better", () => {
    const place = { start: 1, end: 1.5 };
    const scoreBeside = (logRatio: number) =>
      fuse([sighting(lora, 0.5, 1)], [match(lora, 0.5, 1)], [{ logRatio, ...place }])[0]!;
    expect(scoreBeside(0).evidence.advantage).toBe(-2);
    expect(scoreBeside(-10).evidence.advantage).toBe(8);
    expect(scoreBeside(0).score).toBeLessThan(scoreBeside(-10).score);
    const [elsewhere] = fuse([sighting(lora, 0.5, 1)], [], [{ logRatio: 0, start: 3, end: 4 }]);
    expect(elsewhere!.evidence.advantage).toBeNull();
  });
});
