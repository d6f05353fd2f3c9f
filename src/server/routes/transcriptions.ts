/**
 * Recognition while the client waits: OpenAI's `POST /v1/audio/transcriptions`, and `POST /asr` as GLM-ASR-Nano has it.
 * Nothing is stored.
 */
import { rm, writeFile } from "node:fs/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { formatTranscript } from "../../transcript/formats.ts";
import { joinTexts } from "../../transcript/text-flow.ts";
import type { Segment, Transcript } from "../../transcript/transcript.ts";
import { clientOf } from "../http/access.ts";
import { EventStream } from "../http/event-stream.ts";
import { readForm } from "../http/multipart.ts";
import { ClientGone, fieldProblem, parsed, problemOf } from "../http/problem.ts";
import { newIdentifier } from "../identifiers.ts";
import { checkLanguage, contextLimit, fieldsOf, modelOf } from "../jobs/job-request.ts";
import { linkedSignal } from "../linked-signal.ts";
import type { TaskOptions, WorkerEvent } from "../recognition/messages.ts";
import { termsOfRequest } from "../request-terms.ts";
import { languageSchema, mostTerms, termInputSchema } from "../schemas.ts";
import type { App, Services } from "../services.ts";
import { mediaTypes } from "./jobs.ts";

const responseFormats = ["json", "text", "srt", "verbose_json", "vtt"] as const;

const truth = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");

/** The fields of the form, beside `file` and `context[]`. */
export const transcriptionSchema = z.object({
  model: z.string().max(100).optional().describe("`whisper-1` stands for the server's default."),
  language: z
    .union([z.literal("").transform(() => undefined), languageSchema])
    .optional()
    .describe("ISO 639-1 code; detected when it is not given."),
  prompt: z
    .string()
    .max(20_000)
    .default("")
    .describe(
      "What was said before the recording, or how it is to be written; the model is shown its end. A list of names, with " +
        "commas or line ends between them, becomes terms.",
    ),
  response_format: z.enum(responseFormats).default("json"),
  temperature: z.coerce.number().min(0).max(2).optional(),
  timestamp_granularities: z.array(z.enum(["word", "segment"])).default(["segment"]),
  stream: truth.default(false),
  terms: z.array(termInputSchema).max(mostTerms).default([]),
  terms_id: z.array(z.string().max(100)).max(20).default([]),
});

const asrAnswerSchema = z.object({
  text: z.string(),
  segments: z.array(
    z.object({ start: z.number(), end: z.number(), text: z.string(), confidence: z.number() }),
  ),
  confidence: z.number(),
});

const lists = ["timestamp_granularities", "terms", "terms_id", "include"];

export function addTranscriptionRoutes(app: App, services: Services): void {
  app.post(
    "/v1/audio/transcriptions",
    {
      config: { scope: "transcribe", form: "transcription" },
      schema: {
        tags: ["OpenAI"],
        summary: "Recognise a recording, as OpenAI's API does",
        description:
          "Takes a form with `file`. Beside OpenAI's fields: `terms[]`, `terms_id` (a glossary) and files in `context[]`.",
      },
    },
    (request, reply) => transcribe(request, reply, services),
  );

  app.post(
    "/asr",
    {
      // 25 MB of audio, a third more as base64; held in memory. What is larger comes as a form.
      bodyLimit: 34 * 1024 * 1024,
      config: { scope: "transcribe", form: "asr" },
      schema: {
        tags: ["GLM-ASR-Nano"],
        summary: "Recognise a recording, as GLM-ASR-Nano's service does",
        description: "A form with `file`, or JSON with base64 in `audio`.",
        response: {
          200: asrAnswerSchema,
        },
      },
    },
    (request, reply) => recogniseForAsr(request, reply, services),
  );
}

