import { describe, expect, it } from "vitest";
import type { VoiceActivity } from "../audio/voice-activity.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import { writingHead } from "../retrieval/testing/writing-head.ts";
import type { Checkpoint, RecogniseOptions, RecognitionEvent } from "./options.ts";
import { Recogniser } from "./recogniser.ts";
import { TermFinder } from "./spoken-terms.ts";
import type { Segment } from "../transcript/transcript.ts";
import { LetterModel } from "./testing/letter-model.ts";

/** Sound is speech, digital silence is not. */
const loudness: VoiceActivity & AsyncDisposable = {
  frameSamples: 512,
  stream() {
    let rest = new Float32Array(0);
    const frames = (samples: Float32Array, size: number) =>
      Float32Array.from({ length: Math.floor(samples.length / size) }, (_, i) =>
        samples.subarray(i * size, (i + 1) * size).some((value) => Math.abs(value) > 0.01) ? 0.99 : 0,
      );
    return {
      async push(samples) {
        const all = Float32Array.of(...rest, ...samples);
        rest = all.slice(all.length - (all.length % 512));
        return frames(all, 512);
      },
      async flush() {
        return rest.length > 0 ? frames(rest, rest.length) : rest;
      },
    };
  },
  async [Symbol.asyncDispose]() {},
};

/** Seconds of tone and, in between, of silence. */
function recording(...parts: { tone?: number; silence?: number }[]): {
  samples: Float32Array;
  sampleRate: number;
} {
  const samples = parts.flatMap(({ tone = 0, silence = 0 }) => [
    ...Array.from({ length: tone * 16_000 }, (_, i) => 0.3 * Math.sin(i / 5)),
    ...new Float32Array(silence * 16_000),
  ]);
  return { samples: Float32Array.from(samples), sampleRate: 16_000 };
}

const recogniserOf = (model: SpeechModel) => new Recogniser(model, async () => loudness);
const twoParts = recording({ tone: 2 }, { silence: 4 }, { tone: 1 }, { silence: 1 });

