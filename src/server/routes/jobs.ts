/**
 * Jobs: made from uploads and addresses, watched, cancelled, retried, and their results in every format.
 */
import { rm } from "node:fs/promises";
import { z } from "zod";
import { formatTranscript, transcriptFormats, type TranscriptFormat } from "../../transcript/formats.ts";
import { transcriptSchema, type Transcript } from "../../transcript/transcript.ts";
import { clientOf, type Client } from "../http/access.ts";
import { EventStream } from "../http/event-stream.ts";
import { Problem } from "../http/problem.ts";
import { sendFile } from "../http/send-file.ts";
import { readJobRequest } from "../jobs/job-request.ts";
import { publicJob } from "../jobs/public-job.ts";
import { jobSchema, jobStatusSchema } from "../schemas.ts";
import type { App, Services } from "../services.ts";
import type { StoredJob } from "../store/job-row.ts";

const parameters = z.object({ id: z.string().max(100) });
const listed = z.object({ jobs: z.array(jobSchema), next: z.string().nullable() });

export const mediaTypes: Record<TranscriptFormat, string> = {
  txt: "text/plain; charset=utf-8",
  json: "application/json; charset=utf-8",
  srt: "application/x-subrip; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
  tsv: "text/tab-separated-values; charset=utf-8",
};

/** The job of a request. @throws Problem 404, also for jobs of others */
export function findJob(services: Services, id: string, client: Client): StoredJob {
  const job = services.jobs.get(id, client.sees);
  if (!job) throw new Problem(404, `There is no job ${id}.`);
  return job;
}

/** The transcript of a job as it is best known. @throws Problem 409 while there is none */
export function transcriptOf(
  services: Services,
  job: StoredJob,
  version?: "corrected" | "original",
): Transcript {
  const corrected = version === "original" ? null : services.corrections.get(job);
  if (version === "corrected" && !corrected) throw new Problem(404, `Job ${job.id} has no correction.`);
  const transcript = corrected?.transcript ?? services.jobs.transcript(job);
  if (!transcript) throw new Problem(409, `Job ${job.id} is ${job.status}; it has no transcript.`);
  return transcript;
}

