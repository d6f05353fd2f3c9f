/**
 * Tells other services that jobs have ended, as https://www.standardwebhooks.com lays down. What could not be delivered is
 * tried again for a day; deliveries survive a restart.
 */
import { createHmac } from "node:crypto";
import { Agent, request } from "undici";
import { linkedSignal } from "../linked-signal.ts";
import type { Database } from "../store/database.ts";
import { checkUrl, publicLookup } from "./url-policy.ts";

interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
  readonly body: string;
  readonly attempts: number;
}

const defaultPausesSeconds = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 12 * 3600];
const timeoutMilliseconds = 15_000;
/** A host that does not answer must not hold up what others wait for. */
const atATime = 8;
const atATimePerHost = 2;

export interface WebhookOptions {
  readonly database: Database;
  readonly hosts: readonly string[];
  readonly stopping: AbortSignal;
  readonly lookup?: typeof publicLookup;
  /** Before each further attempt. */
  readonly pausesSeconds?: readonly number[];
  readonly onFailure: (url: string, attempts: number, isLast: boolean) => void;
}

export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #agent: Agent;
  /** Hosts of the deliveries under way. */
  readonly #running = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#agent = new Agent({ connect: { lookup: options.lookup ?? publicLookup, timeout: 10_000 } });
  }

  /** Delivers what is due; to be called when there may be something. */
  pump(): void {
    if (this.#options.stopping.aborted) return;
    const now = new Date().toISOString();
    for (const delivery of this.#due(now)) {
      if (this.#running.size >= atATime) break;
      const { host } = new URL(delivery.url);
      const sameHost = [...this.#running.values()].filter((running) => running === host).length;
      if (this.#running.has(delivery.id) || sameHost >= atATimePerHost) continue;
      this.#running.set(delivery.id, host);
      void this.#deliver(delivery).finally(() => {
        this.#running.delete(delivery.id);
        this.pump();
      });
    }
    this.#sleep(now);
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#agent.destroy();
  }

  #due(now: string): Delivery[] {
    return this.#options.database.all<Delivery>(
      "SELECT id, url, secret, body, attempts FROM deliveries WHERE next_at <= :now ORDER BY next_at LIMIT 500",
      { now },
    );
  }

  #sleep(now: string): void {
    if (this.#timer) clearTimeout(this.#timer);
    const next = this.#options.database.get<{ at: string | null }>(
      // What is due is under way, or waits for something that is.
      "SELECT min(next_at) AS at FROM deliveries WHERE next_at > :now",
      { now },
    )?.at;
    if (!next) return;
    const pause = Math.max(10, Date.parse(next) - Date.now());
    this.#timer = setTimeout(() => this.pump(), Math.min(pause, 60_000));
    this.#timer.unref();
  }

  async #deliver({ id, url, secret, body, attempts }: Delivery): Promise<void> {
    const { database, hosts, stopping, pausesSeconds = defaultPausesSeconds } = this.#options;
    using linked = linkedSignal(stopping, timeoutMilliseconds);
    try {
      checkUrl(url, hosts, "url");
      const timestamp = Math.floor(Date.now() / 1000);
      const response = await request(url, {
        method: "POST",
        dispatcher: this.#agent,
        body,
        headers: {
          "content-type": "application/json",
          "user-agent": "glossa",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          ...(secret !== null && { "webhook-signature": signature(secret, id, timestamp, body) }),
        },
        signal: linked.signal,
      });
      await response.body.dump();
      if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
      database.run("DELETE FROM deliveries WHERE id = :id", { id });
    } catch {
      if (stopping.aborted) return;
      const pause = pausesSeconds[attempts];
      this.#options.onFailure(url, attempts + 1, pause === undefined);
      if (pause === undefined) database.run("DELETE FROM deliveries WHERE id = :id", { id });
      else {
        database.run("UPDATE deliveries SET attempts = attempts + 1, next_at = :at WHERE id = :id", {
          id,
          at: new Date(Date.now() + pause * 1000).toISOString(),
        });
      }
    }
  }
}

/** `v1,` and the signature in base64. A secret that begins with `whsec_` is base64 itself. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
