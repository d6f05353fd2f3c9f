/** Whether terms that were heard also stand in the user's spelling: is `LoRA` written `LoRA`? */
import type { TermJudgement } from "./term-metrics.ts";

/** Terms of an utterance, or of many added up. */
export interface CaseCounts {
  /** Recalled occurrences of terms that have an upper-case letter. */
  heard: number;
  /** Those that are written exactly as the term. */
  written: number;
}

const PART_OF_WORD = /^(?!\p{Script=Han})[\p{L}\p{N}]/u;

function isWithinWord(text: string, boundary: number): boolean {
  return PART_OF_WORD.test(text.slice(boundary - 1, boundary)) && PART_OF_WORD.test(text.slice(boundary));
}

/**
 * How often the exact spelling stands in the text, not as a part of a longer word; Chinese around it does not make it
 * longer. Occurrences do not overlap.
 */
export function countWritten(text: string, spelling: string): number {
  if (spelling === "") return 0;
  let count = 0;
  let start = text.indexOf(spelling);
  while (start !== -1) {
    const end = start + spelling.length;
    const whole = !isWithinWord(text, start) && !isWithinWord(text, end);
    if (whole) count++;
    start = text.indexOf(spelling, whole ? end : start + 1);
  }
  return count;
}

/**
 * Counts the case-sensitive accuracy of an utterance. Terms without upper-case letters are left out: at the start of a
 * sentence they are rightly capitalised.
 *
 * @param terms the spelling of every term, in the order of the index that judged them.
 * @param hypothesisText the transcript as written, not normalised.
 */
export function countCase(
  judgement: TermJudgement,
  terms: readonly string[],
  hypothesisText: string,
): CaseCounts {
  const heardByTerm = new Map<number, number>();
  for (const { term, correct } of judgement.reference) {
    if (correct && terms[term] !== terms[term].toLowerCase()) {
      heardByTerm.set(term, (heardByTerm.get(term) ?? 0) + 1);
    }
  }
  const counts = { heard: 0, written: 0 };
  const text = hypothesisText.normalize("NFC");
  for (const [term, heard] of heardByTerm) {
    counts.heard += heard;
    counts.written += Math.min(heard, countWritten(text, terms[term].normalize("NFC")));
  }
  return counts;
}

/** Share of the heard occurrences that are written as the user writes them, in percent; null where there are none. */
export function caseAccuracy(utterances: Iterable<CaseCounts>): number | null {
  let heard = 0;
  let written = 0;
  for (const counts of utterances) {
    heard += counts.heard;
    written += counts.written;
  }
  return heard === 0 ? null : (100 * written) / heard;
}
