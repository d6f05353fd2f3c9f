/** Refusals of the mock server (RFC 9457). */
import type { FastifyReply } from "fastify";

export function refuse(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return reply
    .code(status)
    .type("application/problem+json")
    .send({ type: "about:blank", title: "Refused", status, detail });
}
