/**
 * Pins what the package exports: whoever adds or takes away an export says so here and in the changelog.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { publicExports } from "./public-api.ts";

const exported = publicExports(fileURLToPath(new URL("../src/index.ts", import.meta.url)));

describe("the package", () => {
  it("exports these values and types", () => {
    expect(exported.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "type AudioInput",
      "type Checkpoint",
      "type ContextDocument",
      "value createRecogniser",
      "value createRetriever",
      "type Device",
      "type ExtractedTerm",
      "value extractTerms",
      "value formatTranscript",
      "value GlossaError",
      "type GlossaErrorCode",
      "value historyText",
      "type LoadOptions",
      "value readContext",
      "value readHistory",
      "value readTerms",
      "value recognise",
      "type RecogniseOptions",
      "type Recogniser",
      "type RecognitionEvent",
      "type RecognitionProgress",
      "type RetrievedStretch",
      "type RetrieveOptions",
      "type Retriever",
      "type RetrieverOptions",
      "type Segment",
      "type Term",
      "type TermFinding",
      "type TermReport",
      "type TermStatus",
      "type Transcript",
      "type TranscriptFormat",
      "type Turn",
      "type Word",
    ]);
  });

  it.each(exported)("says what $name is", ({ documentation }) => {
    expect(documentation).not.toBe("");
  });
});
