/**
 * Fetches recordings that jobs name by an address.
 */
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Agent, request, type Dispatcher } from "undici";
import { linkedSignal, type LinkedSignal } from "../linked-signal.ts";
import type { DataFolder } from "../data-folder.ts";
import { newIdentifier } from "../identifiers.ts";
import type { StoredJob } from "../store/job-row.ts";
import type { JobStore } from "../store/jobs.ts";
import type { JobEvents } from "./job-events.ts";
import type { JobRunner } from "./job-runner.ts";
import { checkUrl, publicLookup } from "./url-policy.ts";

const atATime = 4;
const mostRedirects = 5;
const silentMilliseconds = 30_000;
const notNeeded = new Error("The job was cancelled.");
const longestMilliseconds = 2 * 60 * 60_000;

export interface FetcherOptions {
  readonly data: DataFolder;
  readonly jobs: JobStore;
  readonly runner: JobRunner;
  readonly events: JobEvents;
  readonly hosts: readonly string[];
  /** The largest recording that an owner may have. */
  readonly uploadBytesOf: (owner: string) => number;
  readonly stopping: AbortSignal;
  /** How names are looked up; tests let them lead to this machine. */
  readonly lookup?: typeof publicLookup;
}

/** A fetch that failed for a reason that the person who asked for it should know. */
class FetchError extends Error {
  override readonly name = "FetchError";
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #agent: Agent;
  readonly #running = new Map<string, LinkedSignal>();

  constructor(options: FetcherOptions) {
    this.#options = options;
    // A job that was cancelled or deleted needs its recording no more.
    options.events.on("job", (id, _owner, event) => {
      const running = event.type === "job" ? this.#running.get(id) : undefined;
      if (running && options.jobs.get(id)?.status !== "fetching") running.abort(notNeeded);
    });
    this.#agent = new Agent({
      connect: { lookup: options.lookup ?? publicLookup, timeout: 10_000 },
      headersTimeout: silentMilliseconds,
      bodyTimeout: silentMilliseconds,
    });
  }

  /** Takes up jobs whose recording is to be fetched, while there is room. */
  pump(): void {
    if (this.#options.stopping.aborted) return;
    for (const job of this.#options.jobs.withStatus("fetching")) {
      if (this.#running.size >= atATime) return;
      if (this.#running.has(job.id)) continue;
      const linked = linkedSignal(this.#options.stopping, longestMilliseconds);
      this.#running.set(job.id, linked);
      void this.#fetch(job, linked.signal).finally(() => {
        linked[Symbol.dispose]();
        this.#running.delete(job.id);
        this.pump();
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #fetch(job: StoredJob, signal: AbortSignal): Promise<void> {
    const { data, jobs, runner, events, stopping } = this.#options;
    const part = data.incoming(newIdentifier("file"));
    try {
      const mediaType = await this.#download(job, part, signal);
      const file = newIdentifier("file");
      await rename(part, data.recording(file));
      // Cancelled or deleted in the meantime: nobody wants it.
      if (jobs.fetched(job, file, (await stat(data.recording(file))).size, mediaType)) {
        events.tell(job, { type: "job" });
        void runner.pump();
      } else await rm(data.recording(file), { force: true });
    } catch (error) {
      await rm(part, { force: true });
      // Fetched again with the next start.
      if (stopping.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      const why = error instanceof FetchError ? message : `cannot be fetched: ${message}`;
      if (signal.reason === notNeeded) return;
      runner.fail(job, { code: "unreadable-input", message: `${addressOf(job)}: ${why}` });
    }
  }

  /** @returns the media type */
  async #download(job: StoredJob, path: string, signal: AbortSignal): Promise<string | null> {
    const { data, hosts, uploadBytesOf } = this.#options;
    const uploadBytes = uploadBytesOf(job.owner);
    const room = await data.freeBytes();
    const mostBytes = Math.min(uploadBytes, room);
    const tooLarge = () =>
      new FetchError(
        room < uploadBytes ? "there is no room left on the server" : `larger than ${uploadBytes} bytes`,
      );
    let address = addressOf(job);
    for (let redirects = 0; ; redirects++) {
      const url = checkUrl(address, hosts, "url");
      const response: Dispatcher.ResponseData = await request(url, {
        dispatcher: this.#agent,
        signal,
        headers: { accept: "audio/*, video/*, */*;q=0.5", "user-agent": "glossa" },
      });
      const { statusCode, headers, body } = response;
      if (statusCode >= 300 && statusCode < 400 && typeof headers.location === "string") {
        await body.dump();
        if (redirects >= mostRedirects) throw new FetchError("too many redirects");
        address = new URL(headers.location, url).href;
        continue;
      }
      if (statusCode !== 200) {
        await body.dump();
        throw new FetchError(`the host answered with status ${statusCode}`);
      }
      if (Number(headers["content-length"] ?? 0) > mostBytes) {
        body.destroy();
        throw tooLarge();
      }
      let received = 0;
      const limit = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          received += chunk.length;
          if (received > mostBytes) done(tooLarge());
          else done(null, chunk);
        },
      });
      await pipeline(body, limit, createWriteStream(path, { flush: true }), { signal });
      if (received === 0) throw new FetchError("the answer is empty");
      const type = headers["content-type"];
      return typeof type === "string" ? type.split(";")[0]!.trim() : null;
    }
  }
}

function addressOf(job: StoredJob): string {
  return job.source.type === "url" ? job.source.url : "";
}
