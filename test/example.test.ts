/**
 * The example recording must show what the README says: the terms come out wrong without the glossary and right with it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRecogniser, readTerms, type Transcript } from "../src/index.ts";
import { alignTokens } from "../src/eval/align.ts";
import { countErrors, errorRate } from "../src/eval/error-rates.ts";
import { isCached } from "./cached-models.ts";
import { readDocument, root } from "./markdown.ts";

const recording = join(root, "examples/talk.ogg");
const reference = readFileSync(join(root, "examples/talk.txt"), "utf8");
const { terms } = await readTerms(join(root, "examples/terms.txt"));
const spoken = terms.filter(({ text }) => occursIn(reference, text)).map(({ text }) => text);

async function transcribeTwice(model: string): Promise<{ without: Transcript; with: Transcript }> {
  const recogniser = await createRecogniser({ model, offline: true });
  try {
    return {
      without: await recogniser.recognise(recording),
      with: await recogniser.recognise(recording, { terms }),
    };
  } finally {
    await recogniser[Symbol.asyncDispose]();
  }
}

/** Whether a term stands in a text exactly as spelled, and not as a part of a longer word. */
function occursIn(text: string, term: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${term}(?![\\p{L}\\p{N}_-])`, "u").test(text);
}

/** The two transcripts that the README shows as a difference. */
function shownInReadme(): { without: string; with: string } {
  const lines = readDocument("README.md")
    .blocks.find(({ language }) => language === "diff")!
    .code.split("\n");
  const side = (other: string) =>
    lines.filter((line) => !line.startsWith(other)).map((line) => line.slice(2));
  return { without: side("+").join("\n"), with: side("-").join("\n") };
}

/** Percent of the words of `shown` that `actual` has otherwise. */
function wordsThatDiffer(shown: string, actual: string): number {
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");
  return errorRate(countErrors(alignTokens(words(shown), words(actual))))!;
}

describe("the example", () => {
  /** Quantised products are rounded differently on different processors, which can change a word. In percent of the words. */
  const tolerance = 8;

  it("has eight terms that are spoken and four that are not", () => {
    expect(spoken).toHaveLength(8);
    expect(terms).toHaveLength(12);
  });

  // The README's model if it is there, else the one that is quick to fetch.
  const model = isCached("whisper-small") ? "whisper-small" : "whisper-tiny";
  it.skipIf(!isCached(model))(
    "has its terms written right only with the glossary (needs whisper-small or whisper-tiny in the cache)",
    async () => {
      const transcripts = await transcribeTwice(model);
      expect(spoken.filter((term) => occursIn(transcripts.without.text, term))).toEqual([]);
      expect(spoken.filter((term) => !occursIn(transcripts.with.text, term))).toEqual([]);
      const written = transcripts.with.terms.filter(({ status }) => status === "written");
      expect(written.map(({ term }) => term).sort()).toEqual(spoken.sort());
      if (model === "whisper-tiny") return;
      const shown = shownInReadme();
      expect(wordsThatDiffer(shown.with, transcripts.with.text)).toBeLessThan(tolerance);
      expect(wordsThatDiffer(shown.without, transcripts.without.text)).toBeLessThan(tolerance);
    },
    300_000,
  );
});
