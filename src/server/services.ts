/**
 * What the routes work with, and what the person who runs the server can set.
 */
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { DataFolder } from "./data-folder.ts";
import type { Access } from "./http/access.ts";
import type { Fetcher } from "./jobs/fetcher.ts";
import type { JobEvents } from "./jobs/job-events.ts";
import type { JobRunner } from "./jobs/job-runner.ts";
import type { Recognition } from "./recognition/recognition.ts";
import type { AuditLog } from "./store/audit.ts";
import type { CorrectionStore } from "./store/corrections.ts";
import type { GlossaryStore } from "./store/glossaries.ts";
import type { JobStore } from "./store/jobs.ts";
import type { KeyStore } from "./store/keys.ts";

export interface ServerSettings {
  readonly version: string;
  /** Model for recordings. */
  readonly model: string;
  /** Model for live sessions. */
  readonly liveModel: string;
  /** Models that requests may name. */
  readonly models: readonly string[];
  /** Largest recording. */
  readonly uploadBytes: number;
  /** Null keeps jobs for ever. */
  readonly retentionDays: number | null;
  /** Hosts that recordings may be fetched from and webhooks sent to: names, or `*.` and a name. None by default. */
  readonly urlHosts: readonly string[];
  /** Origins of other pages that may use the server. */
  readonly corsOrigins: readonly string[];
  /** Everybody may use it at any address, without keys. */
  readonly isOpen: boolean;
  readonly requestsPerMinute: number;
  readonly liveSessions: number;
}

export interface Services {
  readonly settings: ServerSettings;
  readonly data: DataFolder;
  readonly access: Access;
  readonly recognition: Recognition;
  readonly jobs: JobStore;
  readonly runner: JobRunner;
  readonly fetcher: Fetcher;
  readonly events: JobEvents;
  readonly glossaries: GlossaryStore;
  readonly corrections: CorrectionStore;
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** The application, with requests and answers typed by their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