async function transcribe(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
): Promise<FastifyReply | undefined> {
  const client = clientOf(request);
  await using form = await readForm(request, services.data, {
    files: {
      file: { bytes: client.limits.uploadBytes ?? services.settings.uploadBytes, count: 1 },
      context: contextLimit,
    },
  });
  const fields = parsed(transcriptionSchema, fieldsOf(form, lists));
  const file = form.files.find(({ field }) => field === "file");
  if (!file) throw fieldProblem("file", "no recording was given");
  if (file.bytes === 0) throw fieldProblem("file", `${file.name} is empty`);
  const model = modelOf(fields.model, services);
  checkLanguage(fields.language ?? null, model, services);
  const prompt = readPrompt(fields.prompt);
  const { terms } = await termsOfRequest(
    {
      terms: [...fields.terms, ...prompt.terms],
      glossaries: fields.terms_id,
      files: form.files.filter(({ field }) => field === "context"),
      fields: { terms: "terms", glossaries: "terms_id", files: "context" },
    },
    client,
    services.glossaries,
  );
  const options: TaskOptions = {
    language: fields.language,
    history: prompt.history,
    // OpenAI's default of 0 means: search, and fall back where that fails.
    temperatures: fields.temperature ? [fields.temperature] : undefined,
  };
  const termsName = await services.data.keepTerms(terms);
  const run = (onEvent: (event: WorkerEvent) => void, signal: AbortSignal) =>
    recogniseNow(services, { model, path: file.path, name: file.name, options, termsName, onEvent, signal });

  if (fields.stream && fields.response_format !== "json" && fields.response_format !== "text") {
    throw fieldProblem("stream", "works with the response formats json and text");
  }
  if (fields.stream) {
    await streamTranscription(reply, services, run);
    return undefined;
  }
  const transcript = await run(() => {}, signalOf(reply, services));
  switch (fields.response_format) {
    case "json":
      return reply.send({ text: transcript.text, usage: usageOf(transcript) });
    case "verbose_json":
      return reply.send(verbose(transcript, fields.timestamp_granularities));
    case "text":
      return reply.type("text/plain; charset=utf-8").send(`${transcript.text}\n`);
    case "srt":
    case "vtt":
      return reply
        .type(mediaTypes[fields.response_format])
        .send(formatTranscript(transcript, fields.response_format));
  }
}

/** OpenAI's events: pieces of text as they come, then the whole. */
async function streamTranscription(
  reply: FastifyReply,
  services: Services,
  run: (onEvent: (event: WorkerEvent) => void, signal: AbortSignal) => Promise<Transcript>,
): Promise<void> {
  const stream = new EventStream(reply, services.stopping);
  let text = "";
  const onEvent = (event: WorkerEvent) => {
    if (event.type !== "segment") return;
    const joined = joinTexts([text, event.segment.text]);
    stream.send("transcript.text.delta", {
      type: "transcript.text.delta",
      delta: joined.slice(text.length),
    });
    text = joined;
  };
  try {
    const transcript = await run(onEvent, stream.closed);
    stream.send("transcript.text.done", {
      type: "transcript.text.done",
      text: transcript.text,
      usage: usageOf(transcript),
    });
  } catch (error) {
    if (error instanceof ClientGone) return;
    const problem = problemOf(error);
    if (problem.status === 500) reply.log.error({ err: error }, "request failed");
    // The status has gone out long ago; OpenAI's clients raise what stands in `error`.
    stream.send("error", { error: { message: problem.message, type: "server_error", code: problem.status } });
  } finally {
    stream.close();
  }
}

async function recogniseForAsr(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
): Promise<z.infer<typeof asrAnswerSchema>> {
  const { data, settings } = services;
  const client = clientOf(request);
  const limit = client.limits.uploadBytes ?? settings.uploadBytes;
  await using form = request.isMultipart()
    ? await readForm(request, data, { files: { file: { bytes: limit, count: 1 } } })
    : await formOfBase64(request.body, data);
  const schema = z.object({
    language: z.union([z.enum(["", "auto"]).transform(() => undefined), languageSchema]).optional(),
    temperature: z.coerce.number().min(0).max(2).optional(),
  });
  const fields = parsed(schema, fieldsOf(form, []));
  const [file] = form.files;
  if (!file) throw fieldProblem("file", "no recording was given");
  if (file.bytes === 0) throw fieldProblem("file", "the recording is empty");
  checkLanguage(fields.language ?? null, settings.model, services);
  const transcript = await recogniseNow(services, {
    model: settings.model,
    path: file.path,
    name: file.name,
    options: {
      language: fields.language,
      temperatures: fields.temperature ? [fields.temperature] : undefined,
    },
    termsName: null,
    onEvent: () => {},
    signal: signalOf(reply, services),
  });
  return {
    text: transcript.text,
    segments: transcript.segments.map(({ start, end, text, confidence }) => ({
      start,
      end,
      text,
      confidence,
    })),
    confidence: meanConfidence(transcript.segments),
  };
}

/** A request to `/asr` as JSON. */
export const asrBodySchema = z.object({
  audio: z.string().min(1).describe("The file in base64, with or without a `data:` prefix."),
  language: z.string().max(10).nullish(),
  temperature: z.union([z.number(), z.string()]).nullish(),
});

