/**
 * Resumable uploads by the tus protocol (https://tus.io/protocols/resumable-upload): a recording of several gigabytes
 * survives a broken connection, and a restart of the server.
 */
import { rename, rm } from "node:fs/promises";
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
  const owners = new WeakMap<object, string>();
  const store = new FileStore({ directory: data.uploads });
  const server = new Server({
    path: "/v1/uploads",
    datastore: store,
    maxSize: settings.uploadBytes,
    respectForwardedHeaders: false,
    relativeLocation: true,
    namingFunction: () => newIdentifier("file"),
    onUploadCreate: async (request, upload) => ({
      // The owner stands beside what the client says of the file.
      metadata: { ...upload.metadata, owner: owners.get(request.runtime?.node?.req ?? request) ?? null },
    }),
  });
  await app.register(async (scoped) => {
    // Bodies are the business of the tus server.
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scoped.route({
      method: ["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"],
      url: "/v1/uploads",
      config: { scope: "transcribe" },
      schema: { hide: true },
      handler: async (request, reply) => {
        owners.set(request.raw, clientOf(request).owner);
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
        await ownUpload(request.params.id, clientOf(request), store);
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

/**
 * Makes a recording of a complete upload.
 *
 * @returns the name of the recording in the data folder, and what the client said of it
 * @throws Problem 400 when there is no such upload, 409 when it is not complete
 */
export async function takeUpload(
  id: string,
  client: Client,
  { data }: Services,
  field: string,
): Promise<{ file: string; name: string; mediaType: string | null }> {
  const store = new FileStore({ directory: data.uploads });
  const details = await ownUpload(id, client, store).catch(() => {
    throw fieldProblem(field, `there is no upload ${id.slice(0, 60)}`);
  });
  if (details.size === undefined || details.offset < details.size) {
    throw new Problem(409, `Upload ${id} is not complete: ${details.offset} of ${details.size} bytes.`);
  }
  if (details.size === 0) throw fieldProblem(field, "the upload is empty");
  const file = newIdentifier("file");
  await rename(join(data.uploads, id), data.recording(file));
  await rm(join(data.uploads, `${id}.json`), { force: true });
  return {
    file,
    name: safeName(details.metadata?.filename ?? undefined),
    mediaType: details.metadata?.filetype ?? null,
  };
}
