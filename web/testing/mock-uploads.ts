/** The uploads of the mock server: tus 1.0, as much of it as the page uses. */
import type { FastifyInstance } from "fastify";
import { refuse } from "./mock-refusal.ts";

export interface Uploads {
  byId: Map<string, { name: string; data: Buffer; length: number }>;
  /** The next piece is refused, to see whether the page goes on. */
  failNextChunk: boolean;
}

export function uploadRoutes(app: FastifyInstance, uploads: Uploads): void {
  let next = 1;
  app.post("/v1/uploads", (request, reply) => {
    const id = `upload-${next++}`;
    const metadata = String(request.headers["upload-metadata"] ?? "");
    const name = Buffer.from(/filename ([^,]*)/.exec(metadata)?.[1] ?? "", "base64").toString();
    uploads.byId.set(id, {
      name,
      data: Buffer.alloc(0),
      length: Number(request.headers["upload-length"]),
    });
    return reply.code(201).header("location", `/v1/uploads/${id}`).header("tus-resumable", "1.0.0").send();
  });
  app.patch<{ Params: { id: string } }>("/v1/uploads/:id", (request, reply) => {
    const upload = uploads.byId.get(request.params.id);
    if (!upload) return refuse(reply, 404, "no such upload");
    if (uploads.failNextChunk) {
      uploads.failNextChunk = false;
      return refuse(reply, 503, "busy");
    }
    if (Number(request.headers["upload-offset"]) !== upload.data.length)
      return refuse(reply, 409, "wrong offset");
    upload.data = Buffer.concat([upload.data, request.body as Buffer]);
    return reply.code(204).header("upload-offset", String(upload.data.length)).send();
  });
  app.head<{ Params: { id: string } }>("/v1/uploads/:id", (request, reply) => {
    const upload = uploads.byId.get(request.params.id);
    if (!upload) return refuse(reply, 404, "no such upload");
    return reply.header("upload-offset", String(upload.data.length)).send();
  });
}
