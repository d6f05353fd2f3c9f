import { expect, test } from "vitest";
import { DecoderGroup } from "./decoder-group.ts";
import type { DecoderState } from "../speech-model.ts";

/** Scores a hypothesis by its tokens, so that every row can be told from every other. */
class CountingDecoder implements DecoderState {
  readonly attentionHeads = 2;
  readonly attentionFrames: number;
  readonly noSpeechProbabilities: readonly (number | null)[];
  logProbabilities!: Float32Array;
  readonly framesOfStarts = [0];
  attention!: Float32Array;
  disposed = false;
  #sums: number[];

  constructor(start: number, frames: number) {
    this.attentionFrames = frames;
    this.noSpeechProbabilities = [start / 100];
    this.#sums = [start];
    this.#score();
  }

  get hypotheses(): number {
    return this.#sums.length;
  }

  async step(parents: ArrayLike<number>, tokens: ArrayLike<number>): Promise<void> {
    this.#sums = Array.from(tokens, (token, i) => this.#sums[parents[i]!]! * 10 + token);
    this.#score();
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }

  #score(): void {
    this.logProbabilities = Float32Array.from(this.#sums.flatMap((sum) => [sum, -sum]));
    const row = 2 * this.attentionFrames;
    this.attention = Float32Array.from(
      { length: row * this.#sums.length },
      (_, i) => this.#sums[Math.floor(i / row)]!,
    );
  }
}

test("a group of decoders steps like one and keeps the order of its hypotheses", async () => {
  const members = [new CountingDecoder(1, 2), new CountingDecoder(2, 3)];
  const group = DecoderGroup.of(members);
  expect([...group.logProbabilities]).toEqual([1, -1, 2, -2]);
  expect(group.noSpeechProbabilities).toEqual([0.01, 0.02]);
  // Interleaved, one parent twice.
  await group.step([1, 0, 1], [5, 6, 7]);
  expect([...group.logProbabilities]).toEqual([25, -25, 16, -16, 27, -27]);
  await group.step([2, 1], [1, 1]);
  expect([...group.logProbabilities]).toEqual([271, -271, 161, -161]);
  group[Symbol.dispose]();
  expect(members.every((member) => member.disposed)).toBe(true);
});

test("attention over less audio ends in zeros", () => {
  const group = DecoderGroup.of([new CountingDecoder(1, 2), new CountingDecoder(2, 3)]);
  expect([...group.attention!]).toEqual([1, 1, 0, 1, 1, 0, 2, 2, 2, 2, 2, 2]);
});

test("a member whose hypotheses are all gone is left alone", async () => {
  const group = DecoderGroup.of([new CountingDecoder(1, 2), new CountingDecoder(2, 2)]);
  await group.step([1, 1], [3, 4]);
  await group.step([0, 1], [1, 1]);
  expect([...group.logProbabilities]).toEqual([231, -231, 241, -241]);
});

test("a group of one is its member", () => {
  const member = new CountingDecoder(1, 2);
  expect(DecoderGroup.of([member])).toBe(member);
});
