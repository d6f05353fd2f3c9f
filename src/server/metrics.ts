/**
 * Measurements for Prometheus.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { JobStatus } from "./schemas.ts";
import type { App, Services } from "./services.ts";

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<"method" | "route" | "status">;
  readonly #crashes: Counter;
  readonly #audio: Counter;

  constructor(services: () => Services) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: "glossa_http_request_duration_seconds",
      help: "Time from the request to the end of the answer.",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.025, 0.1, 0.5, 2, 10, 60],
      registers,
    });
    this.#crashes = new Counter({
      name: "glossa_worker_crashes_total",
      help: "Recognition processes that ended unexpectedly.",
      registers,
    });
    this.#audio = new Counter({
      name: "glossa_recognised_audio_seconds_total",
      help: "Audio of finished recordings, jobs and requests.",
      registers,
    });
    const statuses: JobStatus[] = ["queued", "fetching", "running", "done", "failed", "cancelled"];
    const gauges = [
      new Gauge({
        name: "glossa_jobs",
        help: "Jobs by status.",
        labelNames: ["status"],
        registers: [],
        collect() {
          const counts = services().jobs.countByStatus();
          for (const status of statuses) this.set({ status }, counts.get(status) ?? 0);
        },
      }),
      new Gauge({
        name: "glossa_waiting_requests",
        help: "Requests that are recognised or wait for it.",
        registers: [],
        collect() {
          this.set(services().recognition.urgentTasks);
        },
      }),
      new Gauge({
        name: "glossa_live_sessions",
        help: "Live sessions that are open.",
        registers: [],
        collect() {
          this.set(services().recognition.liveSessions);
        },
      }),
    ];
    for (const gauge of gauges) this.registry.registerMetric(gauge);
  }

  noteCrash(): void {
    this.#crashes.inc();
  }

  noteAudio(seconds: number): void {
    this.#audio.inc(seconds);
  }

  /** Measures every request of the application by its route, never by its address: that may hold names. */
  watch(app: App): void {
    app.addHook("onResponse", async (request, reply) => {
      const route = request.routeOptions.url ?? "unknown";
      const status = String(reply.statusCode);
      this.#requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    });
  }
}
