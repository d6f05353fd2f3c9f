/**
 * The shapes of the server's own resources as zod schemas: requests are checked by them, and the OpenAPI document is made
 * from them.
 */
import { z } from "zod";
import { largestTermWeight, longestTermCharacters } from "../context/term-list.ts";
import { segmentSchema } from "../transcript/transcript.ts";

/** The most terms that a glossary, or a request, can hold. */
export const mostTerms = 100_000;

const moment = z.string().describe("Moment as ISO 8601 in UTC.");

export const termSchema = z.object({
  text: z.string().describe("The term as it is to be written."),
  spokenForms: z.array(z.string()).describe("How it is said, where that is not how it is written."),
  weight: z.number().min(0).max(largestTermWeight).describe("How much it is favoured; 1 is normal."),
});

/** What is accepted for a term: its text, or an object. */
export const termInputSchema = z.union([
  z.string().min(1).max(longestTermCharacters),
  z.strictObject({
    text: z.string().min(1).max(longestTermCharacters),
    spokenForms: z.array(z.string().min(1).max(longestTermCharacters)).max(50).default([]),
    weight: z.number().min(0).max(largestTermWeight).default(1),
  }),
]);

export const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}$/, "expected a code such as en or zh")
  .describe("ISO 639-1 code of the spoken language; detected when it is not given.");

export const jobStatusSchema = z.enum(["queued", "fetching", "running", "done", "failed", "cancelled"]);

export const jobOptionsSchema = z.object({
  model: z.string(),
  language: z.string().nullable(),
  temperature: z.number().nullable(),
  wordTimes: z.boolean(),
  glossaries: z.array(z.string()),
  termCount: z.number().int(),
});

export const jobSchema = z
  .object({
    id: z.string(),
    batch: z.string().nullable().describe("Shared by the jobs that were made in one request."),
    name: z.string().describe("Name of the recording."),
    status: jobStatusSchema,
    source: z.union([
      z.object({ type: z.literal("upload") }),
      z.object({ type: z.literal("url"), url: z.string() }),
      z.object({ type: z.literal("job"), job: z.string().describe("The job whose recording it shares.") }),
    ]),
    bytes: z.number().nullable(),
    mediaType: z.string().nullable(),
    createdAt: moment,
    startedAt: moment.nullable(),
    finishedAt: moment.nullable(),
    expiresAt: moment.nullable().describe("When it will be deleted with all that belongs to it."),
    attempts: z.number().int(),
    options: jobOptionsSchema,
    progress: z.object({ processedSeconds: z.number(), totalSeconds: z.number().nullable() }),
    position: z.number().int().nullable().describe("Place in the queue from 1; null when it does not wait."),
    durationSeconds: z.number().nullable(),
    language: z.string().nullable(),
    excerpt: z.string().nullable().describe("The first 200 characters of the text."),
    corrected: z.boolean(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    webhook: z.object({ url: z.string() }).nullable(),
  })
  .meta({ id: "Job" });

export const glossarySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    termCount: z.number().int(),
    createdAt: moment,
    updatedAt: moment,
    warnings: z.array(z.string()).optional(),
  })
  .meta({ id: "Glossary" });

/** A segment as a person corrected it. Words are kept only where they still fit. */
export const correctedSegmentSchema = z.object({
  start: segmentSchema.shape.start,
  end: segmentSchema.shape.end,
  text: z.string().max(100_000),
  confidence: segmentSchema.shape.confidence.optional(),
  words: segmentSchema.shape.words.optional(),
});

export type JobStatus = z.infer<typeof jobStatusSchema>;
export type JobOptions = z.infer<typeof jobOptionsSchema>;
export type Job = z.infer<typeof jobSchema>;
export type GlossaryResource = z.infer<typeof glossarySchema>;
export type TermInput = z.infer<typeof termInputSchema>;
export type CorrectedSegment = z.infer<typeof correctedSegmentSchema>;
