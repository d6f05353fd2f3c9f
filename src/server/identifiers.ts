/**
 * Names of things on the server: `job_`, `batch_` and so on, then the time of making and 80 random bits, so that they sort
 * by age and cannot be guessed.
 */
import { randomBytes } from "node:crypto";

/** Crockford's base 32, in lower case: no letters that look like digits. */
const digits = "0123456789abcdefghjkmnpqrstvwxyz";

export type IdentifierKind = "job" | "batch" | "glossary" | "key" | "live" | "delivery" | "file";

let lastMilliseconds = 0;

export function newIdentifier(kind: IdentifierKind): string {
  // Within one millisecond the order must hold too: pages of a list go on after the last identifier seen.
  lastMilliseconds = Math.max(Date.now(), lastMilliseconds + 1);
  let time = "";
  for (let rest = lastMilliseconds, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = digits[rest % 32] + time;
  return `${kind}_${time}${Array.from(randomBytes(16), (byte) => digits[byte % 32]).join("")}`;
}