describe("Recogniser", () => {
  it("puts the windows of a recording together, with times inside it", async () => {
    const transcript = await recogniserOf(new LetterModel([" hello there.", " goodbye."])).recognise(
      twoParts,
    );
    expect(transcript.text).toBe("hello there. goodbye.");
    expect(transcript.durationSeconds).toBe(8);
    expect(transcript.language).toBe("zh");
    expect(transcript.segments.map(({ text }) => text)).toEqual(["hello there.", "goodbye."]);
    const words = transcript.segments.flatMap((segment) => segment.words);
    expect(words.map(({ text }) => text)).toEqual(["hello", "there.", "goodbye."]);
    let before = 0;
    for (const { start, end } of words) {
      expect(start).toBeGreaterThanOrEqual(before);
      expect(end).toBeGreaterThan(start);
      before = end;
    }
    expect(words[1]!.end).toBeLessThanOrEqual(2.1);
    expect(words[2]!.start).toBeGreaterThanOrEqual(5.9);
    expect(words[2]!.end).toBeLessThanOrEqual(8);
  });

  it("gives segments as they come and the transcript last", async () => {
    const events: RecognitionEvent[] = [];
    const model = new LetterModel([" hello.", " goodbye."]);
    for await (const event of recogniserOf(model).stream(twoParts, { language: "en" })) events.push(event);
    const kinds = events.map(({ type }) => type);
    expect(kinds.filter((kind) => kind === "segment")).toHaveLength(2);
    expect(kinds.indexOf("segment")).toBeLessThan(kinds.lastIndexOf("segment"));
    expect(kinds.at(-1)).toBe("transcript");
    const progress = events.flatMap((event) =>
      event.type === "progress" ? [event.progress.processedSeconds] : [],
    );
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(8);
  });

  it("gives no text for silence", async () => {
    const model = new LetterModel(["thank you for watching."]);
    const transcript = await recogniserOf(model).recognise(recording({ silence: 5 }), {
      terms: ["watching"],
    });
    expect(transcript).toMatchObject({ text: "", segments: [], durationSeconds: 5, language: "und" });
    expect(transcript.terms).toMatchObject([{ term: "watching", status: "boosted", occurrences: [] }]);
  });

  it("reports what became of every term", async () => {
    const model = new LetterModel([" we tune lora.", " all lora."]);
    const terms = ["LoRA", "RoPE", "...", "LoRA", "all'"];
    const transcript = await recogniserOf(model).recognise(twoParts, { terms });
    expect(transcript.text).toBe("we tune LoRA. all LoRA.");
    expect(transcript.terms.map(({ term, status }) => [term, status])).toEqual([
      ["LoRA", "written"],
      ["RoPE", "prompted"],
      ["...", "dropped"],
      ["LoRA", "dropped"],
      ["all'", "dropped"],
    ]);
    expect(transcript.terms[0]!.occurrences.map(({ text }) => text)).toEqual(["LoRA", "LoRA"]);
    expect(transcript.terms[0]!.score).toBeGreaterThan(0.9);
    expect(transcript.warnings[0]).toContain("3 of 5 terms are not used");
  });

  it("prompts with the terms and the text so far", async () => {
    const model = new LetterModel([" first part.", " second part."]);
    await recogniserOf(model).recognise(twoParts, { terms: ["abc"] });
    // Each window is decoded in two views: without context and with it.
    expect(model.prompts).toHaveLength(4);
    expect([model.prompts[0], model.prompts[2]]).toEqual(["", ""]);
    expect(model.prompts[1]).toMatch(/^ abc/);
    expect(model.prompts[3]).toMatch(/^ abc.* first part\.$/);
    const without = new LetterModel([" first part.", " second part."]);
    await recogniserOf(without).recognise(twoParts, { previousText: false });
    expect(without.prompts).toEqual(["", ""]);
  });

  it("shows the model what was said before, and writes only what is said now", async () => {
    const model = new LetterModel([" first part.", " second part."]);
    const { text } = await recogniserOf(model).recognise(twoParts, { history: "we spoke of lora before." });
    // Each window is decoded in two views: without context and with it.
    expect(model.prompts[1]).toBe(" we spoke of lora before.");
    expect(model.prompts[3]).toMatch(/first part\.$/);
    expect(text).toBe("first part. second part.");
  });

  it("prompts those of a long list that a quick pass finds something like, likely ones sooner", async () => {
    const others = Array.from({ length: 60 }, (_, i) => `zzq${String.fromCharCode(97 + (i % 26))}xv${i}`);
    const terms = ["subiaco", ...others];
    const model = new LetterModel([" the subiako books."]);
    const { terms: reports } = await recogniserOf(model).recognise(recording({ tone: 2 }), {
      terms,
      language: "en",
      likelyTerms: (start, end) => (start < end ? [{ text: "subiaco", spokenForms: [], weight: 1 }] : []),
    });
    expect(model.prompts[0]).toBe("");
    expect(model.prompts.at(-1)).toBe(" subiaco.");
    expect(reports[0]).toMatchObject({
      term: "subiaco",
      status: "prompted",
      reason: expect.stringMatching(
        /^a quick pass heard "subiako" at \d\.\d s, so the model was shown the term/,
      ),
    });
    expect(reports.slice(1).every(({ reason }) => reason === undefined)).toBe(true);
    expect(new Set(reports.slice(1).map(({ status }) => status))).toEqual(new Set(["boosted"]));
  });

  it("says which terms are too little like what was heard to be shown to the model, also after going on", async () => {
    const others = Array.from({ length: 60 }, (_, i) => `zzq${String.fromCharCode(97 + (i % 26))}xv${i}`);
    const options = { terms: ["subaqua", ...others], language: "en" };
    const texts = [" the subiako books.", " and then."];
    const whole = await recogniserOf(new LetterModel(texts)).recognise(twoParts, options);
    expect(whole.terms[0]).toMatchObject({
      status: "boosted",
      reason: expect.stringContaining("too little like it"),
    });
    const segments: Segment[] = [];
    let checkpoint: Checkpoint | undefined;
    for await (const event of recogniserOf(new LetterModel(texts)).stream(twoParts, options)) {
      if (event.type === "segment") segments.push(event.segment);
      if (event.type === "checkpoint") {
        checkpoint = event.checkpoint;
        break;
      }
    }
    const resume = { checkpoint: checkpoint!, segments };
    const rest = await recogniserOf(new LetterModel(texts.slice(1))).recognise(twoParts, {
      ...options,
      resume,
    });
    expect(rest.terms).toEqual(whole.terms);
  });

  it("says of a term that nothing like it was heard, when so long a list is not searched for as a whole", async () => {
    const others = Array.from({ length: 120 }, (_, i) => `zzq${String.fromCharCode(97 + (i % 26))}xv${i}`);
    const model = new LetterModel([" the subiaco books."]);
    const finder = async () => new TermFinder(writingHead(["the subiaco books"]));
    const { terms } = await new Recogniser(model, async () => loudness, finder).recognise(
      recording({ tone: 2 }),
      {
        terms: ["subiaco", "kubernetes", ...others],
        language: "en",
      },
    );
    expect(terms[0]).toMatchObject({ term: "subiaco", status: "written" });
    expect(terms[1]).toMatchObject({
      term: "kubernetes",
      status: "dropped",
      reason: "nothing like it was heard",
    });
  });

  it("chooses terms by what a first pass hears too, also for a model that takes no prompt", async () => {
    const others = Array.from({ length: 120 }, (_, i) => `zzq${String.fromCharCode(97 + (i % 26))}xv${i}`);
    const model = new LetterModel([" the subiaco books."], { promptLimit: 0 });
    const finder = async () => new TermFinder(writingHead(["quite another sentence"]));
    const { terms } = await new Recogniser(model, async () => loudness, finder).recognise(
      recording({ tone: 2 }),
      { terms: ["subiaco", ...others], language: "en" },
    );
    expect(terms[0]).toMatchObject({ term: "subiaco", status: "written" });
  });

  it("gives what else the search came up with when asked", async () => {
    const model = new LetterModel([" the subiako books."]);
    const found: RecognitionEvent[] = [];
    const options = { alternatives: true, language: "en" };
    for await (const event of recogniserOf(model).stream(recording({ tone: 2 }), options)) {
      if (event.type === "alternatives") found.push(event);
    }
    expect(found).toMatchObject([
      {
        alternatives: expect.arrayContaining([
          ["the", "subiako", "books."].map((text) => expect.objectContaining({ text })),
        ]),
      },
    ]);
  });

  it("takes other terms from the next window on when they are replaced", async () => {
    const model = new LetterModel([" we use lora.", " we use lora and rope."]);
    const first = ["LoRA"];
    const second = ["RoPE"];
    let asked = 0;
    const transcript = await recogniserOf(model).recognise(twoParts, {
      terms: () => (asked++ < 2 ? first : second),
    });
    expect(transcript.text).toBe("we use LoRA. we use lora and RoPE.");
    expect(transcript.terms.map(({ term, status }) => [term, status])).toEqual([
      ["LoRA", "written"],
      ["RoPE", "written"],
    ]);
  });

  it("says when a list is longer than the prompt, and still uses it", async () => {
    const terms = Array.from({ length: 40 }, (_, i) => `term${String.fromCharCode(97 + (i % 26))}${i}`);
    const model = new LetterModel([" hello."]);
    const { warnings, terms: reports } = await recogniserOf(model).recognise(twoParts, { terms });
    expect(warnings.join()).toContain("more than the prompt");
    expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(["boosted"]));
    expect(model.prompts[0]).toBe("");
  });

  it("refuses wrong options before it reads anything", async () => {
    const recogniser = recogniserOf(new LetterModel([]));
    const refused: [RecogniseOptions, string][] = [
      [{ language: "xx" }, 'does not know the language "xx"; it knows en,zh'],
      [{ beamSize: 0 }, "beamSize is 0"],
      [{ beamSize: 1.5 }, "beamSize is 1.5"],
      [{ temperatures: [] }, "at least one"],
      [{ temperatures: [3] }, "from 0 to 2"],
      [{ seed: 0.5 }, "seed is 0.5"],
      [{}, "no-such-file"],
    ];
    for (const [options, message] of refused) {
      await expect(recogniser.recognise("no-such-file", options)).rejects.toThrow(message);
    }
  });

  it("goes on from any checkpoint to the same transcript", async () => {
    const texts = [" we tune lora.", " all lora.", " and rope, and rope."];
    const input = recording({ tone: 2 }, { silence: 4 }, { tone: 1 }, { silence: 3 }, { tone: 2 });
    // Two words more than once, one never, and one that is dropped.
    const options = { terms: ["LoRA", "RoPE", "GELU", "..."] };
    const whole = await recogniserOf(new LetterModel(texts)).recognise(input, options);
    expect(whole.segments).toHaveLength(3);
    for (let broken = 0; broken <= 3; broken++) {
      const segments: Segment[] = [];
      let resume: RecogniseOptions["resume"];
      const first = recogniserOf(new LetterModel(texts)).stream(input, options);
      for await (const event of first) {
        if (event.type === "segment") segments.push(event.segment);
        // As it comes back from a disk.
        if (event.type === "checkpoint" && event.checkpoint.windows === broken) {
          resume = JSON.parse(JSON.stringify({ checkpoint: event.checkpoint, segments })) as typeof resume;
        }
      }
      const model = new LetterModel(texts.slice(broken));
      const events: RecognitionEvent[] = [];
      for await (const event of recogniserOf(model).stream(input, { ...options, resume })) events.push(event);
      expect(events.at(-1)).toEqual({ type: "transcript", transcript: whole });
      expect(events.filter(({ type }) => type === "segment")).toHaveLength(3 - broken);
      expect(events[0]).toMatchObject({ progress: { processedSeconds: resume?.checkpoint.endSeconds ?? 0 } });
    }
  });

  it("gives the same with windows side by side as one after the other", async () => {
    const texts = [" one.", " two two.", " three.", "", " five.", " six."];
    const sixParts = recording(...texts.flatMap(() => [{ tone: 1 }, { silence: 4 }]));
    const options = { beamSize: 1, language: "en" };
    const [together, apart] = [new LetterModel(texts), new LetterModel(texts)];
    const transcript = await recogniserOf(together).recognise(sixParts, options);
    expect(transcript).toEqual(
      await recogniserOf(apart).recognise(sixParts, { ...options, previousText: true }),
    );
    expect(transcript.text).toBe("one. two two. three. five. six.");
    expect(together.prompts.every((prompt) => prompt === "")).toBe(true);
    expect(apart.prompts.at(-1)).toContain("three");
  });

  it("recognises recordings side by side, and says of each what became of it", async () => {
    const model = new LetterModel([" one.", " two.", " three."]);
    const parts = recording({ tone: 1 });
    const results = await recogniserOf(model).sideBySide(
      [parts, { samples: parts.samples, sampleRate: -1 }, parts, parts].map(
        (input) => (lane) => lane.recognise(input, { language: "en" }),
      ),
      { lanes: 3 },
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    const texts = results.map((result) => (result.status === "fulfilled" ? result.value.text : null));
    expect([...texts].sort()).toEqual(["one.", "three.", "two.", null].sort());
    await expect(recogniserOf(model).sideBySide([async () => 1], { lanes: 0 })).rejects.toThrow("lanes is 0");
    expect(await recogniserOf(model).sideBySide([])).toEqual([]);
  });

  it("stops when aborted", async () => {
    const controller = new AbortController();
    const model = new LetterModel([" one.", " two."]);
    const seen: string[] = [];
    const run = async () => {
      for await (const event of recogniserOf(model).stream(twoParts, { signal: controller.signal })) {
        if (event.type !== "segment") continue;
        seen.push(event.segment.text);
        controller.abort(new Error("enough"));
      }
    };
    await expect(run()).rejects.toThrow("enough");
    expect(seen).toEqual(["one."]);
  });

  it("lets the model go", async () => {
    const model = new LetterModel([" one."]);
    const recogniser = recogniserOf(model);
    await recogniser.recognise(twoParts);
    await recogniser[Symbol.asyncDispose]();
    expect(model.isDisposed).toBe(true);
  });
});
