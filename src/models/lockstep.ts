/**
 * Several recognitions side by side over one model, their decoders stepped as one batch: a step reads all weights whether
 * it is for one hypothesis or for ten.
 *
 * Whoever calls the model waits until all others wait too, or are done; only then is anything computed. So what is batched with
 * what depends on the recordings alone, never on how long anything takes, and the same recordings give the same text.
 */
import type { DecoderStart, DecoderState, SpeechModel } from "./speech-model.ts";

export class Lockstep {
  /**
   * The model as every lane is to use it: one call at a time, and no other while it holds a decoder. It belongs to whoever made it:
   * disposing of it does nothing.
   */
  readonly model: SpeechModel;
  readonly #model: SpeechModel;
  #running = 0;
  #waiting: Request[] = [];

  constructor(model: SpeechModel) {
    this.#model = model;
    this.model = {
      id: model.id,
      tokenizer: model.tokenizer,
      languages: model.languages,
      frameRate: model.frameRate,
      maximumSeconds: model.maximumSeconds,
      promptLimit: model.promptLimit,
      endToken: model.endToken,
      suppressedTokens: model.suppressedTokens,
      suppressedAtStart: model.suppressedAtStart,
      leadInSeconds: model.leadInSeconds,
      tokenLimit: (seconds) => model.tokenLimit(seconds),
      encode: (samples) => this.#ask(() => model.encode(samples)),
      detectLanguage: (frames) => this.#ask(() => model.detectLanguage(frames)),
      decoder: (starts) => this.#start(starts),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  /**
   * Runs all lanes; each may use `model`.
   *
   * @returns what became of them, in their order; one that fails does not stop the others
   */
  async run<Result>(lanes: readonly (() => Promise<Result>)[]): Promise<PromiseSettledResult<Result>[]> {
    this.#running += lanes.length;
    const results = lanes.map(async (lane) => {
      try {
        return await lane();
      } finally {
        this.#running--;
        this.#goOn();
      }
    });
    return Promise.allSettled(results);
  }

  #ask<Result>(compute: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => this.#wait({ kind: "call", compute, resolve, reject } as Call));
  }

  #start(starts: readonly DecoderStart[]): Promise<DecoderState> {
    return new Promise((resolve, reject) => this.#wait({ kind: "start", starts, resolve, reject }));
  }

  #wait(request: Request): void {
    this.#waiting.push(request);
    this.#goOn();
  }

  /** Computes what is asked for, if nobody is left who might ask for more. */
  #goOn(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#running) return;
    const requests = this.#waiting;
    this.#waiting = [];
    void this.#compute(requests);
  }

  async #compute(requests: readonly Request[]): Promise<void> {
    const answers: (() => void)[] = [];
    const compute = async <Result>(
      asked: readonly Pick<Request, "reject">[],
      work: () => Promise<Result>,
      answer: (result: Result) => void,
    ) => {
      try {
        const result = await work();
        answers.push(() => answer(result));
      } catch (error) {
        answers.push(() => {
          for (const { reject } of asked) reject(error);
        });
      }
    };
    for (const call of requests) {
      if (call.kind === "call") await compute([call], call.compute, call.resolve);
    }
    const starts = requests.filter((request) => request.kind === "start");
    const steps = requests.filter((request) => request.kind === "step");
    // Who starts alone is stepped alone to the end: starts wait for one another until nobody is left who does anything else.
    if (starts.length < requests.length) this.#waiting.push(...starts);
    else if (starts.length > 0) {
      await compute(
        starts,
        () => this.#model.decoder(starts.flatMap((request) => request.starts)),
        (state) => {
          const group = new Group(state);
          let first = 0;
          for (const { starts: own, resolve } of starts) {
            resolve(new Member(group, first, own.length, (step) => this.#wait(step)));
            first += own.length;
          }
        },
      );
    }
    for (const group of new Set(steps.map((step) => step.member.group))) {
      const own = steps.filter((step) => step.member.group === group);
      await compute(
        own,
        () => group.step(own),
        () => {
          for (const step of own) step.resolve();
        },
      );
    }
    // All at once, so that nobody who is answered early goes on while others are still to be answered.
    for (const answer of answers) answer();
  }
}

interface Call {
  readonly kind: "call";
  readonly compute: () => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Start {
  readonly kind: "start";
  readonly starts: readonly DecoderStart[];
  readonly resolve: (state: DecoderState) => void;
  readonly reject: (error: unknown) => void;
}

interface Step {
  readonly kind: "step";
  readonly member: Member;
  readonly parents: ArrayLike<number>;
  readonly tokens: ArrayLike<number>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Request = Call | Start | Step;

/** One decoder state that several recognitions share. */
class Group {
  readonly state: DecoderState;
  #members = 0;

  constructor(state: DecoderState) {
    this.state = state;
  }

  join(): void {
    this.#members++;
  }

  leave(): void {
    if (--this.#members === 0) this.state[Symbol.dispose]();
  }

  /** The hypotheses of a member stand one after the other, the members in the order of their steps. */
  async step(steps: readonly Step[]): Promise<void> {
    const parents = steps.flatMap(({ member, parents }) =>
      Array.from(parents, (parent) => member.first + parent),
    );
    await this.state.step(
      parents,
      steps.flatMap(({ tokens }) => Array.from(tokens)),
    );
    let first = 0;
    for (const { member, tokens } of steps) {
      member.place(first, tokens.length);
      first += tokens.length;
    }
  }
}

/** A recognition's own part of a group. */
class Member implements DecoderState {
  readonly group: Group;
  readonly attentionHeads: number;
  readonly framesOfStarts: readonly number[];
  readonly attentionFrames: number;
  readonly noSpeechProbabilities: readonly (number | null)[];
  first = 0;
  hypotheses = 0;
  attention: Float32Array | null = null;
  readonly #wait: (step: Step) => void;
  #left = false;

  constructor(group: Group, firstStart: number, starts: number, wait: (step: Step) => void) {
    const { state } = group;
    this.group = group;
    this.#wait = wait;
    this.attentionHeads = state.attentionHeads;
    this.framesOfStarts = state.framesOfStarts.slice(firstStart, firstStart + starts);
    this.attentionFrames = Math.max(...this.framesOfStarts);
    this.noSpeechProbabilities = state.noSpeechProbabilities.slice(firstStart, firstStart + starts);
    group.join();
    this.place(firstStart, starts);
  }

  get logProbabilities(): Float32Array {
    const { logProbabilities, hypotheses } = this.group.state;
    const width = logProbabilities.length / hypotheses;
    return logProbabilities.subarray(this.first * width, (this.first + this.hypotheses) * width);
  }

  step(parents: ArrayLike<number>, tokens: ArrayLike<number>): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#wait({ kind: "step", member: this, parents, tokens, resolve, reject }),
    );
  }

  /** Says where the member's hypotheses stand now. */
  place(first: number, hypotheses: number): void {
    this.first = first;
    this.hypotheses = hypotheses;
    const { attention, attentionFrames: all } = this.group.state;
    if (!attention) return;
    // Without the frames that only others have.
    const frames = this.attentionFrames;
    const rows = hypotheses * this.attentionHeads;
    const start = first * this.attentionHeads;
    this.attention = new Float32Array(rows * frames);
    for (let row = 0; row < rows; row++) {
      const from = (start + row) * all;
      this.attention.set(attention.subarray(from, from + frames), row * frames);
    }
  }

  [Symbol.dispose](): void {
    if (this.#left) return;
    this.#left = true;
    this.attention = null;
    this.group.leave();
  }
}
