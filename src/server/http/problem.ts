/**
 * Errors as HTTP tells them: problem details of RFC 9457, for every status alike.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { GlossaError, type GlossaErrorCode } from "../../errors.ts";
import { TooBusy } from "../recognition/recognition.ts";
import { WorkerCrash } from "../recognition/worker-process.ts";

const kinds = {
  400: ["invalid-request", "The request is not valid"],
  401: ["unauthorised", "A key is needed"],
  403: ["forbidden", "The key does not allow this"],
  404: ["not-found", "There is no such thing"],
  405: ["method-not-allowed", "This method is not known here"],
  408: ["timeout", "The request took too long"],
  409: ["conflict", "This cannot be done in the present state"],
  411: ["invalid-request", "The request is not valid"],
  413: ["too-large", "The request is too large"],
  415: ["unsupported-media", "This kind of content is not taken here"],
  416: ["invalid-request", "There is no such part"],
  422: ["unsupported-audio", "The recording cannot be read"],
  429: ["too-many-requests", "Too many requests"],
  500: ["internal", "Something went wrong in the server"],
  503: ["unavailable", "The server cannot do this now"],
  507: ["unavailable", "There is no room left on the server"],
} as const;

export type ProblemStatus = keyof typeof kinds;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** An error with the status it has over HTTP. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: ProblemStatus;
  readonly errors: readonly FieldError[];

  constructor(status: ProblemStatus, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Nobody is there any more to take the answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";

  constructor() {
    super("The client is gone.");
  }
}

/** A field that is wrong. */
export function fieldProblem(field: string, message: string): Problem {
  return new Problem(400, `${field}: ${message}`, [{ field, message }]);
}

/** Checks values that did not come as a JSON body. @throws Problem 400 that names the fields */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(
    result.error.issues.map(({ path, message }) => ({ field: path.map(String).join("."), message })),
  );
}

function invalid(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const detail = first ? `${first.field === "" ? "" : `${first.field}: `}${first.message}` : "not valid";
  return new Problem(400, detail, errors.slice(0, 20));
}

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

const statusOfCode: Record<GlossaErrorCode, ProblemStatus> = {
  "invalid-argument": 400,
  "invalid-terms": 400,
  "unsupported-document": 400,
  "unreadable-input": 422,
  "unsupported-audio": 422,
  "model-unavailable": 503,
  "model-corrupt": 503,
  "write-failed": 507,
  "training-failed": 500,
  "runtime-failed": 500,
};

/** Any error as a problem. What is unexpected tells clients nothing but that it was. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TooBusy) return new Problem(503, error.message);
  if (error instanceof WorkerCrash) return new Problem(500, "The recogniser crashed on this recording.");
  if (error instanceof GlossaError) return new Problem(statusOfCode[error.code] ?? 500, error.message);
  if (hasZodFastifySchemaValidationErrors(error)) {
    return invalid(
      error.validation.map(({ instancePath, message }) => ({
        field: instancePath.replace(/^\//, "").replaceAll("/", "."),
        message: message ?? "not valid",
      })),
    );
  }
  const { statusCode, message, code } = error as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY") return new Problem(400, "The body is empty.");
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode in kinds ? (statusCode as ProblemStatus) : 400, message ?? "not valid");
  }
  return new Problem(500, "An unexpected error; the server's log has more.");
}

/** The body of a problem. @param instance the number of the request, which the log names too */
export function problemBody(problem: Problem, instance: string): z.infer<typeof problemSchema> {
  const [kind, title] = kinds[problem.status];
  return {
    type: `https://glossa.dev/problems/${kind}`,
    title,
    status: problem.status,
    detail: problem.message,
    instance,
    ...(problem.errors.length > 0 && { errors: [...problem.errors] }),
  };
}

/** Routes that speak OpenAI's language answer with its error object too. */
function openAiError(problem: Problem): object {
  const type =
    problem.status === 401
      ? "authentication_error"
      : problem.status >= 500
        ? "server_error"
        : "invalid_request_error";
  return {
    error: {
      message: problem.message,
      type,
      code: kinds[problem.status][0],
      param: problem.errors[0]?.field ?? null,
    },
  };
}

/** Answers an error. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof ClientGone) {
    request.log.debug("the client went away before its answer");
    reply.raw.destroy();
    return;
  }
  const problem = problemOf(error);
  if (problem.status >= 500) {
    const level = problem.status === 500 ? "error" : "warn";
    request.log[level]({ err: error }, "request failed");
  }
  if (reply.sent || reply.raw.headersSent) {
    // Half an answer is out already; the client sees that it breaks off.
    reply.raw.destroy();
    return;
  }
  if (error instanceof TooBusy) void reply.header("retry-after", "30");
  const speaksOpenAi = request.url.startsWith("/v1/audio/") || request.url.startsWith("/v1/models");
  if (problem.status === 401) void reply.header("www-authenticate", 'Bearer realm="glossa"');
  void reply
    .code(problem.status)
    .type("application/problem+json")
    // Not by the route's schema, which describes success.
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ ...problemBody(problem, request.id), ...(speaksOpenAi && openAiError(problem)) });
}
