/**
 * Live sessions over a WebSocket, in the message shapes of Deepgram's streaming API, so that its clients work.
 */
import "@fastify/websocket";
import type { FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { Segment, Transcript } from "../../transcript/transcript.ts";
import { joinTexts } from "../../transcript/text-flow.ts";
import { clientOf, type Client } from "../http/access.ts";
import { parsed, Problem, problemOf } from "../http/problem.ts";
import { newIdentifier } from "../identifiers.ts";
import { checkLanguage, modelOf } from "../jobs/job-request.ts";
import { openLiveAudio, type LiveAudio } from "../live-audio.ts";
import type { WorkerEvent } from "../recognition/messages.ts";
import { termsOfRequest } from "../request-terms.ts";
import { languageSchema, mostTerms, termInputSchema } from "../schemas.ts";
import type { App, Services } from "../services.ts";

const close = { normal: 1000, stopping: 1001, refused: 1008, failed: 1011, busy: 1013 } as const;

const list = z.union([z.array(z.string()), z.string().transform((one) => [one])]).default([]);
const truth = z.enum(["true", "false"]).transform((text) => text === "true");

export const listenQuerySchema = z.object({
  encoding: z
    .enum(["linear16", "opus"])
    .optional()
    .describe("`linear16` or raw Opus packets; without it the audio is a file format, known by its content."),
  sample_rate: z.coerce.number().int().min(8000).max(48_000).default(16_000),
  channels: z.coerce.number().int().min(1).max(2).default(1),
  model: z.string().max(100).optional(),
  language: languageSchema.optional(),
  interim_results: truth.default(true),
  endpointing: z
    .union([z.literal("false").transform(() => 2000), z.coerce.number().int().min(100).max(10_000)])
    .default(500)
    .describe("Milliseconds of silence that end an utterance."),
  keyterm: list.describe("A term; can be repeated."),
  terms_id: list.describe("A glossary; can be repeated."),
});

const messageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("Configure"),
    terms: z.array(termInputSchema).max(mostTerms).default([]),
    glossaries: z.array(z.string().max(100)).max(20).default([]),
  }),
  z.object({ type: z.literal("Finalize") }),
  z.object({ type: z.literal("KeepAlive") }),
  z.object({ type: z.literal("CloseStream") }),
]);

/** A client that sends nothing at all, not even `KeepAlive`, is gone. */
const silentMilliseconds = 60_000;
/** Audio that has not been dealt with yet; then the client has to wait. */
const mostPendingSeconds = 30;
/** A client that sends and never reads is let go when so much has gathered. */
const mostBufferedBytes = 8 * 1024 * 1024;
/** Text messages; audio is measured in seconds. */
export const largestMessageBytes = 4 * 1024 * 1024;
const defaultSessionsPerClient = 8;

export function addLiveRoute(app: App, services: Services): void {
  const sessions = new Map<string, number>();
  app.get(
    "/v1/listen",
    {
      websocket: true,
      config: { scope: "transcribe" },
      schema: {
        tags: ["Live"],
        summary: "Recognise audio while it is spoken (WebSocket)",
        // Checked by the handler: a refusal must be told over the socket, where browsers can read it.
        querystring: z.looseObject({}),
      },
    },
    (socket, request) => {
      const client = clientOf(request);
      const open = sessions.get(client.owner) ?? 0;
      const most = client.limits.liveSessions ?? defaultSessionsPerClient;
      if (open >= most || services.recognition.liveSessions >= services.settings.liveSessions) {
        return socket.close(close.busy, "Too many live sessions; try again later.");
      }
      sessions.set(client.owner, open + 1);
      socket.once("close", () => sessions.set(client.owner, sessions.get(client.owner)! - 1));
      new LiveSession(socket, request, client, services).start().catch((error: unknown) => {
        const problem = problemOf(error);
        if (problem.status >= 500) request.log.error({ err: error }, "live session failed");
        const code = problem.status >= 500 ? close.failed : close.refused;
        socket.close(code, reasonOf(problem.message));
      });
    },
  );
}

