/**
 * A file as the answer, with ranges (RFC 9110, section 14), so that players can seek.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";

/** @param mediaType what the uploader said it is; anything that a browser could run is not repeated */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  mediaType: string | null,
): Promise<FastifyReply> {
  const status = await stat(path).catch(() => null);
  if (!status) throw new Problem(404, "The recording is not there any more.");
  const isSafe = /^(?:audio|video)\/[\w.+-]+$/.test(mediaType ?? "");
  void reply
    .header("accept-ranges", "bytes")
    .header("content-disposition", "inline")
    .type(isSafe ? mediaType! : "application/octet-stream");
  const { range } = request.headers;
  const part = range === undefined ? null : partOf(range, status.size);
  if (part === null) {
    void reply.header("content-length", status.size);
    return reply.send(createReadStream(path));
  }
  if (part === "outside") {
    void reply.header("content-range", `bytes */${status.size}`);
    throw new Problem(416, `The recording has ${status.size} bytes.`);
  }
  void reply
    .code(206)
    .header("content-range", `bytes ${part.start}-${part.end}/${status.size}`)
    .header("content-length", part.end - part.start + 1);
  return reply.send(createReadStream(path, part));
}

/** The one range of a header, both ends inclusive; null when it is to be ignored. */
function partOf(header: string, size: number): { start: number; end: number } | "outside" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const [from, to] = [match[1] === "" ? null : Number(match[1]), match[2] === "" ? null : Number(match[2])];
  if (from === null) return to === 0 ? "outside" : { start: Math.max(0, size - to!), end: size - 1 };
  if (from >= size) return "outside";
  if (to !== null && to < from) return null;
  return { start: from, end: Math.min(to ?? size - 1, size - 1) };
}
