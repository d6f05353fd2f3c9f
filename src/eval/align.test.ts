import { describe, expect, it } from "vitest";
import { alignTokens, type AlignmentKind, type AlignmentStep } from "./align.ts";
import { randomGenerator } from "../random.ts";

/** The textbook way: the whole matrix, traced back with the documented preferences. */
function alignPlainly(reference: readonly string[], hypothesis: readonly string[]): AlignmentStep[] {
  const distance = Array.from({ length: reference.length + 1 }, (_, row) =>
    Array.from({ length: hypothesis.length + 1 }, (_, column) =>
      row === 0 ? column : column === 0 ? row : 0,
    ),
  );
  for (let row = 1; row <= reference.length; row++) {
    for (let column = 1; column <= hypothesis.length; column++) {
      distance[row][column] = Math.min(
        distance[row - 1][column - 1] + (reference[row - 1] === hypothesis[column - 1] ? 0 : 1),
        distance[row][column - 1] + 1,
        distance[row - 1][column] + 1,
      );
    }
  }
  const steps: AlignmentStep[] = [];
  let row = reference.length;
  let column = hypothesis.length;
  while (row > 0 || column > 0) {
    const here = distance[row][column];
    const both = row > 0 && column > 0;
    if (both && reference[row - 1] === hypothesis[column - 1]) {
      steps.push({ kind: "match", referenceIndex: --row, hypothesisIndex: --column });
    } else if (both && here === distance[row - 1][column - 1] + 1) {
      steps.push({ kind: "substitution", referenceIndex: --row, hypothesisIndex: --column });
    } else if (column > 0 && here === distance[row][column - 1] + 1) {
      steps.push({ kind: "insertion", referenceIndex: row, hypothesisIndex: --column });
    } else {
      steps.push({ kind: "deletion", referenceIndex: --row, hypothesisIndex: column });
    }
  }
  return steps.reverse();
}

function kinds(reference: string, hypothesis: string): string {
  const letters: Record<AlignmentKind, string> = {
    match: "=",
    substitution: "S",
    deletion: "D",
    insertion: "I",
  };
  return alignTokens([...reference], [...hypothesis])
    .map((step) => letters[step.kind])
    .join("");
}

describe("alignTokens", () => {
  it.each([
    ["", "", ""],
    ["ab", "", "DD"],
    ["", "ab", "II"],
    ["abc", "abc", "==="],
    ["kitten", "sitting", "S===S=I"],
    ["abcd", "acd", "=D=="],
    ["acd", "abcd", "=I=="],
    // Ties: a substitution wins over an insertion with a deletion, and stands as late as it can.
    ["ab", "bc", "SS"],
    ["ab", "c", "DS"],
    ["a", "bc", "IS"],
    ["aa", "a", "D="],
  ])("aligns %j with %j as %j", (reference, hypothesis, expected) => {
    expect(kinds(reference, hypothesis)).toBe(expected);
  });

  it("equals the plain method on random sequences of every length", () => {
    const random = randomGenerator(7);
    const tokens = (length: number, vocabulary: number) =>
      Array.from({ length }, () => String(Math.floor(random() * vocabulary)));
    for (let trial = 0; trial < 600; trial++) {
      const longest = trial % 3 === 0 ? 6 : trial % 3 === 1 ? 40 : 140;
      const vocabulary = 1 + Math.floor(random() * (trial % 2 === 0 ? 4 : 60));
      const reference = tokens(Math.floor(random() * longest), vocabulary);
      const hypothesis =
        trial % 4 === 0
          ? tokens(Math.floor(random() * longest), vocabulary)
          : reference.flatMap((token) =>
              random() < 0.7 ? [token] : tokens(Math.floor(random() * 3), vocabulary),
            );
      expect(alignTokens(reference, hypothesis)).toEqual(alignPlainly(reference, hypothesis));
    }
  });

  it("equals the plain method where the columns fall into several stretches", () => {
    const random = randomGenerator(8);
    for (const [rows, columns] of [
      [700, 600],
      [64, 1300],
      [33, 257],
      [900, 512],
    ]) {
      const token = () => String(Math.floor(random() * 30));
      const reference = Array.from({ length: rows }, token);
      const hypothesis = Array.from({ length: columns }, (_, index) =>
        random() < 0.8 && index < rows ? reference[index] : token(),
      );
      expect(alignTokens(reference, hypothesis)).toEqual(alignPlainly(reference, hypothesis));
    }
  });

  it("aligns 30,000 words with 30,000 in under two seconds, alike or not", () => {
    const random = randomGenerator(9);
    const word = () => String(Math.floor(random() ** 3 * 5000));
    const reference = Array.from({ length: 30_000 }, word);
    const similar = reference.map((token) => (random() < 0.9 ? token : word()));
    const different = Array.from({ length: 30_000 }, word);
    const repeated = Array.from({ length: 30_000 }, (_, index) => (index % 2 === 0 ? "0" : "1"));
    for (const hypothesis of [similar, different, repeated]) {
      const before = process.cpuUsage();
      const steps = alignTokens(reference, hypothesis);
      const used = process.cpuUsage(before);
      expect((used.user + used.system) / 1e6).toBeLessThan(2);
      expect(steps.filter((step) => step.kind !== "insertion")).toHaveLength(30_000);
      expect(steps.filter((step) => step.kind !== "deletion")).toHaveLength(30_000);
    }
  });
});
