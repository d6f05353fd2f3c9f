/**
 * A server for trying and testing the page without models: it speaks the interface of `glossa serve`, keeps everything in
 * memory, and "recognises" the same made-up text whatever it hears.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import multipart from "@fastify/multipart";
import staticFiles from "@fastify/static";
import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { formatTranscript, type TranscriptFormat } from "../../src/transcript/formats.ts";
import { joinTexts } from "../../src/transcript/text-flow.ts";
import type { Segment, Transcript } from "../../src/transcript/transcript.ts";
import type { Job, ServerInfo, Term } from "../api/types.ts";
import { glossaryRoutes } from "./mock-glossaries.ts";
import { mockLive } from "./mock-live.ts";
import { refuse } from "./mock-refusal.ts";
import { uploadRoutes, type Uploads } from "./mock-uploads.ts";
import { sampleTranscript } from "./sample-transcripts.ts";

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Where `npm run build:page` puts the page. */
const builtPage = fileURLToPath(new URL("../../dist/web/", import.meta.url));

interface Entry {
  job: Job;
  audio: Buffer;
  original: Transcript;
  corrected: Segment[] | null;
  savedAt: string;
}

export interface MockOptions {
  /** Seconds that a made-up recording lasts, by the name of the file. */
  durationOf?: (name: string) => number;
  /** Milliseconds from one segment to the next. */
  pace?: number;
  /** The key that is wanted. */
  key?: string;
  /** The folder with the built page; default `dist/web`. */
  page?: string;
}

export class MockServer {
  readonly app: FastifyInstance;
  readonly #entries = new Map<string, Entry>();
  readonly uploads: Uploads = { byId: new Map(), failNextChunk: false };
  readonly #listeners = new Set<FastifyReply>();
  readonly #options: Required<MockOptions>;
  #next = 1;
  /** The next correction is refused. */
  failNextSave = false;

  constructor(options: MockOptions = {}) {
    this.#options = { durationOf: () => 30, pace: 20, key: "", page: builtPage, ...options };
    this.app = fastify({ bodyLimit: 1 << 30, forceCloseConnections: true });
  }

