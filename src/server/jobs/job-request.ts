/**
 * From a request to jobs: what is asked for is checked as a whole, and all jobs are made or none.
 */
import { link, rename } from "node:fs/promises";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Client } from "../http/access.ts";
import { readForm, type Form } from "../http/multipart.ts";
import { fieldProblem, parsed, Problem } from "../http/problem.ts";
import { newIdentifier } from "../identifiers.ts";
import { termsOfRequest } from "../request-terms.ts";
import { languageSchema, mostTerms, termInputSchema, type TermInput } from "../schemas.ts";
import type { Services } from "../services.ts";
import type { StoredJob } from "../store/job-row.ts";
import type { NewJob } from "../store/jobs.ts";
import { completeUpload, takeUpload } from "../uploads.ts";
import { checkUrl } from "./url-policy.ts";

export const mostFiles = 100;
/** Term files and documents. */
export const contextLimit = { bytes: 64 * 1024 * 1024, count: 20 };
const defaultUnfinishedJobs = 10_000;

const nameSchema = z.string().trim().min(1).max(200);
const urlSchema = z.string().max(4000);
export const webhookSchema = z.strictObject({
  url: urlSchema,
  secret: z.string().min(16).max(200).optional().describe("Signs what is sent (Standard Webhooks)."),
});
const temperatureSchema = z
  .number()
  .min(0)
  .max(2)
  .describe("Sampling temperature; 0 searches. Not given: search, with fallbacks.");

export const jobBodySchema = z
  .strictObject({
    url: urlSchema.optional(),
    urls: z.array(urlSchema).min(1).max(mostFiles).optional(),
    upload: z.string().max(100).optional().describe("Identifier of a resumable upload."),
    uploads: z.array(z.string().max(100)).min(1).max(mostFiles).optional(),
    job: z.string().max(100).optional().describe("A job whose recording is to be recognised once more."),
    name: nameSchema.optional(),
    model: z.string().max(100).optional(),
    language: languageSchema.nullish(),
    temperature: temperatureSchema.nullish(),
    wordTimes: z.boolean().default(true),
    terms: z.array(termInputSchema).max(mostTerms).default([]),
    glossaries: z.array(z.string().max(100)).max(20).default([]),
    webhook: webhookSchema.nullish(),
  })
  .refine((body) => [body.url, body.urls, body.upload, body.uploads, body.job].filter(Boolean).length === 1, {
    message: "give exactly one of url, urls, upload, uploads, job",
  });

/** Fields of a form, as text. */
const formSchema = z.strictObject({
  model: z.string().max(100).optional(),
  language: languageSchema.optional(),
  temperature: z.coerce.number().min(0).max(2).optional(),
  word_times: z.enum(["true", "false", "1", "0"]).default("true"),
  terms: z.array(termInputSchema).max(mostTerms).default([]),
  terms_id: z.array(z.string().max(100)).max(20).default([]),
  webhook_url: urlSchema.optional(),
  webhook_secret: z.string().min(16).max(200).optional(),
  name: nameSchema.optional(),
});

interface Wanted {
  readonly model?: string;
  readonly language?: string | null;
  readonly temperature?: number | null;
  readonly wordTimes: boolean;
  readonly terms: readonly TermInput[];
  readonly glossaries: readonly string[];
  readonly name?: string;
  readonly webhook: { url: string; secret?: string } | null;
}

/** @throws Problem that names the field */
export async function readJobRequest(
  request: FastifyRequest,
  client: Client,
  services: Services,
): Promise<StoredJob[]> {
  const most = client.limits.unfinishedJobs ?? defaultUnfinishedJobs;
  if (services.jobs.countUnfinished(client.owner) >= most) {
    throw new Problem(429, `${most} jobs wait or run already; wait until some are done.`);
  }
  return request.isMultipart()
    ? jobsOfForm(request, client, services)
    : jobsOfBody(parsed(jobBodySchema, request.body ?? {}), client, services);
}

async function jobsOfForm(request: FastifyRequest, client: Client, services: Services): Promise<StoredJob[]> {
  const { data, settings } = services;
  await using form = await readForm(request, data, {
    files: {
      file: { bytes: client.limits.uploadBytes ?? settings.uploadBytes, count: mostFiles },
      context: contextLimit,
    },
  });
  const fields = parsed(formSchema, fieldsOf(form, ["terms", "terms_id"]));
  const recordings = form.files.filter(({ field }) => field === "file");
  if (recordings.length === 0) throw fieldProblem("file", "no recording was given");
  const empty = recordings.find(({ bytes }) => bytes === 0);
  if (empty) throw fieldProblem("file", `${empty.name} is empty`);
  if (fields.name !== undefined && recordings.length > 1) throw fieldProblem("name", "only with one file");
  const wanted: Wanted = {
    ...fields,
    wordTimes: ["true", "1"].includes(fields.word_times),
    glossaries: fields.terms_id,
    webhook:
      fields.webhook_url === undefined ? null : { url: fields.webhook_url, secret: fields.webhook_secret },
  };
  const context = form.files.filter(({ field }) => field === "context");
  const common = await commonOf(wanted, context, "terms_id", "webhook_url", client, services);
  const jobs: NewJob[] = [];
  for (const recording of recordings) {
    const file = newIdentifier("file");
    await rename(recording.path, data.recording(file));
    jobs.push({
      ...common,
      batch: null,
      name: fields.name ?? recording.name,
      source: { type: "upload" },
      file,
      bytes: recording.bytes,
      mediaType: recording.mediaType,
    });
  }
  return create(jobs, services);
}

