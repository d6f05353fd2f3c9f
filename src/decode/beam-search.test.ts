import { describe, expect, it } from "vitest";
import { DecoderGroup } from "../models/testing/decoder-group.ts";
import { beamSearch, type BeamSearchOptions } from "./beam-search.ts";
import { TermTracker } from "./term-tracker.ts";
import { TermTree } from "./term-tree.ts";
import { endToken, letters, TextDecoder, tokensOf, type TextModel } from "./testing/letters.ts";

const options: BeamSearchOptions = {
  beamSize: 4,
  lengthExponent: 1,
  maximumTokens: 20,
  endToken,
  suppressedTokens: [],
  suppressedAtStart: [],
  vocabularySize: letters.vocabularySize,
};

async function best(model: TextModel, changes: Partial<BeamSearchOptions> = {}): Promise<string> {
  const [hypothesis] = await beamSearch(new TextDecoder(model), { ...options, ...changes });
  return letters.decode(hypothesis!.tokens);
}

/** "b" looks better at first, but "ac" is more probable as a whole. */
const gardenPath: TextModel = (text) =>
  ({ "": { a: 0.4, b: 0.6 }, a: { c: 0.95, d: 0.05 }, b: { c: 0.3, d: 0.3, e: 0.4 } })[text] ?? { "": 1 };

/** Says "lora" as "laura" with a little doubt. */
const misheard: TextModel = (text) =>
  ({
    "": { l: 1 },
    l: { a: 0.9, o: 0.1 },
    la: { u: 1 },
    lau: { r: 1 },
    laur: { a: 1 },
    lo: { r: 1 },
    lor: { a: 0.9, d: 0.1 },
  })[text] ?? { "": 1 };

const terms = (text: string, bonus: number) =>
  new TermTracker(new TermTree([{ text, spokenForms: [], weight: 1 }]), letters, bonus);
const lora = terms("LoRA", 1);

