import { describe, expect, it } from "vitest";
import { transcriptJsonSchema } from "./json-schema.ts";

describe("transcriptJsonSchema", () => {
  it("equals the published file (`npx vitest run -u` writes it)", async () => {
    const text = `${JSON.stringify(transcriptJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot("../../schemas/transcript.schema.json");
  });

  it("asks for every field of a transcript", () => {
    expect(transcriptJsonSchema()).toMatchObject({
      type: "object",
      required: ["text", "language", "durationSeconds", "model", "segments", "terms", "warnings"],
    });
  });
});
