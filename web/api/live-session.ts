/** A live session: samples go up, captions come down. */
import { serverUrl } from "./client.ts";
import type { LiveMessage, Term } from "./types.ts";

export interface LiveOptions {
  sampleRate: number;
  model?: string;
  language?: string;
  terms: readonly Term[];
  glossaries: readonly string[];
}

export interface LiveListeners {
  message: (message: LiveMessage) => void;
  /** The session is over; a reason when it was not ended by `finish`, empty when nobody knows one. */
  closed: (reason: string | null) => void;
}

export class LiveSession {
  readonly #socket: WebSocket;
  /** What was said before the connection stood. */
  #pending: Int16Array<ArrayBuffer>[] = [];
  #finished = false;

  constructor(options: LiveOptions, listeners: LiveListeners) {
    const address = new URL(serverUrl("v1/listen"));
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("encoding", "linear16");
    address.searchParams.set("sample_rate", String(options.sampleRate));
    if (options.model) address.searchParams.set("model", options.model);
    if (options.language) address.searchParams.set("language", options.language);
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = "arraybuffer";
    let problem: string | null = null;
    let wasOpen = false;
    this.#socket.addEventListener("open", () => {
      wasOpen = true;
      if (options.terms.length + options.glossaries.length > 0) {
        this.configure(options.terms, options.glossaries);
      }
      for (const samples of this.#pending) this.#socket.send(samples);
      this.#pending = [];
      if (this.#finished) this.#tell({ type: "CloseStream" });
    });
    this.#socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const message = JSON.parse(data) as LiveMessage;
      if (message.type === "Error") problem = message.description;
      listeners.message(message);
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      const ended = this.#finished && wasOpen && code === 1000;
      listeners.closed(ended ? null : problem || reason);
    });
  }

  /** Terms from the next utterance on. */
  configure(terms: readonly Term[], glossaries: readonly string[]): void {
    this.#tell({ type: "Configure", terms, glossaries });
  }

  /** Sends 16-bit samples. */
  send(samples: Int16Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(samples);
    else if (this.#socket.readyState === WebSocket.CONNECTING) this.#pending.push(samples);
  }

  /** Ends the audio; the last results and the whole transcript still come. */
  finish(): void {
    this.#finished = true;
    this.#tell({ type: "CloseStream" });
  }

  close(): void {
    this.#socket.close();
  }

  #tell(message: unknown): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