export function addJobRoutes(app: App, services: Services): void {
  const { jobs, runner, audit, data, events } = services;
  const scope = "transcribe" as const;

  app.post(
    "/v1/jobs",
    {
      config: { scope, form: "job" },
      schema: {
        tags: ["Jobs"],
        summary: "Make jobs from recordings",
        description:
          "As a form: one or more files in `file`. As JSON: `url`, `urls`, `upload` or `uploads` (identifiers of resumable " +
          "uploads), or `job` (the recording of another job once more). Several recordings make a batch.",
        response: { 202: z.object({ batch: z.string().nullable(), jobs: z.array(jobSchema) }) },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const made = await readJobRequest(request, client, services);
      for (const job of made) {
        audit.note(client.owner, "job.create", job.id, request.ip);
        events.tell(job, { type: "job" });
      }
      services.fetcher.pump();
      void runner.pump();
      return reply.code(202).send({ batch: made[0]!.batch, jobs: made.map(publicJob) });
    },
  );

  app.get(
    "/v1/jobs",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "List and search jobs, newest first",
        querystring: z.object({
          status: jobStatusSchema.optional(),
          batch: z.string().max(100).optional(),
          job: z.string().max(100).optional().describe("Jobs that were made from this one."),
          query: z.string().trim().max(200).optional().describe("Searches names and texts."),
          limit: z.coerce.number().int().min(1).max(200).default(50),
          before: z.string().max(100).optional().describe("`next` of the page before."),
        }),
        response: { 200: listed },
      },
    },
    async (request) => {
      const { status, batch, job, query, limit, before } = request.query;
      const found = jobs.list({
        owner: clientOf(request).sees,
        status: status ?? null,
        batch: batch ?? null,
        job: job ?? null,
        query: query || null,
        before: before ?? null,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return { jobs: page.map(publicJob), next: found.length > limit ? page.at(-1)!.id : null };
    },
  );

  app.get(
    "/v1/jobs/:id",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "A job",
        params: parameters,
        response: { 200: jobSchema },
      },
    },
    async (request) => publicJob(findJob(services, request.params.id, clientOf(request))),
  );

  app.get(
    "/v1/jobs/:id/transcript",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "The transcript of a job",
        params: parameters,
        querystring: z.object({
          format: z.enum(transcriptFormats).default("json"),
          version: z.enum(["corrected", "original"]).optional(),
          download: z.enum(["0", "1", "true", "false"]).optional(),
        }),
        response: { 200: z.union([transcriptSchema, z.string()]) },
      },
    },
    async (request, reply) => {
      const { format, version, download } = request.query;
      const job = findJob(services, request.params.id, clientOf(request));
      const text = formatTranscript(transcriptOf(services, job, version), format);
      if (download === "1" || download === "true") {
        const name = `${job.name.replace(/\.[^.]*$/, "") || "transcript"}.${format}`;
        void reply.header("content-disposition", attachment(name));
      }
      return reply
        .type(mediaTypes[format])
        .serializer((body: unknown) => body as string)
        .send(text);
    },
  );

  app.get(
    "/v1/jobs/:id/audio",
    {
      config: { scope },
      schema: { tags: ["Jobs"], summary: "The recording of a job, as it was given", params: parameters },
    },
    async (request, reply) => {
      const job = findJob(services, request.params.id, clientOf(request));
      if (job.file === null) throw new Problem(409, `The recording of job ${job.id} is not there yet.`);
      return sendFile(request, reply, data.recording(job.file), job.mediaType);
    },
  );

  app.get(
    "/v1/jobs/:id/events",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "What happens to a job, as server-sent events",
        description:
          "`job`, then all segments so far, then `segment`, `progress` and `job` as they come; ends with `done`.",
        params: parameters,
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { id } = request.params;
      const job = findJob(services, id, client);
      const stream = new EventStream(reply, services.stopping);
      // Nothing can happen between reading the state and listening: both are synchronous.
      const isOver = ({ status }: StoredJob) => ["done", "failed", "cancelled"].includes(status);
      const sendState = (job: StoredJob) => {
        stream.send(isOver(job) ? "done" : "job", publicJob(job));
        if (isOver(job)) stream.close();
      };
      const soFar = jobs.transcript(job)?.segments ?? jobs.segments(job);
      if (!isOver(job)) stream.send("job", publicJob(job));
      for (const [index, segment] of soFar.entries()) stream.send("segment", { index, segment });
      if (isOver(job)) return sendState(job);
      const listener: Parameters<typeof events.on<"job">>[1] = (changed, _owner, event) => {
        if (changed !== id) return;
        if (event.type === "segment") stream.send("segment", { index: event.index, segment: event.segment });
        else if (event.type === "progress") {
          const { processedSeconds, totalSeconds } = event;
          stream.send("progress", { processedSeconds, totalSeconds });
        } else {
          const now = jobs.get(id);
          if (now) sendState(now);
          else stream.close();
        }
      };
      events.on("job", listener);
      stream.closed.addEventListener("abort", () => events.off("job", listener), { once: true });
    },
  );

  app.get(
    "/v1/events",
    {
      config: { scope },
      schema: { tags: ["Jobs"], summary: "Changes of all jobs, as server-sent events `job`" },
    },
    async (request, reply) => {
      const { sees } = clientOf(request);
      const stream = new EventStream(reply, services.stopping);
      const listener: Parameters<typeof events.on<"job">>[1] = (id, owner, event) => {
        if (event.type === "segment" || (sees !== null && owner !== sees)) return;
        const job = jobs.get(id);
        if (job) stream.send("job", publicJob(job));
      };
      events.on("job", listener);
      stream.closed.addEventListener("abort", () => events.off("job", listener), { once: true });
    },
  );

  app.post(
    "/v1/jobs/:id/cancel",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "Stop a job; what was recognised is kept for a retry",
        params: parameters,
        response: { 200: jobSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const job = findJob(services, request.params.id, client);
      if (!runner.cancel(job)) throw new Problem(409, `Job ${job.id} is ${job.status} already.`);
      audit.note(client.owner, "job.cancel", job.id, request.ip);
      return publicJob(jobs.get(job.id)!);
    },
  );

  app.post(
    "/v1/jobs/:id/retry",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "Go on with a job that failed or was cancelled",
        params: parameters,
        response: { 202: jobSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const job = findJob(services, request.params.id, client);
      if (!jobs.retried(job)) {
        throw new Problem(
          409,
          `Job ${job.id} is ${job.status}; only failed and cancelled jobs can be retried.`,
        );
      }
      audit.note(client.owner, "job.retry", job.id, request.ip);
      events.tell(job, { type: "job" });
      services.fetcher.pump();
      void runner.pump();
      return reply.code(202).send(publicJob(jobs.get(job.id)!));
    },
  );

  app.delete(
    "/v1/jobs/:id",
    {
      config: { scope },
      schema: {
        tags: ["Jobs"],
        summary: "Delete a job with its recording, result and correction",
        params: parameters,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const job = findJob(services, request.params.id, client);
      await deleteJob(services, job);
      audit.note(client.owner, "job.delete", job.id, request.ip);
      return reply.code(204).send(null);
    },
  );
}

/** Deletes a job and all that belongs to it. */
export async function deleteJob(services: Services, job: StoredJob): Promise<void> {
  services.runner.cancel(job);
  services.jobs.delete(job);
  services.events.tell(job, { type: "job" });
  if (job.file !== null) await rm(services.data.recording(job.file), { force: true });
}

/** `attachment` with a name of any characters (RFC 6266, RFC 8187). */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
