/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
import type { FastifyReply } from "fastify";
import { ClientGone } from "./problem.ts";

const pingMilliseconds = 15_000;
/** A client that does not read what it is sent is let go when so much has gathered. */
const mostBufferedBytes = 32 * 1024 * 1024;

export class EventStream {
  readonly #reply: FastifyReply;
  readonly #ping: NodeJS.Timeout;
  readonly #closed = new AbortController();
  readonly #stopping: AbortSignal;
  readonly #stop = () => this.close();

  /** @param stopping closes the stream */
  constructor(reply: FastifyReply, stopping: AbortSignal) {
    this.#reply = reply;
    this.#stopping = stopping;
    stopping.addEventListener("abort", this.#stop, { once: true });
    reply.hijack();
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    reply.raw.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      // Proxies such as nginx would hold events back.
      "x-accel-buffering": "no",
    });
    reply.raw.flushHeaders();
    this.#ping = setInterval(() => this.#write(": ping\n\n"), pingMilliseconds);
    reply.raw.on("close", () => this.close());
  }

  /** Aborts when either side closes. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @param event name; null for a message without one, as OpenAI sends them */
  send(event: string | null, data: unknown): void {
    this.#write(
      `${event === null ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
    );
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    clearInterval(this.#ping);
    this.#stopping.removeEventListener("abort", this.#stop);
    this.#closed.abort(new ClientGone());
    this.#reply.raw.end();
  }

  #write(text: string): void {
    const { raw } = this.#reply;
    if (this.#closed.signal.aborted || raw.destroyed) return;
    raw.write(text);
    if (raw.writableLength > mostBufferedBytes) raw.destroy();
  }
}
