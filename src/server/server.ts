/**
 * A server from start to stop: the data folder, recognition processes, jobs, and the HTTP application over them.
 */
import { setMaxListeners } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyBaseLogger } from "fastify";
import type { LoadOptions } from "../recognise/options.ts";
import { createApp, type Times } from "./app.ts";
import { DataFolder } from "./data-folder.ts";
import { Access } from "./http/access.ts";
import { Fetcher } from "./jobs/fetcher.ts";
import { JobEvents } from "./jobs/job-events.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import type { publicLookup } from "./jobs/url-policy.ts";
import { Webhooks } from "./jobs/webhooks.ts";
import { Metrics } from "./metrics.ts";
import { Recognition } from "./recognition/recognition.ts";
import { deleteJob } from "./routes/jobs.ts";
import type { App, ServerSettings, Services } from "./services.ts";
import { AuditLog } from "./store/audit.ts";
import { CorrectionStore } from "./store/corrections.ts";
import { GlossaryStore } from "./store/glossaries.ts";
import { JobStore } from "./store/jobs.ts";
import { KeyStore } from "./store/keys.ts";

const ending = extname(fileURLToPath(import.meta.url));
const sweepMilliseconds = 10 * 60_000;
const auditDays = 365;

export interface ServerOptions {
  readonly dataFolder: string;
  readonly settings: ServerSettings;
  /** How models are loaded. */
  readonly load: LoadOptions;
  /** Recognition processes for recordings. */
  readonly workers: number;
  /** A key that may do everything. */
  readonly adminKey: string | null;
  readonly trustProxy: boolean;
  readonly logger: FastifyBaseLogger | false;
  /** For tests: another recogniser, and how the process that runs it is started. */
  readonly workerFile?: URL;
  readonly workerArguments?: readonly string[];
  /** For tests: names may lead to this machine. */
  readonly lookup?: typeof publicLookup;
  /** For tests: how long slow clients are waited for. */
  readonly times?: Partial<Times>;
}

export class GlossaServer {
  readonly app: App;
  readonly services: Services;
  readonly #webhooks: Webhooks;
  readonly #stopping: AbortController;
  readonly #sweep: NodeJS.Timeout;

  private constructor(app: App, services: Services, webhooks: Webhooks, stopping: AbortController) {
    this.app = app;
    this.services = services;
    this.#webhooks = webhooks;
    this.#stopping = stopping;
    this.#sweep = setInterval(() => void this.sweep(), sweepMilliseconds);
    this.#sweep.unref();
  }

  /**
   * Makes a server that does not listen yet.
   *
   * @throws GlossaError `write-failed` when the data folder cannot be used
   */
  static async create(options: ServerOptions): Promise<GlossaServer> {
    const { settings } = options;
    const stopping = new AbortController();
    // Every open stream and session listens.
    setMaxListeners(0, stopping.signal);
    const data = new DataFolder(options.dataFolder);
    const { database } = data;
    const jobs = new JobStore(database);
    const keys = new KeyStore(database);
    const events = new JobEvents();
    const metrics = new Metrics(() => services);
    const recognition = new Recognition({
      workerFile: options.workerFile ?? new URL(`./recognition/worker-main${ending}`, import.meta.url),
      execArgv: options.workerArguments,
      load: options.load,
      workers: options.workers,
    });
    const webhooks = new Webhooks({
      database,
      hosts: settings.urlHosts,
      stopping: stopping.signal,
      lookup: options.lookup,
      onFailure: (url, attempts, isLast) =>
        app.log.warn({ host: new URL(url).host, attempts, isLast }, "webhook not delivered"),
    });
    const runner = new JobRunner({
      store: jobs,
      data,
      recognition,
      events,
      workers: options.workers,
      retentionDays: settings.retentionDays,
      onDelivery: () => webhooks.pump(),
      onDone: (seconds) => metrics.noteAudio(seconds),
      onError: (job, error) => app.log.error({ job, err: error }, "a job could not be ended"),
    });
    const fetcher = new Fetcher({
      data,
      jobs,
      runner,
      events,
      hosts: settings.urlHosts,
      uploadBytesOf: (owner) => keys.get(owner)?.limits.uploadBytes ?? settings.uploadBytes,
      stopping: stopping.signal,
      lookup: options.lookup,
    });
    const services: Services = {
      settings,
      data,
      access: new Access(keys, options.adminKey),
      recognition,
      jobs,
      runner,
      fetcher,
      events,
      glossaries: new GlossaryStore(database),
      corrections: new CorrectionStore(database),
      keys,
      audit: new AuditLog(database),
      stopping: stopping.signal,
    };
    const app = await createApp({
      services,
      metrics,
      logger: options.logger,
      trustProxy: options.trustProxy,
      times: options.times,
    });
    recognition.on("crash", (how) => {
      metrics.noteCrash();
      app.log.error({ how }, "a recognition process ended unexpectedly");
    });
    recognition.on("loaded", (model) => app.log.info({ model }, "model loaded"));
    recognition.on("loadFailed", (model, error) => app.log.error({ model, err: error }, "model not loaded"));
    return new GlossaServer(app, services, webhooks, stopping);
  }

  /**
   * Begins to listen, and to work on what an earlier run left.
   *
   * @param port 0 for any that is free
   * @returns the address
   */
  async listen(host: string, port: number): Promise<string> {
    const { recognition, runner, fetcher, settings } = this.services;
    const address = await this.app.listen({ host, port });
    recognition.preload(settings.model);
    runner.start();
    fetcher.pump();
    this.#webhooks.pump();
    void this.sweep();
    return address;
  }

  /** Deletes what has expired. */
  async sweep(): Promise<void> {
    const { jobs, data, audit } = this.services;
    try {
      for (;;) {
        const expired = jobs.expired();
        if (expired.length === 0) break;
        for (const job of expired) await deleteJob(this.services, job);
      }
      audit.sweep(auditDays);
      await data.sweep(jobs.filesInUse());
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.app.log.error({ err: error }, "clearing up failed");
    }
  }

  /**
   * Stops: no new work, requests under way may finish for a while, jobs are parked after their last finished window.
   *
   * @param graceSeconds how long requests may take to finish
   */
  async stop(graceSeconds: number): Promise<void> {
    clearInterval(this.#sweep);
    const { runner, recognition, fetcher, data } = this.services;
    runner.stop();
    const deadline = Date.now() + graceSeconds * 1000;
    while (recognition.urgentTasks > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#stopping.abort(new Error("The server stops."));
    await this.app.close();
    await recognition[Symbol.asyncDispose]();
    await Promise.all([fetcher.close(), this.#webhooks.close()]);
    this.services.jobs.parkAll();
    data[Symbol.dispose]();
  }
}
