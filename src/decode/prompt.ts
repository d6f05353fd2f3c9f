/**
 * What is put into a model's prompt: the terms and the text so far, within the model's limit.
 */
import type { Term } from "../context/term.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

export interface Prompt {
  readonly tokens: readonly number[];
  /** The terms that found room. */
  readonly terms: readonly Term[];
}

/**
 * Tokens of the text so far, at most: two or three sentences. More of it found no word more, and took a quarter of all the time
 * (docs/experiments.md).
 */
const mostTextTokens = 64;

/**
 * The terms come first and may take half of the limit when there is text so far, all of it when there is none; the end
 * of the text so far fills the rest, because what was said last matters most.
 *
 * @param terms best first
 * @param limit tokens that the model's prompt can take
 */
export function buildPrompt(
  tokenizer: Tokenizer,
  limit: number,
  terms: readonly Term[],
  previousText: string,
): Prompt {
  if (limit === 0) return { tokens: [], terms: [] };
  const previous =
    previousText.trim() === "" ? [] : tokenizer.encode(` ${previousText.trim()}`).slice(-mostTextTokens);
  const termLimit = previous.length === 0 ? limit : Math.max(Math.floor(limit / 2), limit - previous.length);
  const fitting: Term[] = [];
  let glossary: number[] = [];
  for (const term of terms) {
    const longer = tokenizer.encode(glossaryText([...fitting, term]));
    if (longer.length > termLimit) break;
    fitting.push(term);
    glossary = longer;
  }
  const room = limit - glossary.length;
  return { tokens: [...glossary, ...(room > 0 ? previous.slice(-room) : [])], terms: fitting };
}

/** How terms are shown to a model: as if they had just been said, one after the other. */
export function glossaryText(terms: readonly Term[]): string {
  return ` ${terms.map((term) => term.text).join(", ")}.`;
}
