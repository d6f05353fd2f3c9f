/**
 * Finds the user's terms in recognised text and puts them into the user's own spelling.
 */
import type { Term } from "../context/term.ts";
import { replaceText, type TimedText } from "./timed-text.ts";

/** A term in the text: characters `from` to `to`. */
export interface TermOccurrence {
  readonly term: Term;
  readonly from: number;
  readonly to: number;
}

/** Han characters stand alone; letters and digits of other scripts form words. */
const atoms = /[\p{Script=Han}々〇]|[\p{L}\p{N}\p{M}]+?(?=[\p{Script=Han}々〇]|[^\p{L}\p{N}\p{M}]|$)/gu;

/** Keys shorter than this must match word by word: "a I" is not "AI". */
const shortestJoinedKey = 5;
/** Keys this short are often ordinary words ("it" and "IT"): they need a capital in the text to be taken for the term. */
const longestAmbiguousKey = 3;

/** All terms of a list by what their letters and digits are, case and separators aside. */
export class TermIndex {
  readonly #terms = new Map<string, { term: Term; atoms: number }>();
  #longest = 0;

  constructor(terms: Iterable<Term>) {
    for (const term of terms) {
      for (const form of [term.text, ...term.spokenForms]) {
        const found = [...form.matchAll(atoms)];
        const key = keyOf(found.map((atom) => atom[0]));
        if (key === "" || this.#terms.has(key)) continue;
        this.#terms.set(key, { term, atoms: found.length });
        this.#longest = Math.max(this.#longest, found.length + 2);
      }
    }
  }

  /**
   * Finds the terms, the longest at each place, and rewrites them.
   * @returns the text with the terms as the user spells them, and where they stand in it
   */
  apply(timed: TimedText): { timed: TimedText; occurrences: TermOccurrence[] } {
    const occurrences: TermOccurrence[] = [];
    const found = [...timed.text.matchAll(atoms)].map((atom) => ({ text: atom[0], from: atom.index }));
    let result = timed;
    let shift = 0;
    for (let i = 0; i < found.length;) {
      const match = this.#longestMatch(found, i);
      if (!match) {
        i++;
        continue;
      }
      const last = found[i + match.length - 1]!;
      const from = found[i]!.from + shift;
      const to = last.from + last.text.length + shift;
      const written = result.text.slice(from, to);
      const spelling = keepsCapital(match.term.text, written, result.text.slice(0, from))
        ? written
        : match.term.text;
      if (spelling !== written) result = replaceText(result, from, to, spelling);
      shift += spelling.length - written.length;
      occurrences.push({ term: match.term, from, to: from + spelling.length });
      i += match.length;
    }
    return { timed: result, occurrences };
  }

  #longestMatch(found: readonly { text: string }[], start: number): { term: Term; length: number } | null {
    for (let length = Math.min(this.#longest, found.length - start); length > 0; length--) {
      const parts = found.slice(start, start + length).map((atom) => atom.text);
      const key = keyOf(parts);
      const entry = this.#terms.get(key);
      if (!entry) continue;
      if (entry.atoms !== length && key.length < shortestJoinedKey) continue;
      const written = parts.join("");
      const ambiguous = key.length <= longestAmbiguousKey && /\p{Lu}/u.test(entry.term.text);
      if (ambiguous && written === written.toLowerCase() && written !== written.toUpperCase()) continue;
      return { term: entry.term, length };
    }
    return null;
  }
}

function keyOf(parts: readonly string[]): string {
  return parts.join("").normalize("NFKC").toLowerCase();
}

/** A term in lower case may keep the capital that begins a sentence. */
function keepsCapital(term: string, written: string, before: string): boolean {
  if (term !== term.toLowerCase() || written.length !== term.length) return false;
  const beginsSentence = /(?:^|[.?!。？！…:]["'”’)]*)\s*["'“‘(]*$/u.test(before);
  return beginsSentence && written.slice(1) === term.slice(1) && written.toLowerCase() === term;
}
