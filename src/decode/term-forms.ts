/**
 * The ways in which a recogniser may write a term before it is put into the user's spelling, as tokens.
 */
import type { Term } from "../context/term.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { TermTokens } from "./term-tree.ts";

/** What each token of a term of weight 1 adds to the score of a hypothesis (natural logarithm). */
export const bonusPerToken = 2;

const hasLetters = /\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}/u;

/**
 * As the user wrote it, in lower case, and with a capital; the same for each spoken form. Duplicates left out.
 */
export function writtenForms(term: Term): string[] {
  const forms = new Set<string>();
  for (const text of [term.text, ...term.spokenForms]) {
    const lower = text.toLowerCase();
    forms.add(text);
    forms.add(lower);
    forms.add(lower.replace(/^\p{L}/u, (letter) => letter.toUpperCase()));
    forms.add(lower.replace(/(?<=^|\s)\p{L}/gu, (letter) => letter.toUpperCase()));
  }
  return [...forms];
}

/**
 * The token sequences of a list of terms.
 *
 * @param spacesBetweenWords whether the spoken language puts spaces between words; where it does not, a Latin term may
 *   follow a character directly
 */
export function* termTokens(
  terms: Iterable<Term>,
  tokenizer: Tokenizer,
  spacesBetweenWords: boolean,
): Generator<TermTokens> {
  for (const term of terms) {
    if (term.weight === 0) continue;
    const bonus = bonusPerToken * term.weight;
    for (const form of writtenForms(term)) {
      const latin = hasLetters.test(form);
      if (latin) yield { tokens: tokenizer.encode(` ${form}`), bonus };
      if (!latin || !spacesBetweenWords) yield { tokens: tokenizer.encode(form), bonus };
    }
  }
}