  async listen(port = 0): Promise<string> {
    const { app } = this;
    await app.register(multipart);
    await app.register(websocket);
    if (existsSync(this.#options.page)) {
      await app.register(staticFiles, {
        root: this.#options.page,
        setHeaders: (reply) => void reply.setHeader("content-security-policy", contentSecurityPolicy),
      });
    }
    app.addContentTypeParser("application/offset+octet-stream", { parseAs: "buffer" }, (_, body, done) =>
      done(null, body),
    );
    app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
      const status = error.statusCode ?? 500;
      return reply
        .code(status)
        .type("application/problem+json")
        .send({ status, title: "Refused", detail: error.message });
    });
    this.#serverRoutes();
    uploadRoutes(app, this.uploads);
    this.#jobRoutes();
    this.#correctionRoutes();
    glossaryRoutes(app);
    app.get("/v1/listen", { websocket: true }, mockLive);
    return app.listen({ port, host: "127.0.0.1" });
  }

  /** Puts a finished recording into the history. */
  addRecording(name: string, original: Transcript, audio: Buffer): string {
    const entry = this.#entry(name, audio, { terms: original.terms.map(({ term }) => ({ text: term })) });
    entry.original = original;
    this.#finish(entry);
    return entry.job.id;
  }

  correctionOf(id: string): Segment[] | null {
    return this.#entries.get(id)?.corrected ?? null;
  }

  #serverRoutes(): void {
    let isOpen = this.#options.key === "";
    this.app.addHook("onRequest", async (request, reply) => {
      if (isOpen || !request.url.startsWith("/v1/") || /^\/v1\/(?:server|session)/.test(request.url)) return;
      await refuse(reply, 401, "a key is needed");
    });
    this.app.post<{ Body: { key: string } }>("/v1/session", async (request, reply) => {
      if (request.body.key !== this.#options.key) return refuse(reply, 401, "this key is not known");
      isOpen = true;
      return reply.code(204).send();
    });
    this.app.get("/v1/server", (): ServerInfo => ({
      name: "glossa",
      version: "0.0.0",
      keyRequired: this.#options.key !== "",
      authenticated: isOpen,
      scopes: ["transcribe", "glossaries"],
      defaultModel: "whisper-small",
      models: ["whisper-small", "moonshine-base"],
      liveModel: "moonshine-base",
      languages: { "whisper-small": ["en", "zh", "de", "fr"], "moonshine-base": ["en"] },
      formats: ["txt", "json", "srt", "vtt", "tsv"],
      documents: [".pdf", ".pptx", ".md", ".txt"],
      limits: { uploadBytes: 5e9, terms: 100_000, documentBytes: 6e7, filesPerRequest: 100 },
      urlJobs: false,
      retentionDays: null,
    }));
  }

  #jobRoutes(): void {
    const { app } = this;
    app.get<{ Querystring: { query?: string; job?: string; before?: string; limit?: string } }>(
      "/v1/jobs",
      (request) => {
        const { query = "", job, before, limit } = request.query;
        const from = Number(before ?? 0);
        const size = Number(limit ?? 50);
        const all = [...this.#entries.values()]
          .reverse()
          .filter(
            (entry) =>
              (job === undefined || (entry.job.source.type === "job" && entry.job.source.job === job)) &&
              `${entry.job.name} ${entry.original.text}`.toLowerCase().includes(query.toLowerCase()),
          );
        const jobs = all.slice(from, from + size).map((entry) => entry.job);
        return { jobs, next: from + size < all.length ? String(from + size) : null };
      },
    );
    app.post<{ Body: { upload?: string; job?: string; name?: string; terms?: Term[] } }>(
      "/v1/jobs",
      (request, reply) => {
        const { upload, job, name } = request.body;
        const sent = upload === undefined ? undefined : this.uploads.byId.get(upload);
        const audio = sent?.data ?? this.#entries.get(job ?? "")?.audio;
        if (!audio || (sent && sent.data.length !== sent.length))
          return refuse(reply, 409, "the upload is not complete");
        const entry = this.#entry(name ?? sent?.name ?? "recording", audio, request.body);
        if (job) {
          entry.job = { ...entry.job, source: { type: "job", job } };
          entry.original = withoutContext(this.#entries.get(job)!.original);
        }
        void this.#recognise(entry);
        return reply.code(202).send({ batch: null, jobs: [entry.job] });
      },
    );
    app.get("/v1/events", (request, reply) => {
      stream(reply);
      this.#listeners.add(reply);
      request.raw.on("close", () => this.#listeners.delete(reply));
    });
    const byId = <T>(
      path: string,
      answer: (entry: Entry, reply: FastifyReply, query: Record<string, string>, range?: string) => T,
    ) =>
      app.get<{ Params: { id: string }; Querystring: Record<string, string> }>(path, (request, reply) => {
        const entry = this.#entries.get(request.params.id);
        if (!entry) return refuse(reply, 404, `there is no job ${request.params.id}`);
        return answer(entry, reply, request.query, request.headers.range);
      });
    byId("/v1/jobs/:id", (entry) => entry.job);
    byId("/v1/jobs/:id/transcript", (entry, reply, { format = "json", version, download }) => {
      if (entry.job.status !== "done") return refuse(reply, 409, "the job is not done");
      const segments =
        version === "original" ? entry.original.segments : (entry.corrected ?? entry.original.segments);
      const text = joinTexts(segments.map((segment) => segment.text));
      if (download) {
        void reply.header("content-disposition", `attachment; filename="${entry.job.name}.${format}"`);
      }
      return reply
        .type(format === "json" ? "application/json" : "text/plain; charset=utf-8")
        .send(formatTranscript({ ...entry.original, segments, text }, format as TranscriptFormat));
    });
    byId("/v1/jobs/:id/audio", ({ audio }, reply, _, range) => {
      const from = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
      const to = Number(/-(\d+)/.exec(range ?? "")?.[1] ?? audio.length - 1);
      return reply
        .code(range ? 206 : 200)
        .type("audio/wav")
        .header("accept-ranges", "bytes")
        .header("content-range", `bytes ${from}-${to}/${audio.length}`)
        .send(audio.subarray(from, to + 1));
    });
    byId("/v1/jobs/:id/events", (entry, reply) => {
      stream(reply);
      let told = 0;
      const tell = (event: string, data: unknown) =>
        reply.raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      tell("job", entry.job);
      const timer = setInterval(() => {
        const { processedSeconds } = entry.job.progress;
        const { segments } = entry.original;
        while (told < segments.length && segments[told]!.end <= processedSeconds) {
          tell("segment", { index: told, segment: segments[told++] });
        }
        tell("progress", entry.job.progress);
        if (["done", "failed", "cancelled"].includes(entry.job.status)) {
          tell("done", entry.job);
          clearInterval(timer);
          reply.raw.end();
        }
      }, this.#options.pace);
      reply.raw.on("close", () => clearInterval(timer));
    });
    const act = (action: string, change: (entry: Entry) => void) =>
      app.post<{ Params: { id: string } }>(`/v1/jobs/:id/${action}`, (request, reply) => {
        const entry = this.#entries.get(request.params.id);
        if (!entry) return refuse(reply, 404, "no such job");
        change(entry);
        return reply.send(entry.job);
      });
    act("cancel", (entry) => this.#change(entry, { status: "cancelled" }));
    act("retry", (entry) => void this.#recognise(entry));
    app.delete<{ Params: { id: string } }>("/v1/jobs/:id", (request, reply) => {
      this.#entries.delete(request.params.id);
      return reply.code(204).send();
    });
  }

  #correctionRoutes(): void {
    const { app } = this;
    app.put<{ Params: { id: string }; Body: { segments: Segment[] } }>(
      "/v1/jobs/:id/correction",
      (request, reply) => {
        const entry = this.#entries.get(request.params.id);
        if (!entry) return refuse(reply, 404, "no such job");
        if (this.failNextSave) {
          this.failNextSave = false;
          return refuse(reply, 503, "the disk is full");
        }
        entry.corrected = request.body.segments.map((segment) => ({
          ...segment,
          confidence: segment.confidence ?? 1,
          words: segment.words ?? [],
        }));
        entry.savedAt = new Date().toISOString();
        this.#change(entry, { corrected: true });
        return reply.send({
          jobId: entry.job.id,
          savedAt: entry.savedAt,
          segments: entry.corrected.length,
          changedSegments: changed(entry),
        });
      },
    );
    app.delete<{ Params: { id: string } }>("/v1/jobs/:id/correction", (request, reply) => {
      const entry = this.#entries.get(request.params.id);
      if (!entry?.corrected) return refuse(reply, 404, "there is no correction");
      entry.corrected = null;
      this.#change(entry, { corrected: false });
      return reply.code(204).send();
    });
    app.get("/v1/corrections", () => {
      const entries = [...this.#entries.values()].filter(({ corrected }) => corrected !== null);
      return {
        corrections: entries.map((entry) => ({
          jobId: entry.job.id,
          name: entry.job.name,
          savedAt: entry.savedAt,
          durationSeconds: entry.original.durationSeconds,
          changedSegments: changed(entry),
        })),
        utterances: entries.reduce((sum, entry) => sum + entry.corrected!.length, 0),
        seconds: entries.reduce((sum, entry) => sum + entry.original.durationSeconds, 0),
      };
    });
  }

  #entry(name: string, audio: Buffer, { terms = [] }: { terms?: Term[] }): Entry {
    const seconds = this.#options.durationOf(name);
    const language = /[\p{Script=Han}]/u.test(name) ? "zh" : "en";
    const original = sampleTranscript(
      language,
      seconds,
      terms.map((term) => term.text),
    );
    const job: Job = {
      id: `job_${this.#next++}`,
      batch: null,
      name,
      status: "queued",
      source: { type: "upload" },
      bytes: audio.length,
      mediaType: "audio/wav",
      createdAt: new Date().toISOString(),
      startedAt: null,
      finishedAt: null,
      expiresAt: null,
      attempts: 1,
      options: { model: "whisper-small", language: null, glossaries: [], termCount: terms.length },
      progress: { processedSeconds: 0, totalSeconds: seconds },
      position: 1,
      durationSeconds: null,
      language: null,
      excerpt: null,
      corrected: false,
      error: null,
    };
    const entry = { job, audio, original, corrected: null, savedAt: "" };
    this.#entries.set(job.id, entry);
    return entry;
  }

  async #recognise(entry: Entry): Promise<void> {
    const isBroken = entry.job.name.includes("broken");
    for (const { end } of entry.original.segments) {
      await new Promise((resolve) => setTimeout(resolve, this.#options.pace));
      if (entry.job.status === "cancelled") return;
      this.#change(entry, {
        status: "running",
        position: null,
        progress: { ...entry.job.progress, processedSeconds: end },
      });
      if (isBroken) {
        this.#change(entry, {
          status: "failed",
          error: { code: "unsupported-audio", message: "This is no recording." },
        });
        return;
      }
    }
    this.#finish(entry);
  }

  #finish(entry: Entry): void {
    const { durationSeconds, language, text } = entry.original;
    this.#change(entry, {
      status: "done",
      position: null,
      finishedAt: new Date().toISOString(),
      durationSeconds,
      language,
      excerpt: text.slice(0, 200),
      progress: { processedSeconds: durationSeconds, totalSeconds: durationSeconds },
    });
  }

  #change(entry: Entry, change: Partial<Job>): void {
    entry.job = { ...entry.job, ...change };
    for (const listener of this.#listeners)
      listener.raw.write(`event: job\ndata: ${JSON.stringify(entry.job)}\n\n`);
  }
}

/** What somebody who has never heard of the terms would write. */
function withoutContext(transcript: Transcript): Transcript {
  const mishear = (text: string) => text.replaceAll("LoRA", "Laura").replaceAll("Qwen2-VL", "Quen two VL");
  const segments = transcript.segments.map((segment) => ({
    ...segment,
    text: mishear(segment.text),
    words: segment.words.map((word) => ({ ...word, text: mishear(word.text) })),
  }));
  return { ...transcript, segments, text: mishear(transcript.text), terms: [] };
}

function changed({ corrected, original }: Entry): number {
  const texts = new Set(original.segments.map((segment) => segment.text));
  return corrected?.filter((segment) => !texts.has(segment.text)).length ?? 0;
}

function stream(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  reply.raw.write(": begun\n\n");
}