class LiveSession {
  readonly #socket: WebSocket;
  readonly #client: Client;
  readonly #services: Services;
  readonly #request: FastifyRequest;
  readonly #id = newIdentifier("live");
  readonly #createdAt = new Date().toISOString();
  #model = "";
  #audio: LiveAudio | null = null;
  #tell: ReturnType<Services["recognition"]["listen"]>["tell"] = () => {};
  #sentSeconds = 0;
  #doneSeconds = 0;
  #finalizeAsked = false;
  /** Messages are dealt with one after the other, in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();
  #termCount = 0;

  constructor(socket: WebSocket, request: FastifyRequest, client: Client, services: Services) {
    this.#socket = socket;
    this.#request = request;
    this.#client = client;
    this.#services = services;
  }

  /** @throws Problem for a wrong query */
  async start(): Promise<void> {
    const socket = this.#socket;
    const { recognition, settings, stopping } = this.#services;
    // Messages that come while terms are read wait in the queue behind it.
    let begin: () => void = () => {};
    this.#queue = new Promise((resolve) => (begin = resolve));
    const silence = setTimeout(() => {
      // A client that is made to wait cannot be heard.
      if (socket.isPaused) silence.refresh();
      else socket.close(close.refused, "No message for a minute.");
    }, silentMilliseconds);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      silence.refresh();
      this.#queue = this.#queue
        .then(() => this.#take(data, isBinary))
        .catch((error: unknown) => this.#fail(error));
    });
    const stop = () => socket.close(close.stopping, "The server stops.");
    stopping.addEventListener("abort", stop, { once: true });
    socket.once("close", () => {
      clearTimeout(silence);
      stopping.removeEventListener("abort", stop);
      this.#audio?.close();
      this.#tell({ type: "cancel", id: this.#id });
    });

    const query = parsed(listenQuerySchema, this.#request.query);
    this.#model = query.model === undefined ? settings.liveModel : modelOf(query.model, this.#services);
    checkLanguage(query.language ?? null, this.#model, this.#services);
    const termsFile = await this.#termsFile(query.keyterm, query.terms_id, ["keyterm", "terms_id"]);
    if (socket.readyState !== socket.OPEN) return;
    this.#audio = openLiveAudio(
      query.encoding ?? null,
      query.sample_rate,
      query.channels,
      (samples) => this.#send(samples),
      (error) => (error ? this.#fail(error) : this.#end()),
    );
    const task = {
      id: this.#id,
      model: this.#model,
      language: query.language ?? null,
      endpointSeconds: query.endpointing / 1000,
      partials: query.interim_results,
      termsFile,
    };
    const { tell } = recognition.listen(
      task,
      (event) => this.#show(event),
      (error) => error && this.#fail(error),
    );
    this.#tell = tell;
    begin();
  }

  async #take(data: Buffer, isBinary: boolean): Promise<void> {
    if (isBinary) {
      // An empty message closes the stream in Deepgram's older clients.
      if (data.length === 0) return this.#audio?.end();
      await this.#audio?.push(data);
      return;
    }
    const message = this.#parse(data);
    switch (message?.type) {
      case "Configure": {
        const names = ["terms", "glossaries"] as const;
        const file = await this.#termsFile(message.terms, message.glossaries, names).catch(
          (error: unknown) => {
            this.#complain(problemOf(error).message);
            return undefined;
          },
        );
        if (file === undefined) return;
        this.#tell({ type: "terms", id: this.#id, termsFile: file });
        this.#write({ type: "Configured", termCount: this.#termCount, warnings: [] });
        return;
      }
      case "Finalize":
        this.#finalizeAsked = true;
        this.#tell({ type: "finalise", id: this.#id });
        return;
      case "CloseStream":
        await this.#audio?.end();
        return;
    }
  }

