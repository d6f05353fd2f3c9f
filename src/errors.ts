/**
 * Errors that a caller can act on.
 *
 * Every error Glossa throws on purpose is a `GlossaError`: its `code` says what kind of thing went wrong
 * (stable, for programs), its message names the file, field or limit and what to do (for people), and
 * `cause` keeps the error underneath. Anything else that escapes is a bug.
 */
export type GlossaErrorCode =
  /** The arguments or options are wrong: an unknown model, a bad number, a flag that does not fit. */
  | "invalid-argument"
  /** A file or folder is not there or cannot be read. */
  | "unreadable-input"
  /** The bytes are no audio that can be decoded, or need a decoder that is not installed. */
  | "unsupported-audio"
  /** A document given as context cannot be read: encrypted, broken, or of a kind that is not known. */
  | "unsupported-document"
  /** A glossary file cannot be understood. */
  | "invalid-terms"
  /** Weights are missing and cannot be had: offline, no network, no such file, not found. */
  | "model-unavailable"
  /** Weights arrived but are not what the manifest says: wrong hash or size, broken archive. */
  | "model-corrupt"
  /** Writing failed: disk full, no permission. */
  | "write-failed"
  /** Training met a loss or a gradient that is no number, or has nothing to learn from. */
  | "training-failed"
  /** The inference engine refused: unknown device, provider not there, out of memory. */
  | "runtime-failed";

/** An error with a stable `code`, a message for people and the `cause` underneath. */
export class GlossaError extends Error {
  override readonly name = "GlossaError";
  readonly code: GlossaErrorCode;

  constructor(code: GlossaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
