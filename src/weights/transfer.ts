/**
 * What every way of fetching has in common: giving up on a connection that stands still, and trying again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { GlossaError, type GlossaErrorCode } from "../errors.ts";

export interface TransferOptions {
  signal?: AbortSignal;
  /** Called with the bytes of the file named that are there so far. */
  onBytes?: (fileName: string, receivedBytes: number) => void;
  /** Give up on a connection that sends nothing for so long. Default 30. */
  stallSeconds?: number;
  /** Wait before the first retry; it doubles every time. Default 1. */
  retryDelaySeconds?: number;
}

/** A failure that may be gone on the next try: a cut connection, a server that is busy. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  /** The code of the error when no try succeeds. */
  readonly code: GlossaErrorCode;

  constructor(
    message: string,
    options: { cause?: unknown } = {},
    code: GlossaErrorCode = "model-unavailable",
  ) {
    super(message, options);
    this.code = code;
  }
}

const attempts = 4;

/**
 * Runs `operation` up to four times, as long as it fails with a `TransientError`.
 * @throws GlossaError with that error's code when the last try fails too
 */
export async function withRetries<T>(operation: () => Promise<T>, options: TransferOptions): Promise<T> {
  let delaySeconds = options.retryDelaySeconds ?? 1;
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (attempt === attempts) {
        throw new GlossaError(error.code, `${error.message} (tried ${attempts} times).`, {
          cause: error.cause,
        });
      }
    }
    await sleep(delaySeconds * 1000, undefined, { signal: options.signal });
    delaySeconds *= 2;
  }
}

/** A signal that aborts when `touch` was not called for a while, or when the caller's signal aborts. */
export class StallGuard {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #seconds: number;

  constructor(options: TransferOptions) {
    this.#seconds = options.stallSeconds ?? 30;
    this.#timer = setTimeout(() => this.#controller.abort(), this.#seconds * 1000);
    this.signal = options.signal
      ? AbortSignal.any([options.signal, this.#controller.signal])
      : this.#controller.signal;
  }

  touch(): void {
    this.#timer.refresh();
  }

  /** Says why a transfer from `origin` broke off: by the guard itself or by the error given. */
  explain(origin: string, cause: unknown): Error {
    if (this.#controller.signal.aborted) {
      return new TransientError(`${origin} sent nothing for ${this.#seconds} seconds`, { cause });
    }
    const { code, message } = rootOf(cause);
    if (code !== undefined && unreachableCodes.has(code)) {
      const advice = "check the network and the proxy settings";
      return new GlossaError("model-unavailable", `${origin} cannot be reached (${code}): ${advice}.`, {
        cause,
      });
    }
    return new TransientError(`The connection to ${origin} failed: ${message}`, { cause });
  }

  /** Stops the clock and closes the connection if it is still open. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

/** Nobody answers at all: without a network the user should not wait for retries. */
const unreachableCodes = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"]);

/** The innermost error: fetch libraries wrap what went wrong in "fetch failed". */
function rootOf(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error) return rootOf(error.cause);
  return error instanceof Error ? error : { message: String(error) };
}
