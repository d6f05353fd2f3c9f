/**
 * Cuts off clients that send the body of a request drop by drop, or only its beginning (slow loris): each would hold a
 * connection, and maybe a file, for hours.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../services.ts";
import { Problem, problemBody } from "./problem.ts";

export interface BodyTimes {
  /** How often is looked at what came. */
  readonly lookMilliseconds: number;
  /** So many bytes have to come from one look to the next. */
  readonly leastBytes: number;
  /** A body that is no recording has to be complete by then. */
  readonly smallBodyMilliseconds: number;
  /** A client that was answered before its body was read has so long to take the answer and stop. */
  readonly lingerMilliseconds: number;
}

export const defaultBodyTimes: BodyTimes = {
  lookMilliseconds: 30_000,
  leastBytes: 4096,
  smallBodyMilliseconds: 60_000,
  lingerMilliseconds: 10_000,
};

export function watchBodies(app: App, times: BodyTimes): void {
  app.addHook("onRequest", async (request, reply) => {
    if (hasBody(request)) closeUnread(request, reply, times);
  });
  app.addHook("preParsing", async (request, reply, payload) => {
    if (hasBody(request)) watchBody(request, reply, times);
    return payload;
  });
}

/** Nobody reads the end of a request without a body; event streams would be cut. */
function hasBody({ headers }: FastifyRequest): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
}

function closeUnread(request: FastifyRequest, reply: FastifyReply, { lingerMilliseconds }: BodyTimes): void {
  reply.raw.once("finish", () => {
    if (request.raw.complete) return;
    const timer = setTimeout(() => {
      if (!request.raw.complete) request.raw.destroy();
    }, lingerMilliseconds);
    timer.unref();
    request.raw.once("close", () => clearTimeout(timer));
  });
}

function watchBody(request: FastifyRequest, reply: FastifyReply, times: BodyTimes): void {
  const { socket } = request.raw;
  const isRecording = request.isMultipart() || request.url.startsWith("/v1/uploads");
  const begun = Date.now();
  let heard = socket.bytesRead;
  const timer = setInterval(() => {
    const fresh = socket.bytesRead - heard;
    heard = socket.bytesRead;
    const isLate = !isRecording && Date.now() - begun >= times.smallBodyMilliseconds;
    // What has come and is not read yet is not the client's fault.
    const isWaiting = request.raw.readableLength === 0;
    if ((fresh >= times.leastBytes || !isWaiting) && !isLate) return;
    stop();
    cutOff(request, reply);
  }, times.lookMilliseconds);
  timer.unref();
  const stop = () => clearInterval(timer);
  request.raw.once("end", stop);
  request.raw.once("close", stop);
}

/** Answers 408 where there is still time for it, and ends the connection: whoever reads the body notices. */
function cutOff(request: FastifyRequest, reply: FastifyReply): void {
  const problem = new Problem(408, "The body of the request came too slowly, or stopped coming.");
  // Uploads are answered by the tus server; it keeps what has come.
  if (reply.sent || reply.raw.headersSent) {
    request.raw.destroy();
    return;
  }
  reply.hijack();
  const body = JSON.stringify(problemBody(problem, request.id));
  reply.raw.writeHead(408, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  reply.raw.end(body, () => request.raw.destroy());
}
