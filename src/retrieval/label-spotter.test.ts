import { describe, expect, test } from "vitest";
import { randomGenerator } from "../random.ts";
import { type LabelMatch, LabelSpotter } from "./label-spotter.ts";
import { LabelTrie } from "./label-trie.ts";

const labels = 6;
const letters = 4;
/** Behind the letters: a space, or a part of a syllable. */
const space = 5;

/** Scores in which the given labels are the likeliest, one a frame. */
function scoresOf(written: readonly number[], certainty = 8): Float32Array {
  const logits = new Float32Array(written.length * labels);
  for (const [frame, label] of written.entries()) logits[frame * labels + label] = certainty;
  return logits;
}

function spot(sequences: number[][], logits: Float32Array, options = {}): LabelMatch[] {
  const trie = new LabelTrie(sequences.map((sequence) => Uint8Array.from(sequence)));
  const spotter = new LabelSpotter(trie, { letters: 0, ...options });
  return spotter.spot(logits, logits.length / labels, labels).sort((a, b) => b.score - a.score);
}

/** Best way of a sequence between any two frames, by trying every stretch. */
function bestByTrying(sequence: readonly number[], logits: Float32Array): number {
  const frames = logits.length / labels;
  const ratio = (frame: number, label: number) => {
    const row = logits.subarray(frame * labels, (frame + 1) * labels);
    return row[label]! - Math.max(...row);
  };
  const states = sequence.flatMap((label, i) => (i === 0 ? [label] : [0, label]));
  let best = -Infinity;
  for (let start = 0; start < frames; start++) {
    let scores = states.map((label, i) => (i === 0 ? ratio(start, label) : -Infinity));
    best = Math.max(best, scores.at(-1)!);
    for (let frame = start + 1; frame < frames; frame++) {
      scores = states.map((label, i) => {
        const skips = i > 1 && label !== 0 && label !== states[i - 2];
        const before = [scores[i]!, scores[i - 1] ?? -Infinity, skips ? scores[i - 2]! : -Infinity];
        return Math.max(...before) + ratio(frame, label);
      });
      best = Math.max(best, scores.at(-1)!);
    }
  }
  return best;
}

describe("LabelTrie", () => {
  test("shares what sequences begin with, and keeps equal ones apart", () => {
    const trie = new LabelTrie([[1, 2], [1, 2, 3], [1, 2], [4]].map((labels) => Uint8Array.from(labels)));
    expect(trie.size).toBe(5);
    expect([...trie.labels]).toEqual([0, 1, 4, 2, 3]);
    expect([...trie.depths]).toEqual([0, 1, 1, 2, 3]);
    const endsAt = (node: number) => [
      ...trie.ending.subarray(trie.firstEnding[node], trie.firstEnding[node + 1]),
    ];
    expect([0, 1, 2, 3, 4].map(endsAt)).toEqual([[], [], [3], [0, 2], [1]]);
  });

  test("holds nothing for an empty list, and for sequences without labels", () => {
    expect(new LabelTrie([]).size).toBe(1);
    expect(new LabelTrie([new Uint8Array(0)]).ending).toHaveLength(0);
  });

  test("refuses what is longer than its depths can count", () => {
    expect(() => new LabelTrie([new Uint8Array(256).fill(1)])).toThrow(/256 labels; at most 255/);
  });
});

describe("LabelSpotter", () => {
  test("finds a sequence where the model would write it, at no cost, with its frames", () => {
    const [match] = spot([[1, 2, 3]], scoresOf([0, 4, 0, 1, 1, 0, 2, 3, 0, 4]));
    expect(match).toEqual({ sequence: 0, score: 0, start: 3, end: 8 });
  });

  test("wants a blank between two labels that are the same", () => {
    expect(spot([[1, 1]], scoresOf([0, 1, 0, 1, 0]))[0]!.score).toBe(0);
    expect(spot([[1, 1]], scoresOf([0, 1, 1, 1, 0]))[0]!.score).toBe(-8);
  });

  test("finds each place of a sequence that is said twice", () => {
    const matches = spot([[1, 2]], scoresOf([1, 2, 0, 4, 0, 1, 2]));
    expect(matches.filter(({ score }) => score === 0).map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [5, 7],
    ]);
  });

  test("gives what trying every stretch gives, for every sequence above the floor", () => {
    const random = randomGenerator(5);
    for (let round = 0; round < 20; round++) {
      const frames = 12;
      const logits = Float32Array.from({ length: frames * labels }, () => 6 * random());
      const sequences = Array.from({ length: 30 }, () =>
        Array.from({ length: 1 + Math.floor(4 * random()) }, () => 1 + Math.floor(5 * random())),
      );
      const floor = 6;
      const found = new Map<number, number>();
      for (const { sequence, score } of spot(sequences, logits, { floor, floorPerLabel: 0 })) {
        found.set(sequence, Math.max(found.get(sequence) ?? -Infinity, score));
      }
      const tried = sequences.map((sequence) => bestByTrying(sequence, logits));
      const expected = tried.flatMap((best, i) => (best > -floor ? [[i, best.toFixed(3)]] : []));
      expect([...found].sort(([a], [b]) => a - b).map(([i, best]) => [i, best.toFixed(3)])).toEqual(expected);
    }
  });

  test("takes off for a term inside a word, and not at the ends of words and of the audio", () => {
    const options = { letters, insideWord: 3 };
    const cost = (written: number[]) => spot([[1, 2]], scoresOf(written), options)[0]!.score;
    expect(cost([1, 2])).toBe(0);
    expect(cost([0, 0, 1, 2, 0])).toBe(0);
    expect(cost([3, space, 1, 2, space, 3])).toBe(0);
    expect(cost([3, 0, space, 0, 1, 0, 2, 0, space, 3])).toBe(0);
    expect(cost([3, 1, 2, space, 3])).toBe(-3);
    expect(cost([3, 1, 2, 3])).toBe(-6);
  });

  test("takes nothing off for syllables, which have no sign between them", () => {
    const options = { letters: 2, insideWord: 3 };
    const score = (sequence: number[], written: number[]) =>
      spot([sequence], scoresOf(written), options)[0]!.score;
    expect(score([4, 5], [3, 4, 5, 3])).toBe(0);
    // Nor for a word of letters between them.
    expect(score([1, 2], [4, 1, 2, 4])).toBe(0);
    expect(score([1, 2], [4, 1, 2, 2, 1])).toBe(-3);
  });

  test("finds the same again with the next stretch of speech", () => {
    const trie = new LabelTrie([Uint8Array.from([1, 2])]);
    const spotter = new LabelSpotter(trie, { letters: 0 });
    const logits = scoresOf([1, 2, 0]);
    const first = spotter.spot(logits, 3, labels);
    expect(spotter.spot(scoresOf([0, 0, 0], 20), 3, labels)).toEqual([]);
    expect(spotter.spot(logits, 3, labels)).toEqual(first);
  });

  test("finds nothing in no audio, and with no terms", () => {
    expect(spot([[1]], new Float32Array(0))).toEqual([]);
    expect(spot([], scoresOf([1, 2]))).toEqual([]);
  });
});
