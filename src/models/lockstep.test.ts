import { describe, expect, it } from "vitest";
import { beamSearch } from "../decode/beam-search.ts";
import { endToken, letters } from "../decode/testing/letters.ts";
import { LetterModel } from "../recognise/testing/letter-model.ts";
import { Lockstep } from "./lockstep.ts";
import type { DecoderStart, DecoderState, SpeechModel } from "./speech-model.ts";

/** Counts what the model is asked for. */
class CountedModel extends LetterModel {
  readonly starts: number[] = [];
  readonly steps: number[] = [];
  open = 0;

  override async decoder(starts: readonly DecoderStart[]): Promise<DecoderState> {
    this.starts.push(starts.length);
    this.open++;
    const state = await super.decoder(starts);
    const step = state.step.bind(state);
    state.step = (parents, tokens) => {
      this.steps.push(tokens.length);
      return step(parents, tokens);
    };
    const dispose = state[Symbol.dispose].bind(state);
    state[Symbol.dispose] = () => {
      this.open--;
      dispose();
    };
    return state;
  }
}

const options = {
  beamSize: 1,
  lengthExponent: 1,
  maximumTokens: 100,
  vocabularySize: letters.vocabularySize,
  endToken,
  suppressedTokens: [],
  suppressedAtStart: [],
};

async function textOf(model: SpeechModel): Promise<string> {
  using frames = await model.encode(new Float32Array(16_000));
  using state = await model.decoder([{ frames, prompt: { language: "en" } }]);
  const [best] = await beamSearch(state, options);
  return letters.decode(best!.tokens);
}

describe("recognitions in lockstep", () => {
  it("give the same texts as one after the other, with as many steps as the longest needs", async () => {
    const model = new CountedModel(["short", "a longer text", "", "middling"]);
    const lockstep = new Lockstep(model);
    const results = await lockstep.run(Array.from({ length: 4 }, () => () => textOf(lockstep.model)));
    expect(results).toEqual(
      ["short", "a longer text", "", "middling"].map((value) => ({ status: "fulfilled", value })),
    );
    expect(model.starts).toEqual([4]);
    expect(model.steps).toHaveLength("a longer text".length);
    expect(model.steps[0]).toBe(3);
    expect(model.steps.at(-1)).toBe(1);
    expect(model.open).toBe(0);
  });

  it("start together again, however long each took", async () => {
    const model = new CountedModel(["a", "bbbb", "cc", "dd", "eeee", "f"]);
    const lockstep = new Lockstep(model);
    const lane = (pause: number) => async () => {
      const texts: string[] = [];
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        texts.push(await textOf(lockstep.model));
      }
      return texts;
    };
    const results = await lockstep.run([lane(0), lane(20)]);
    expect(results.map((result) => result.status === "fulfilled" && result.value.length)).toEqual([3, 3]);
    expect(model.starts).toEqual([2, 2, 2]);
  });

  it("go on when one of them fails", async () => {
    const model = new CountedModel(["one", "two", "three"]);
    const lockstep = new Lockstep(model);
    const fails = async () => {
      using _ = await lockstep.model.encode(new Float32Array(1));
      throw new Error("no");
    };
    const results = await lockstep.run<string | void>([
      () => textOf(lockstep.model),
      fails,
      () => textOf(lockstep.model),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(model.starts).toEqual([2]);
  });

  it("all hear of it when the model fails", async () => {
    const model = new CountedModel(["one", "two"]);
    model.decoder = async () => {
      throw new Error("out of memory");
    };
    const lockstep = new Lockstep(model);
    const results = await lockstep.run([() => textOf(lockstep.model), () => textOf(lockstep.model)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});