async function formOfBase64(
  body: unknown,
  data: Services["data"],
): Promise<Awaited<ReturnType<typeof readForm>>> {
  const { audio, language, temperature } = parsed(asrBodySchema, body ?? {});
  const text = audio.replace(/^data:[^,]{0,200},/, "");
  // Buffer.from leaves out what it does not know; a check of the whole costs little.
  if (!/^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(text)) throw fieldProblem("audio", "is not base64");
  const bytes = Buffer.from(text, "base64");
  const path = data.incoming(newIdentifier("file"));
  await writeFile(path, bytes);
  const fields = new Map<string, string[]>();
  if (language) fields.set("language", [language]);
  if (temperature !== null && temperature !== undefined) fields.set("temperature", [String(temperature)]);
  return {
    fields,
    files: [{ field: "file", name: "recording", mediaType: null, path, bytes: bytes.length }],
    [Symbol.asyncDispose]: () => rm(path, { force: true }),
  };
}

interface NowTask {
  readonly model: string;
  readonly path: string;
  readonly name: string;
  readonly options: TaskOptions;
  readonly termsName: string | null;
  readonly onEvent: (event: WorkerEvent) => void;
  readonly signal: AbortSignal;
}

async function recogniseNow({ recognition, data }: Services, task: NowTask): Promise<Transcript> {
  const termsFile = task.termsName === null ? null : data.termsFile(task.termsName);
  const { model, path, options } = task;
  const id = newIdentifier("file");
  try {
    return await recognition.recogniseNow(
      { id, model, path, options, termsFile, isUrgent: true },
      task.onEvent,
      task.signal,
    );
  } catch (error) {
    // Errors name the file; the client knows it by another name.
    if (error instanceof Error) error.message = error.message.replaceAll(path, task.name);
    throw error;
  }
}

/** Aborts when the client is gone or the server stops for good. */
function signalOf(reply: FastifyReply, { stopping }: Services): AbortSignal {
  const linked = linkedSignal(stopping);
  // Also when the answer has been sent, which stops nothing any more.
  const gone = () => {
    linked.abort(new ClientGone());
    linked[Symbol.dispose]();
  };
  if (reply.raw.destroyed) gone();
  else reply.raw.once("close", gone);
  return linked.signal;
}

/**
 * OpenAI's prompt is text that precedes the recording, and people list names in it too. A list becomes terms, which the
 * model is shown as well, and more; anything else is what was said before.
 */
function readPrompt(prompt: string): { terms: string[]; history: string | undefined } {
  const text = prompt.trim();
  const parts = text
    .split(/[,;\n、，；]/)
    .map((part) => part.trim().replace(/(?<![.\p{Lu}])[.。]$/u, ""))
    .filter((part) => part !== "");
  const words = Math.max(0, ...parts.map((part) => part.split(/\s+/).length));
  const isSentence =
    parts.some(({ length }) => length > 100) ||
    words > 6 ||
    (words > 3 && /[.!?…。！？]$/u.test(text)) ||
    // The end of a sentence in the middle; a point after one letter or two is an abbreviation.
    /(?:[!?…。！？]|\.\.|\p{Ll}{3}\.)\s*\S/u.test(text);
  return isSentence ? { terms: [], history: text } : { terms: parts, history: undefined };
}

function usageOf({ durationSeconds }: Transcript): object {
  return { type: "duration", seconds: Math.ceil(durationSeconds) };
}

function meanConfidence(segments: readonly Segment[]): number {
  if (segments.length === 0) return 0;
  return segments.reduce((sum, { confidence }) => sum + confidence, 0) / segments.length;
}

/** OpenAI's long form. What Glossa does not know of a segment has the value that says nothing. */
function verbose(transcript: Transcript, granularities: readonly ("word" | "segment")[]): object {
  const { segments } = transcript;
  const words = segments.flatMap((segment) => segment.words);
  return {
    task: "transcribe",
    language: transcript.language,
    duration: transcript.durationSeconds,
    text: transcript.text,
    ...(granularities.includes("word") && {
      words: words.map(({ text, start, end, confidence }) => ({ word: text, start, end, confidence })),
    }),
    ...(granularities.includes("segment") && {
      segments: segments.map((segment, id) => ({
        id,
        seek: 0,
        start: segment.start,
        end: segment.end,
        text: segment.text,
        tokens: [],
        temperature: 0,
        avg_logprob: Math.log(Math.max(segment.confidence, 1e-6)),
        compression_ratio: 1,
        no_speech_prob: 0,
        confidence: segment.confidence,
      })),
    }),
    terms: transcript.terms.filter(({ status }) => status === "written"),
    warnings: transcript.warnings,
    usage: usageOf(transcript),
  };
}
