/** The terms that a command looks for in a recording: the user's own, and those of documents. */
import type { Term } from "../context/term.ts";
import { GlossaError } from "../errors.ts";
import { untilAborted } from "./abortable.ts";
import { type ContextOptions, readCommandContext, withContext } from "./context.ts";
import { readGlossary } from "./glossary.ts";
import type { Screen } from "./screen.ts";

/** @throws GlossaError `invalid-argument` when a file cannot be read, or there are no terms at all; the signal's reason */
export async function readWantedTerms(
  options: ContextOptions & { terms?: readonly string[]; term?: readonly string[] },
  screen: Screen,
  signal: AbortSignal,
): Promise<readonly Term[]> {
  const glossary = await untilAborted(readGlossary(options.terms ?? [], options.term ?? []), signal);
  const context = await untilAborted(readCommandContext(options, signal), signal);
  for (const warning of [...glossary.warnings, ...context.warnings]) await screen.warn(warning);
  const terms = withContext(glossary.terms, context.terms);
  if (terms.length > 0) return terms;
  throw new GlossaError(
    "invalid-argument",
    "there are no terms; give --terms, --term, --context or --slides",
  );
}
