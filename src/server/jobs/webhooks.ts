/**
 * Tells other services that jobs have ended, as https://www.standardwebhooks.com lays down. What could not be delivered is
 * tried again for a day; deliveries survive a restart.
 */
import { createHmac } from "node:crypto";
import { Agent, request } from "undici";
import type { Database } from "../store/database.ts";
import { checkUrl, publicLookup } from "./url-policy.ts";

interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
  readonly body: string;
  readonly attempts: number;
}

const pausesSeconds = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 12 * 3600];
const timeoutMilliseconds = 15_000;

export interface WebhookOptions {
  readonly database: Database;
  readonly hosts: readonly string[];
  readonly stopping: AbortSignal;
  readonly lookup?: typeof publicLookup;
  readonly onFailure: (url: string, attempts: number, isLast: boolean) => void;
}

export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #agent: Agent;
  #running = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#agent = new Agent({ connect: { lookup: options.lookup ?? publicLookup, timeout: 10_000 } });
  }

  /** Delivers what is due; to be called when there may be something. */
  async pump(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let due = this.#due(); due && !this.#options.stopping.aborted; due = this.#due()) {
        await this.#deliver(due);
      }
    } finally {
      this.#running = false;
    }
    this.#sleep();
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#agent.destroy();
  }

  #due(): Delivery | null {
    return this.#options.database.get<Delivery>(
      "SELECT id, url, secret, body, attempts FROM deliveries WHERE next_at <= :now ORDER BY next_at LIMIT 1",
      { now: new Date().toISOString() },
    );
  }

  #sleep(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#options.stopping.aborted) return;
    const next = this.#options.database.get<{ at: string | null }>(
      "SELECT min(next_at) AS at FROM deliveries",
    )?.at;
    if (!next) return;
    const pause = Math.max(100, Date.parse(next) - Date.now());
    this.#timer = setTimeout(() => void this.pump(), Math.min(pause, 60_000));
    this.#timer.unref();
  }

  async #deliver({ id, url, secret, body, attempts }: Delivery): Promise<void> {
    const { database, hosts, stopping } = this.#options;
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
        signal: AbortSignal.any([stopping, AbortSignal.timeout(timeoutMilliseconds)]),
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