describe("beamSearch", () => {
  it("finds a text that greedy search misses", async () => {
    expect(await best(gardenPath, { beamSize: 1 })).toBe("be");
    expect(await best(gardenPath)).toBe("ac");
  });

  it("agrees with the sum over the tokens' probabilities", async () => {
    const [hypothesis] = await beamSearch(new TextDecoder(gardenPath), options);
    expect(hypothesis!.logProbability).toBeCloseTo(Math.log(0.4 * 0.95), 5);
    expect(hypothesis!.tokenLogProbabilities.reduce((a, b) => a + b)).toBeCloseTo(Math.log(0.4 * 0.95), 5);
    expect(hypothesis!.score).toBeCloseTo(Math.log(0.4 * 0.95) / 3, 5);
    expect(hypothesis!.ended).toBe(true);
  });

  it("writes a term in doubt when it is in the list", async () => {
    expect(await best(misheard)).toBe("laura");
    expect(await best(misheard, { terms: lora })).toBe("lora");
  });

  it("reports probabilities without the bonus", async () => {
    const [hypothesis] = await beamSearch(new TextDecoder(misheard), { ...options, terms: lora });
    expect(hypothesis!.bonus).toBeCloseTo(4, 5);
    expect(hypothesis!.logProbability).toBeCloseTo(Math.log(0.1 * 0.9), 4);
  });

  it("does not write a term that the model finds impossible", async () => {
    const sure: TextModel = (text) => ({ "": { l: 1 }, l: { a: 1 }, la: { p: 1 } })[text] ?? { "": 1 };
    expect(await best(sure, { terms: terms("lora", 4) })).toBe("lap");
  });

  it("scores two views of the same audio, and lets neither the context invent nor the audio alone decide", async () => {
    // Without context "a" is a little better than "b", and "c" is far-fetched; with context "c" is all but certain.
    const free: TextModel = (text) => (text === "" ? { a: 0.55, b: 0.45 } : { "": 1 });
    const context: TextModel = (text) => (text === "" ? { c: 0.9, b: 0.09, a: 0.01 } : { "": 1 });
    const views = () => DecoderGroup.of([new TextDecoder(free), new TextDecoder(context)]);
    const texts = async (contextWeight: number) => {
      const [hypothesis] = await beamSearch(views(), { ...options, contextWeight });
      return { text: letters.decode(hypothesis!.tokens), hypothesis: hypothesis! };
    };
    expect((await texts(0)).text).toBe("a");
    const joint = await texts(0.5);
    expect(joint.text).toBe("b");
    // 0.5 · log 0.45 + 0.5 · log 0.09; the view without context alone is kept as evidence.
    expect(joint.hypothesis.tokenLogProbabilities[0]).toBeCloseTo((Math.log(0.45) + Math.log(0.09)) / 2, 4);
    expect(joint.hypothesis.contextFreeLogProbabilities[0]).toBeCloseTo(Math.log(0.45), 4);
    expect(joint.hypothesis.shortfalls[0]).toBeCloseTo(Math.log(0.55 / 0.45), 4);
  });

  it("finds without a trace of the list what it would find without the list", async () => {
    // Every wrong beginning is the beginning of a term, and the beam is narrow.
    const list = [..."bcdefgh"].map((letter) => ({ text: `${letter}zzzz`, spokenForms: [], weight: 1 }));
    const tracker = new TermTracker(new TermTree(list), letters, 3);
    const speech: TextModel = (text) =>
      text === ""
        ? { a: 0.3, b: 0.1, c: 0.1, d: 0.1, e: 0.1, f: 0.1, g: 0.1, h: 0.1 }
        : text.length < 4
          ? { x: 1 }
          : { "": 1 };
    expect(await best(speech, { beamSize: 1, terms: tracker })).toBe("axxx");
  });

  it("does not end a text early because of the bonus that it has earned", async () => {
    const model: TextModel = (text) =>
      ({ "": { l: 1 }, l: { o: 1 }, lo: { r: 1 }, lor: { a: 1 }, lora: { " ": 0.7, "": 0.3 } })[text] ??
      (text.length < 12 ? { b: 0.8, c: 0.2 } : { "": 1 });
    expect(await best(model, { terms: terms("lora", 3) })).toBe("lora bbbbbbb");
  });

  it("is not ended by many early texts while a better one grows", async () => {
    const early: TextModel = (text) =>
      ({ "": { a: 0.85, b: 0.05, c: 0.05, d: 0.05 }, a: { a: 1 }, aa: { b: 1 }, aab: { c: 1 } })[text] ?? {
        "": 1,
      };
    expect(await best(early)).toBe("aabc");
  });

  it("goes on from the beginning of a text that was found before", async () => {
    const [found] = await beamSearch(new TextDecoder(misheard), { ...options, terms: lora });
    const beginning = { hypothesis: found!, length: 1 };
    const decoder = new TextDecoder(misheard, "l");
    const [other] = await beamSearch(decoder, { ...options, beginning });
    const [fresh] = await beamSearch(new TextDecoder(misheard), options);
    expect(letters.decode(other!.tokens)).toBe("laura");
    expect(other!.logProbability).toBeCloseTo(fresh!.logProbability, 6);
    expect(other!.shortfalls).toEqual(fresh!.shortfalls);
    const again = { ...options, beginning, terms: lora };
    const [same] = await beamSearch(new TextDecoder(misheard, "l"), again);
    expect(letters.decode(same!.tokens)).toBe("lora");
    expect(same!.bonus).toBe(found!.bonus);
  });

  it("breaks out of loops", async () => {
    const phrase = "go on ";
    const looping: TextModel = (text) => ({ [phrase[text.length % phrase.length]!]: 0.97, "": 0.03 });
    const text = await best(looping, { maximumTokens: 200 });
    expect(text.length).toBeLessThanOrEqual(3 * phrase.length);
  });

  it("says when the limit cut a text off", async () => {
    const counting: TextModel = (text) => ({ [String.fromCharCode(97 + (text.length % 26))]: 1 });
    const [hypothesis] = await beamSearch(new TextDecoder(counting), { ...options, maximumTokens: 5 });
    expect(letters.decode(hypothesis!.tokens)).toBe("abcde");
    expect(hypothesis!.ended).toBe(false);
  });

  it("keeps suppressed tokens out, everywhere or only at the start", async () => {
    const model: TextModel = (text) => (text.length < 2 ? { a: 0.9, b: 0.1 } : { "": 1 });
    expect(await best(model, { suppressedTokens: tokensOf("a") })).toBe("bb");
    expect(await best(model, { suppressedAtStart: tokensOf("a") })).toBe("ba");
  });

  it("can give an empty text", async () => {
    expect(await best(() => ({ "": 0.9, a: 0.1 }))).toBe("");
  });

  it("stops when aborted", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(beamSearch(new TextDecoder(gardenPath), { ...options, signal })).rejects.toThrow("enough");
  });

  it("says that the weights are broken when there are no numbers", async () => {
    await expect(
      best(() => ({ a: Number.NaN, "": Number.NaN }), {
        suppressedTokens: tokensOf("bcdefghijklmnopqrstuvwxyz .!中文字"),
      }),
    ).rejects.toThrow("not numbers");
  });
});
