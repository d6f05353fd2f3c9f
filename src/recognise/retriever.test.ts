import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isCached } from "../../test/cached-models.ts";
import { readTerms } from "../context/term-file.ts";
import { createRetriever } from "./retriever.ts";

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const offline = { offline: true, threads: 1 };
const model = "whisper-base";

describe.skipIf(!isCached(model) || !isCached("silero-vad"))(
  `retrieval with the letter head (needs ${model} and silero-vad in the model cache)`,
  () => {
    it("finds terms that are said in a talk among words that are not", { timeout: 120_000 }, async () => {
      const { terms } = await readTerms(example("terms.txt"));
      const others = ["kubernetes", "marmalade", "Copenhagen", "thermostat"].map((text) => ({
        text,
        spokenForms: [],
        weight: 1,
      }));
      await using retriever = await createRetriever({ ...offline, model });
      const found = new Map<string, { start: number; end: number; score: number }>();
      let end = 0;
      const stretches = retriever.retrieve(example("talk.ogg"), [...terms, ...others], { threshold: 0.5 });
      for await (const stretch of stretches) {
        for (const { term, matches } of stretch.kept) found.set(term.text, matches[0]!);
        expect(stretch.start).toBeGreaterThanOrEqual(end);
        end = stretch.end;
      }
      expect([...found.keys()]).toEqual(expect.arrayContaining(["LoRA"]));
      for (const { text } of others) expect(found.has(text), text).toBe(false);
      for (const match of found.values()) expect(match.end).toBeGreaterThan(match.start);
    });

    it("asks a quick pass of the model for a second opinion", { timeout: 120_000 }, async () => {
      const { terms } = await readTerms(example("terms.txt"));
      await using retriever = await createRetriever({ ...offline, model });
      const options = { findTerms: "both", language: "en" } as const;
      const opinions: object[] = [];
      for await (const { kept } of retriever.retrieve(example("talk.ogg"), terms, options)) {
        for (const { matches } of kept) opinions.push(...matches.map(({ evidence }) => evidence));
      }
      const known = expect.any(Number);
      expect(opinions).toContainEqual(expect.objectContaining({ soundScore: known, textScore: known }));
      expect(opinions).toContainEqual(expect.objectContaining({ heard: expect.any(String) }));
    });

    it("takes an aborted signal for what it is", { timeout: 60_000 }, async () => {
      await using retriever = await createRetriever({ ...offline, model });
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(retriever.retrieve(example("talk.ogg"), [], { signal }).next()).rejects.toThrow("enough");
    });
  },
);

it.skipIf(!isCached("whisper-tiny"))(
  "says which models have a letter head (needs whisper-tiny in the model cache)",
  async () => {
    await expect(createRetriever({ ...offline, model: "whisper-tiny" })).rejects.toThrow(
      /no letter head for whisper-tiny, only for moonshine-base, whisper-base, whisper-small/,
    );
  },
);
