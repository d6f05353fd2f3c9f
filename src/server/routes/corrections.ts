/**
 * Corrections of transcripts, and the data set that they make: recordings with the right text, as `glossa eval` and
 * training read them.
 */
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { create as createTar } from "tar";
import { z } from "zod";
import { joinTexts } from "../../transcript/text-flow.ts";
import { transcriptSchema, type Segment, type Transcript } from "../../transcript/transcript.ts";
import { clientOf } from "../http/access.ts";
import { safeEnding } from "../http/multipart.ts";
import { fieldProblem, Problem } from "../http/problem.ts";
import { correctedSegmentSchema, type CorrectedSegment } from "../schemas.ts";
import type { App, Services } from "../services.ts";
import { attachment, findJob } from "./jobs.ts";

const parameters = z.object({ id: z.string().max(100) });
const scope = "transcribe" as const;
const tags = ["Corrections"];

export function addCorrectionRoutes(app: App, services: Services): void {
  const { corrections, jobs, audit, data, events } = services;

  app.put(
    "/v1/jobs/:id/correction",
    {
      bodyLimit: 64 * 1024 * 1024,
      config: { scope },
      schema: {
        tags,
        summary: "Keep a corrected transcript",
        params: parameters,
        body: z.strictObject({ segments: z.array(correctedSegmentSchema).max(100_000) }),
        response: {
          200: z.object({
            jobId: z.string(),
            savedAt: z.string(),
            segments: z.number().int(),
            changedSegments: z.number().int(),
          }),
        },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const job = findJob(services, request.params.id, client);
      const original = jobs.transcript(job);
      if (!original) throw new Problem(409, `Job ${job.id} is ${job.status}; it has no transcript.`);
      const { transcript, changedSegments } = corrected(original, request.body.segments);
      const savedAt = corrections.save(job, transcript, changedSegments);
      audit.note(client.owner, "correction.save", job.id, request.ip);
      events.tell(job, { type: "job" });
      return { jobId: job.id, savedAt, segments: transcript.segments.length, changedSegments };
    },
  );

  app.get(
    "/v1/jobs/:id/correction",
    {
      config: { scope },
      schema: {
        tags,
        summary: "The corrected transcript of a job",
        params: parameters,
        response: {
          200: z.object({ jobId: z.string(), savedAt: z.string(), transcript: transcriptSchema }),
        },
      },
    },
    async (request) => {
      const job = findJob(services, request.params.id, clientOf(request));
      const correction = corrections.get(job);
      if (!correction) throw new Problem(404, `Job ${job.id} has no correction.`);
      return { jobId: job.id, ...correction };
    },
  );

  app.delete(
    "/v1/jobs/:id/correction",
    {
      config: { scope },
      schema: { tags, summary: "Forget a correction", params: parameters, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const job = findJob(services, request.params.id, client);
      if (!corrections.delete(job)) throw new Problem(404, `Job ${job.id} has no correction.`);
      audit.note(client.owner, "correction.delete", job.id, request.ip);
      events.tell(job, { type: "job" });
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/v1/corrections",
    {
      config: { scope },
      schema: {
        tags,
        summary: "List corrections, newest first",
        response: {
          200: z.object({
            corrections: z.array(
              z.object({
                jobId: z.string(),
                name: z.string(),
                savedAt: z.string(),
                durationSeconds: z.number(),
                changedSegments: z.number().int(),
              }),
            ),
            utterances: z.number().int(),
            seconds: z.number(),
          }),
        },
      },
    },
    async (request) => {
      const found = corrections.list(clientOf(request).sees);
      return {
        corrections: found,
        utterances: found.reduce((sum, { segmentCount }) => sum + segmentCount, 0),
        seconds: found.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0),
      };
    },
  );

  app.get(
    "/v1/corrections/data-set",
    {
      config: { scope },
      schema: {
        tags,
        summary: "All corrections as a data set: a tar archive with manifest.jsonl and recordings",
      },
    },
    async (request, reply) => {
      const found = corrections.list(clientOf(request).sees);
      const folder = await mkdtemp(join(tmpdir(), "glossa-data-set-"));
      reply.raw.once("close", () => void rm(folder, { recursive: true, force: true }));
      const lines: string[] = [];
      const names: string[] = [];
      for (const { jobId, name, file } of found) {
        const job = jobs.get(jobId);
        const correction = job && corrections.get(job);
        if (!correction) continue;
        const audio = `${jobId}${safeEnding(name)}`;
        // A link, followed when it is packed: recordings are not copied twice.
        await symlink(resolve(data.recording(file)), join(folder, audio));
        names.push(audio);
        lines.push(manifestLine(audio, jobId, name, correction.transcript));
      }
      await writeFile(join(folder, "manifest.jsonl"), lines.join(""));
      const archive = createTar({ cwd: folder, follow: true, portable: true }, ["manifest.jsonl", ...names]);
      return reply
        .type("application/x-tar")
        .header("content-disposition", attachment("glossa-corrections.tar"))
        .send(archive);
    },
  );
}

function manifestLine(audio: string, job: string, name: string, transcript: Transcript): string {
  return `${JSON.stringify({
    audio,
    text: transcript.text,
    language: transcript.language,
    duration: transcript.durationSeconds,
    segments: transcript.segments.map(({ start, end, text }) => ({ start, end, text })),
    job,
    source: name,
  })}\n`;
}

/** The transcript with the segments of a person. @throws Problem 400 for times that cannot be */
function corrected(
  original: Transcript,
  edited: readonly CorrectedSegment[],
): { transcript: Transcript; changedSegments: number } {
  const before = new Set(original.segments.map(({ start, end, text }) => `${start} ${end} ${text}`));
  let changedSegments = 0;
  let lastStart = 0;
  const segments: Segment[] = edited.map((segment, index) => {
    const { start, end } = segment;
    const text = segment.text.trim();
    if (end < start) throw fieldProblem(`segments.${index}.end`, "lies before the start");
    if (start < lastStart)
      throw fieldProblem(`segments.${index}.start`, "lies before that of the segment before");
    lastStart = start;
    if (!before.delete(`${start} ${end} ${text}`)) changedSegments++;
    // Word times that do not spell the text any more would lead subtitles astray.
    const words = segment.words ?? [];
    const isSpelled = squeezed(words.map((word) => word.text).join("")) === squeezed(text);
    return { start, end, text, confidence: segment.confidence ?? 1, words: isSpelled ? words : [] };
  });
  const transcript = {
    ...original,
    text: joinTexts(segments.map(({ text }) => text)),
    segments,
  };
  // What was taken out is a change too.
  return { transcript, changedSegments: Math.max(changedSegments, before.size) };
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}