async function jobsOfBody(
  body: z.infer<typeof jobBodySchema>,
  client: Client,
  services: Services,
): Promise<StoredJob[]> {
  const wanted: Wanted = { ...body, webhook: body.webhook ?? null };
  const common = await commonOf(wanted, [], "glossaries", "webhook.url", client, services);
  const urls = body.urls ?? (body.url === undefined ? [] : [body.url]);
  const uploads = body.uploads ?? (body.upload === undefined ? [] : [body.upload]);
  if (body.name !== undefined && urls.length + uploads.length > 1)
    throw fieldProblem("name", "only with one recording");
  const jobs: NewJob[] = [];
  for (const [index, text] of urls.entries()) {
    const url = checkUrl(text, services.settings.urlHosts, body.urls ? `urls.${index}` : "url");
    const last = decodeURIComponentSafely(url.pathname.split("/").at(-1)!);
    jobs.push({
      ...common,
      batch: null,
      name: body.name ?? (last || url.hostname),
      source: { type: "url", url: url.href },
      file: null,
      bytes: null,
      mediaType: null,
    });
  }
  if (body.job !== undefined)
    jobs.push({ ...common, ...(await again(body.job, body.name, client, services)) });
  const complete = await Promise.all(
    uploads.map((id, index) => {
      const field = body.uploads ? `uploads.${index}` : "upload";
      if (uploads.indexOf(id) < index) throw fieldProblem(field, `upload ${id} is named twice`);
      return completeUpload(id, client, services, field);
    }),
  );
  // Taken only when all of them can be: a request that fails leaves them as they are.
  for (const upload of complete) {
    jobs.push({
      ...common,
      batch: null,
      name: body.name ?? upload.name,
      source: { type: "upload" },
      file: await takeUpload(upload, services),
      bytes: upload.bytes,
      mediaType: upload.mediaType,
    });
  }
  return create(jobs, services);
}

/** The recording of another job. A link of its own, so that either can be deleted without the other. */
async function again(
  id: string,
  name: string | undefined,
  client: Client,
  { jobs, data }: Services,
): Promise<Pick<NewJob, "batch" | "name" | "source" | "file" | "bytes" | "mediaType">> {
  const first = jobs.get(id, client.sees);
  if (!first) throw fieldProblem("job", `there is no job ${id}`);
  if (first.file === null) throw new Problem(409, `The recording of job ${id} is not there yet.`);
  const file = newIdentifier("file");
  await link(data.recording(first.file), data.recording(file));
  return {
    batch: null,
    name: name ?? first.name,
    source: { type: "job", job: first.source.type === "job" ? first.source.job : first.id },
    file,
    bytes: first.bytes,
    mediaType: first.mediaType,
  };
}

function create(jobs: readonly NewJob[], { jobs: store }: Services): StoredJob[] {
  const batch = jobs.length > 1 ? newIdentifier("batch") : null;
  return store.create(jobs.map((job) => ({ ...job, batch })));
}

/** What all jobs of a request share. */
async function commonOf(
  wanted: Wanted,
  context: readonly { path: string; name: string }[],
  glossariesField: string,
  webhookField: string,
  client: Client,
  services: Services,
): Promise<Pick<NewJob, "owner" | "options" | "terms" | "webhook" | "totalSeconds">> {
  const { settings, glossaries, data } = services;
  const model = modelOf(wanted.model, services);
  checkLanguage(wanted.language ?? null, model, services);
  const { webhook } = wanted;
  if (webhook) checkUrl(webhook.url, settings.urlHosts, webhookField);
  const fields = { terms: "terms", glossaries: glossariesField, files: "context" };
  const { terms } = await termsOfRequest(
    { terms: wanted.terms, glossaries: wanted.glossaries, files: context, fields },
    client,
    glossaries,
  );
  return {
    owner: client.owner,
    totalSeconds: null,
    options: {
      model,
      language: wanted.language ?? null,
      temperature: wanted.temperature ?? null,
      wordTimes: wanted.wordTimes,
      glossaries: [...wanted.glossaries],
      termCount: terms.length,
    },
    terms: await data.keepTerms(terms),
    webhook: webhook && { url: webhook.url, secret: webhook.secret ?? null },
  };
}

/** Names that other services give their model stand for the default. */
const otherNames = new Set(["", "default", "whisper-1"]);

/** @throws Problem 400 for a model that the server does not offer */
export function modelOf(name: string | undefined, { settings }: Services, field = "model"): string {
  if (name === undefined || otherNames.has(name)) return settings.model;
  if (settings.models.includes(name)) return name;
  throw fieldProblem(
    field,
    `there is no model "${name.slice(0, 60)}"; there are ${settings.models.join(", ")}`,
  );
}

/** What is known already need not fail later. @throws Problem 400 */
export function checkLanguage(
  language: string | null,
  model: string,
  { recognition }: Services,
  field = "language",
): void {
  const known = recognition.languages.get(model);
  if (language === null || !known || known.includes(language)) return;
  throw fieldProblem(field, `${model} does not know the language "${language}"`);
}

/** Fields of a form for a schema: those named are lists, of others the last counts. */
export function fieldsOf(form: Form, lists: readonly string[]): Record<string, string | string[]> {
  return Object.fromEntries(
    [...form.fields].map(([name, values]) => [name, lists.includes(name) ? [...values] : values.at(-1)!]),
  );
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
