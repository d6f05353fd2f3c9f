/**
 * Resumable uploads by the tus protocol (https://tus.io/protocols/resumable-upload): a recording of several gigabytes
 * survives a broken connection, and a restart of the server.
 */
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";
import { clientOf, type Client } from "./http/access.ts";
import { safeName } from "./http/multipart.ts";
import { fieldProblem, Problem } from "./http/problem.ts";
import { newIdentifier } from "./identifiers.ts";
import type { App, Services } from "./services.ts";

const identifier = /^file_[0-9a-z]{26}$/;

interface Details {
  readonly size?: number;
  readonly offset: number;
  readonly metadata?: Record<string, string | null>;
}

/** Adds `/v1/uploads`. */
export async function addUploadRoutes(app: App, { data, settings }: Services): Promise<void> {
  const clients = new WeakMap<object, Client>();
  const clientOfUpload = (request: { runtime?: { node?: { req: object } } }): Client | undefined =>
    clients.get(request.runtime?.node?.req ?? request);
  const store = new FileStore({ directory: data.uploads });
  const server = new Server({
    path: "/v1/uploads",
    datastore: store,
    maxSize: async (request) => {
      const most = clientOfUpload(request)?.limits.uploadBytes ?? settings.uploadBytes;
      return Math.min(most, await data.freeBytes());
    },
    respectForwardedHeaders: false,
    relativeLocation: true,
    namingFunction: () => newIdentifier("file"),
    onUploadCreate: async (request, upload) => ({
      // The owner stands beside what the client says of the file.
      metadata: { ...upload.metadata, owner: clientOfUpload(request)?.owner ?? null },
    }),
  });
  await app.register(async (scoped) => {
    // Bodies are the business of the tus server.
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scoped.route({
      method: ["POST", "OPTIONS"],
      url: "/v1/uploads",
      config: { scope: "transcribe" },
      schema: { hide: true },
      handler: async (request, reply) => {
        clients.set(request.raw, clientOf(request));
        reply.hijack();
        await server.handle(request.raw, reply.raw);
      },
    });
    scoped.route<{ Params: { id: string } }>({
      method: ["HEAD", "PATCH", "DELETE", "OPTIONS"],
      url: "/v1/uploads/:id",
      config: { scope: "transcribe" },
      schema: { hide: true },
      handler: async (request, reply) => {
        const client = clientOf(request);
        clients.set(request.raw, client);
        await ownUpload(request.params.id, client, store);
        reply.hijack();
        await server.handle(request.raw, reply.raw);
      },
    });
  });
}

async function ownUpload(id: string, client: Client, store: FileStore): Promise<Details> {
  const details: Details | null = identifier.test(id) ? await store.getUpload(id).catch(() => null) : null;
  const isOwn = details && (client.sees === null || details.metadata?.owner === client.owner);
  if (!isOwn) throw new Problem(404, `There is no upload ${id.slice(0, 60)}.`);
  return details;
}

/** An upload that is complete. */
export interface CompleteUpload {
  readonly id: string;
  /** As the client called it. */
  readonly name: string;
  readonly mediaType: string | null;
  readonly bytes: number;
}

/** @throws Problem 400 when there is no such upload, 409 when it is not complete */
export async function completeUpload(
  id: string,
  client: Client,
  { data }: Services,
  field: string,
): Promise<CompleteUpload> {
  const store = new FileStore({ directory: data.uploads });
  const details = await ownUpload(id, client, store).catch(() => {
    throw fieldProblem(field, `there is no upload ${id.slice(0, 60)}`);
  });
  if (details.size === undefined || details.offset < details.size) {
    throw new Problem(409, `Upload ${id} is not complete: ${details.offset} of ${details.size} bytes.`);
  }
  if (details.size === 0) throw fieldProblem(field, "the upload is empty");
  const { filename, filetype } = details.metadata ?? {};
  const { size: bytes } = await stat(join(data.uploads, id));
  return { id, name: safeName(filename ?? undefined), mediaType: filetype ?? null, bytes };
}

/**
 * Makes a recording of a complete upload.
 *
 * @returns the name of the recording in the data folder
 */
export async function takeUpload({ id }: CompleteUpload, { data }: Services): Promise<string> {
  const file = newIdentifier("file");
  await rename(join(data.uploads, id), data.recording(file));
  await rm(join(data.uploads, `${id}.json`), { force: true });
  return file;
}
