/**
 * Several decoders stepped as if they were one: for models whose graph takes only hypotheses that share one prompt.
 */
import type { DecoderState } from "../speech-model.ts";

export class DecoderGroup implements DecoderState {
  readonly #members: readonly DecoderState[];
  /** For every hypothesis the member it belongs to, and its row there. */
  #member: number[];
  #row: number[];
  readonly #vocabularySize: number;
  readonly attentionHeads: number;
  readonly attentionFrames: number;
  logProbabilities: Float32Array;
  attention: Float32Array | null = null;

  /** @param members at least one, each with one hypothesis */
  static of(members: readonly DecoderState[]): DecoderState {
    return members.length === 1 ? members[0]! : new DecoderGroup(members);
  }

  private constructor(members: readonly DecoderState[]) {
    this.#members = members;
    this.#member = members.map((_, index) => index);
    this.#row = members.map(() => 0);
    this.#vocabularySize = members[0]!.logProbabilities.length;
    this.attentionHeads = members[0]!.attentionHeads;
    this.attentionFrames = Math.max(...members.map((member) => member.attentionFrames));
    this.logProbabilities = new Float32Array(0);
    this.#collect();
  }

  get hypotheses(): number {
    return this.#member.length;
  }

  get framesOfStarts(): readonly number[] {
    return this.#members.map((member) => member.framesOfStarts[0]!);
  }

  get noSpeechProbabilities(): readonly (number | null)[] {
    return this.#members.map((member) => member.noSpeechProbabilities[0]!);
  }

  async step(parents: ArrayLike<number>, tokens: ArrayLike<number>): Promise<void> {
    const memberOf = Array.from(parents, (parent) => this.#member[parent]!);
    const rowOf: number[] = [];
    for (const [index, member] of this.#members.entries()) {
      const mine = [...memberOf.keys()].filter((i) => memberOf[i] === index);
      for (const [row, i] of mine.entries()) rowOf[i] = row;
      if (mine.length === 0) continue;
      await member.step(
        mine.map((i) => this.#row[parents[i]!]!),
        mine.map((i) => tokens[i]!),
      );
    }
    this.#member = memberOf;
    this.#row = rowOf;
    this.#collect();
  }

  [Symbol.dispose](): void {
    for (const member of this.#members) member[Symbol.dispose]();
    this.logProbabilities = new Float32Array(0);
    this.attention = null;
  }

  /** Brings the rows of all members into the order of the hypotheses. */
  #collect(): void {
    const size = this.#vocabularySize;
    const width = this.attentionHeads * this.attentionFrames;
    if (this.logProbabilities.length !== this.hypotheses * size)
      this.logProbabilities = new Float32Array(this.hypotheses * size);
    this.attention = width > 0 ? new Float32Array(this.hypotheses * width) : null;
    for (const [i, index] of this.#member.entries()) {
      const member = this.#members[index]!;
      const row = this.#row[i]!;
      this.logProbabilities.set(member.logProbabilities.subarray(row * size, (row + 1) * size), i * size);
      const frames = member.attentionFrames;
      for (let head = 0; member.attention && head < this.attentionHeads; head++) {
        const from = (row * this.attentionHeads + head) * frames;
        const to = (i * this.attentionHeads + head) * this.attentionFrames;
        this.attention!.set(member.attention.subarray(from, from + frames), to);
      }
    }
  }
}
