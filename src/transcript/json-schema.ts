/**
 * The published description of the JSON output, made from the zod schema that the types come from. The file
 * `schemas/transcript.schema.json` holds it for other languages; a test keeps the two equal.
 */
import { z } from "zod";
import { transcriptSchema } from "./transcript.ts";

/** JSON Schema (draft 2020-12) of a transcript. */
export function transcriptJsonSchema(): Record<string, unknown> {
  return {
    title: "Glossa transcript",
    description:
      "What `glossa transcribe --format json` writes. Times are seconds from the start of the recording.",
    ...z.toJSONSchema(transcriptSchema),
  };
}
