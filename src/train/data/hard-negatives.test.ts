import { describe, expect, it } from "vitest";
import { randomGenerator } from "../../random.ts";
import { HardNegatives, withOneEdit } from "./hard-negatives.ts";

const vocabulary = [
  "difficulty",
  "difficult",
  "dedication",
  "Kaldi",
  "caldy",
  "Kelly",
  "Qwen",
  "quinn",
  "Gwen",
  "right",
  "write",
  "ride",
  "speech recognition",
  "speed recognition",
  "北京",
  "背景",
  "南京",
  "table",
];
const negatives = new HardNegatives(vocabulary);
const texts = (neighbours: readonly { text: string }[]) => neighbours.map(({ text }) => text);

describe("hard negatives", () => {
  it("are near in spelling, never the text itself", () => {
    expect(texts(negatives.nearInSpelling("difficultly", 2))).toEqual(["difficulty", "difficult"]);
    expect(texts(negatives.nearInSpelling("KALDI", 5))).toContain("caldy");
    expect(texts(negatives.nearInSpelling("kaldi", 5))).not.toContain("Kaldi");
    expect(texts(negatives.nearInSpelling("speech recognition", 1))).toEqual(["speed recognition"]);
  });

  it("are near in sound, but not the same to the ear", () => {
    expect(texts(negatives.nearInSound("Qwen", 3))).toContain("quinn");
    const near = texts(negatives.nearInSound("right", 5));
    expect(near).toContain("ride");
    expect(near).not.toContain("write");
    expect(texts(negatives.nearInSound("北京", 5))).toContain("南京");
    expect(texts(negatives.nearInSound("北京", 5))).not.toContain("table");
  });

  it("never stand in the utterance, and come in the number that was asked for", () => {
    const drawn = negatives.draw("difficulty", "he had difficult times", 6, randomGenerator(1));
    expect(drawn).toHaveLength(6);
    expect(new Set(drawn).size).toBe(6);
    expect(drawn).not.toContain("difficult");
    expect(drawn).toEqual(negatives.draw("difficulty", "he had difficult times", 6, randomGenerator(1)));
  });

  it("are made by one edit", () => {
    const random = randomGenerator(4);
    for (let i = 0; i < 200; i++) {
      const edited = withOneEdit("Murtagh", random);
      if (edited === null) continue;
      expect(edited).not.toBe("Murtagh");
      expect(Math.abs(edited.length - 7)).toBeLessThan(2);
    }
    expect(withOneEdit("北京", random)).toBeNull();
  });
});