  async #termsFile(
    terms: z.infer<typeof termInputSchema>[],
    glossaries: readonly string[],
    [termsField, glossariesField]: readonly [string, string],
  ): Promise<string | null> {
    const { data } = this.#services;
    const fields = { terms: termsField, glossaries: glossariesField, files: "" };
    const merged = await termsOfRequest(
      { terms, glossaries, files: [], fields },
      this.#client,
      this.#services.glossaries,
    );
    this.#termCount = merged.terms.length;
    const name = await data.keepTerms(merged.terms);
    return name && data.termsFile(name);
  }

  #parse(data: Buffer): z.infer<typeof messageSchema> | null {
    let value: unknown;
    try {
      value = JSON.parse(data.toString("utf8"));
    } catch {
      this.#complain("A text message must be JSON.");
      return null;
    }
    const result = messageSchema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    this.#complain(`${issue!.path.join(".") || "message"}: ${issue!.message}`);
    return null;
  }

  #send(samples: Float32Array): void {
    this.#sentSeconds += samples.length / 16_000;
    this.#tell({ type: "audio", id: this.#id, samples });
    // The socket is read no further until recognition has caught up.
    if (this.#sentSeconds - this.#doneSeconds > mostPendingSeconds) this.#socket.pause();
  }

  #end(): void {
    this.#tell({ type: "end", id: this.#id });
  }

  #show(event: WorkerEvent): void {
    switch (event.type) {
      case "speech":
        this.#write({ type: "SpeechStarted", channel: [0], timestamp: event.startSeconds });
        return;
      case "partial":
        this.#write(this.#results([event.segment], event.segment.start, event.segment.end, false, false));
        return;
      case "final": {
        const { segments, startSeconds, endSeconds, endedBySilence } = event;
        this.#caughtUp(endSeconds);
        this.#write(this.#results(segments, startSeconds, endSeconds, true, endedBySilence));
        if (endedBySilence && segments.length > 0) {
          const last_word_end = segments.at(-1)!.end;
          this.#write({ type: "UtteranceEnd", channel: [0, 1], last_word_end });
        }
        return;
      }
      case "progress":
        this.#caughtUp(event.progress.processedSeconds);
        return;
      case "transcript":
        this.#finish(event.transcript);
        return;
    }
  }

  #caughtUp(seconds: number): void {
    this.#doneSeconds = Math.max(this.#doneSeconds, seconds);
    if (this.#socket.isPaused && this.#sentSeconds - this.#doneSeconds < mostPendingSeconds / 2) {
      this.#socket.resume();
    }
  }

  #results(
    segments: readonly Segment[],
    start: number,
    end: number,
    is_final: boolean,
    speech_final: boolean,
  ): object {
    const words = segments.flatMap((segment) => segment.words);
    const confidence =
      segments.length === 0 ? 0 : segments.reduce((sum, next) => sum + next.confidence, 0) / segments.length;
    const from_finalize = is_final && this.#finalizeAsked && !speech_final;
    if (from_finalize) this.#finalizeAsked = false;
    return {
      type: "Results",
      channel_index: [0, 1],
      start,
      duration: end - start,
      is_final,
      speech_final,
      from_finalize,
      channel: {
        alternatives: [
          {
            transcript: joinTexts(segments.map(({ text }) => text)),
            confidence,
            words: words.map(({ text, start, end, confidence }) => ({
              word: text.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""),
              punctuated_word: text,
              start,
              end,
              confidence,
            })),
          },
        ],
      },
      metadata: {
        request_id: this.#id,
        model_info: { name: this.#model, version: "", arch: "" },
        model_uuid: this.#model,
      },
    };
  }

  #finish(transcript: Transcript): void {
    this.#write({
      type: "Metadata",
      request_id: this.#id,
      created: this.#createdAt,
      duration: transcript.durationSeconds,
      channels: 1,
      models: [this.#model],
      transcript,
    });
    this.#socket.close(close.normal);
  }

  #complain(description: string): void {
    this.#write({ type: "Error", description, code: "invalid-message" });
  }

  #fail(error: unknown): void {
    // The client has gone away: there is nobody to tell, and nothing wrong.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const problem = problemOf(error);
    if (problem.status >= 500) this.#request.log.error({ err: error }, "live session failed");
    this.#write({ type: "Error", description: problem.message, code: "failed" });
    this.#socket.close(
      problem instanceof Problem && problem.status < 500 ? close.refused : close.failed,
      reasonOf(problem.message),
    );
  }

  #write(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
    if (this.#socket.bufferedAmount > mostBufferedBytes) this.#socket.terminate();
  }
}

/** Reasons have at most 123 bytes (RFC 6455). */
function reasonOf(message: string): string {
  let reason = message;
  while (Buffer.byteLength(reason) > 123) reason = reason.slice(0, -1);
  return reason;
}
