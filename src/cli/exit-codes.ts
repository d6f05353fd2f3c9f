/**
 * The exit codes of the command line, as documented in `docs/command-line.md`.
 */
import { GlossaError, type GlossaErrorCode } from "../errors.ts";

export const exitCodes = {
  success: 0,
  /** Something failed while running: an input, the engine, writing. */
  failure: 1,
  /** The arguments or a glossary are wrong; nothing was recognised. */
  usage: 2,
  /** The model cannot be had, or is not what it should be. */
  modelUnavailable: 3,
  /** Ctrl-C or a termination signal; what was done is kept. */
  interrupted: 130,
} as const;

const codeByError: Partial<Record<GlossaErrorCode, number>> = {
  "invalid-argument": exitCodes.usage,
  "invalid-terms": exitCodes.usage,
  "unsupported-document": exitCodes.usage,
  "model-unavailable": exitCodes.modelUnavailable,
  "model-corrupt": exitCodes.modelUnavailable,
};

/** The exit code for an error that stops the whole command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof GlossaError ? (codeByError[error.code] ?? exitCodes.failure) : exitCodes.failure;
}
