import { describe, expect, it } from "vitest";
import { randomGenerator } from "../random.ts";
import { sample } from "./sampling.ts";
import { endToken, letters, TextDecoder } from "./testing/letters.ts";

const options = {
  lengthExponent: 1,
  maximumTokens: 10,
  endToken,
  suppressedTokens: [],
  suppressedAtStart: [],
  vocabularySize: letters.vocabularySize,
};
const coin = (text: string) => (text === "" ? { a: 0.8, b: 0.2 } : { "": 1 });

async function firstLetters(temperature: number): Promise<Record<string, number>> {
  const decoder = new TextDecoder(coin);
  const random = randomGenerator(5);
  const found = await sample(decoder, { ...options, temperature, samples: 2000, random });
  const counts: Record<string, number> = {};
  for (const { tokens } of found) {
    const text = letters.decode(tokens);
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

describe("sample", () => {
  it("draws from the model's distribution at temperature 1", async () => {
    const { a, b } = await firstLetters(1);
    expect(a! / 2000).toBeCloseTo(0.8, 1);
    expect(a! + b!).toBe(2000);
  });

  it("sharpens it below 1", async () => {
    // 0.8² : 0.2² = 16 : 1
    expect((await firstLetters(0.5)).a! / 2000).toBeCloseTo(16 / 17, 1);
  });

  it("returns the most probable text first, and the same for the same seed", async () => {
    const draw = () =>
      sample(new TextDecoder(coin), { ...options, temperature: 1, samples: 8, random: randomGenerator(1) });
    const [first, second] = [await draw(), await draw()];
    expect(letters.decode(first[0]!.tokens)).toBe("a");
    expect(first.map(({ tokens }) => tokens)).toEqual(second.map(({ tokens }) => tokens));
  });

  it("cuts endless text at the limit and says so", async () => {
    const endless = new TextDecoder((text) => (text.length % 2 === 0 ? { a: 1 } : { b: 1 }));
    const [text] = await sample(endless, {
      ...options,
      temperature: 1,
      samples: 1,
      random: randomGenerator(1),
    });
    expect(letters.decode(text!.tokens)).toBe("ababababab");
    expect(text!.ended).toBe(false);
  });
});
