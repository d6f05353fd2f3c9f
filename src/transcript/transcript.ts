/**
 * What recognition returns: the shape of a transcript, as zod schemas from which both the TypeScript types and
 * the published JSON schema are made. All times are seconds from the start of the recording.
 */
import { z } from "zod";

const seconds = z.number().min(0);
const confidence = z.number().min(0).max(1);

export const wordSchema = z.object({
  start: seconds.describe("Start of the word in seconds."),
  end: seconds.describe("End of the word in seconds; never before its start."),
  text: z.string().describe("The word as written, with attached punctuation, without surrounding spaces."),
  confidence: confidence.describe("Calibrated probability that the word is right."),
});

export const segmentSchema = z.object({
  start: seconds.describe("Start of the segment in seconds."),
  end: seconds.describe("End of the segment in seconds."),
  text: z.string().describe("The text of the segment, without surrounding spaces."),
  confidence: confidence.describe("Mean confidence of its words."),
  words: z.array(wordSchema).describe("The words in order; empty when word times were not asked for."),
});

/**
 * What became of a term that the user gave:
 * - `written`: it stands in the text, in the user's spelling;
 * - `rejected`: it was about to be written, but what was heard did not bear it out;
 * - `prompted`: it was shown to the model in its prompt (and weighed), but not heard;
 * - `boosted`: it was weighed in the search, but not heard; the model was not shown it;
 * - `dropped`: it was not used; `reason` says why: a duplicate, or of a list too long to search for all of it, nothing like it was heard.
 */
export const termStatusSchema = z.enum(["written", "rejected", "prompted", "boosted", "dropped"]);

const posterior = z.number().min(0).max(1);

export const termReportSchema = z.object({
  term: z.string().describe("The term as the user wrote it."),
  status: termStatusSchema,
  score: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe("Highest confidence among its occurrences; null when it does not occur."),
  occurrences: z
    .array(
      z.object({
        start: seconds,
        end: seconds,
        text: z.string(),
        posterior: posterior.describe(
          "Geometric mean of the probabilities of its tokens, by the model without context and without bonuses.",
        ),
      }),
    )
    .describe("Where it stands in the text."),
  rejections: z
    .array(z.object({ start: seconds, end: seconds, posterior }))
    .optional()
    .describe("Where it was taken back, because what was heard did not bear it out."),
  reason: z
    .string()
    .optional()
    .describe(
      "Why it was dropped; of a list that the prompt cannot hold, what was heard that is like the term, and what followed.",
    ),
});

export const transcriptSchema = z.object({
  text: z.string().describe("The whole text."),
  language: z
    .string()
    .describe(
      "ISO 639-1 code of the spoken language, given or detected; `und` when nobody speaks and none was given.",
    ),
  durationSeconds: seconds.describe("Length of the recording in seconds."),
  model: z.string().describe("Identifier of the model that was used."),
  segments: z.array(segmentSchema),
  terms: z.array(termReportSchema).describe("One report for every term that was given."),
  warnings: z.array(z.string()).describe("What the user should know: lists that do not fit, skipped audio."),
});

/** A word with its time in seconds and its confidence. */
export type Word = z.infer<typeof wordSchema>;
/** A sentence or a stretch of speech between pauses, with its words. */
export type Segment = z.infer<typeof segmentSchema>;
/** What became of a term; see `termStatusSchema`. */
export type TermStatus = z.infer<typeof termStatusSchema>;
/** What became of one of the terms that were given, and where it stands in the text. */
export type TermReport = z.infer<typeof termReportSchema>;
/** What recognition returns; `schemas/transcript.schema.json` describes it. Times are seconds from the start. */
export type Transcript = z.infer<typeof transcriptSchema>;
