/**
 * Errors on their way from one process to another.
 */
import { GlossaError } from "../../errors.ts";

/** An error as it can be sent. What is no `GlossaError` is a bug, and is told as one. */
export function described(error: unknown): { code: string; message: string } {
  if (error instanceof GlossaError) return { code: error.code, message: error.message };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
