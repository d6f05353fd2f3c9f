/**
 * What was said and what was heard, in one line of text: words that agree stand once, every error stands as a pair,
 * the words said above those heard. In the markup `del` is what was said, `ins` what was heard instead.
 */
import type { AlignmentKind } from "../eval/align.ts";
import type { TermOccurrenceScore, UtteranceScore } from "../eval/records.ts";
import { splitMixed } from "../text/scripts.ts";
import { type Markup, markup } from "./markup.ts";

/** Class of an error in the page: substitution, deletion, insertion. */
const errorClass: Readonly<Record<Exclude<AlignmentKind, "match">, string>> = {
  substitution: "s",
  deletion: "d",
  insertion: "i",
};

interface Piece {
  kind: AlignmentKind;
  said: string | null;
  heard: string | null;
  isTerm: boolean;
}

/** The aligned line of an utterance; words of terms are underlined. */
export function alignedText(utterance: UtteranceScore): Markup {
  return markup`<p class="aligned" dir="auto" lang="${utterance.record.language}">${renderPieces(pieces(utterance))}</p>`;
}

/** The part of the line around a term, for examples. */
export function alignedExcerpt(
  utterance: UtteranceScore,
  side: "reference" | "hypothesis",
  { startToken, endToken }: Pick<TermOccurrenceScore, "startToken" | "endToken">,
  context = 4,
): Markup {
  const index = side === "reference" ? "referenceIndex" : "hypothesisIndex";
  const absent = side === "reference" ? "insertion" : "deletion";
  const inside = utterance.steps.flatMap((step, position) =>
    step.kind !== absent && step[index] >= startToken && step[index] < endToken ? [position] : [],
  );
  const all = pieces(utterance);
  const from = Math.max(0, inside[0] - context);
  const to = Math.min(all.length, inside[inside.length - 1] + 1 + context);
  return markup`<span class="aligned example" dir="auto" lang="${utterance.record.language}">${from > 0 && "… "}${renderPieces(all.slice(from, to))}${to < all.length && " …"}</span>`;
}

function pieces(utterance: UtteranceScore): Piece[] {
  const { reference, hypothesis, steps } = utterance;
  const saidTerms = markTokens(reference.length, utterance.referenceTerms);
  const heardTerms = markTokens(hypothesis.length, utterance.hypothesisTerms);
  return steps.map(({ kind, referenceIndex, hypothesisIndex }) => {
    const said = kind === "insertion" ? null : referenceIndex;
    const heard = kind === "deletion" ? null : hypothesisIndex;
    return {
      kind,
      said: said === null ? null : reference[said],
      heard: heard === null ? null : hypothesis[heard],
      isTerm: (said !== null && saidTerms[said]) || (heard !== null && heardTerms[heard]),
    };
  });
}

function markTokens(length: number, occurrences: readonly TermOccurrenceScore[] | null): boolean[] {
  const marks = Array.from({ length }, () => false);
  for (const { startToken, endToken } of occurrences ?? []) marks.fill(true, startToken, endToken);
  return marks;
}

function renderPieces(line: readonly Piece[]): Markup[] {
  return line.map((piece, index) => {
    const spaced = index > 0 && needsSpace(line[index - 1], piece);
    return markup`${spaced && " "}${renderPiece(piece)}`;
  });
}

function renderPiece({ kind, said, heard, isTerm }: Piece): Markup {
  const mark = (text: string) => (isTerm ? markup`<u>${text}</u>` : markup`${text}`);
  if (kind === "match") return mark(said!);
  return markup`<span class="e ${errorClass[kind]}">${said !== null && markup`<del>${mark(said)}</del>`}${heard !== null && markup`<ins>${mark(heard)}</ins>`}</span>`;
}

/** Words stand apart; characters of scripts without spaces do not. */
function needsSpace(before: Piece, after: Piece): boolean {
  return !(isUnspaced(before) && isUnspaced(after));
}

function isUnspaced({ said, heard }: Piece): boolean {
  const token = said ?? heard!;
  return splitMixed(`${token}${token}`).length > 1;
}
