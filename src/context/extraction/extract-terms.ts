/**
 * From documents to terms: the candidates that are worth a place, at most so many a page, with the reasons and places that
 * speak for each, and guesses of how they are said.
 */
import type { ContextDocument } from "../documents/document.ts";
import { sourceOf } from "../documents/document.ts";
import type { Term } from "../term.ts";
import { longestTermCharacters } from "../term-list.ts";
import { type Candidate, collectCandidates, type TermReason } from "./candidates.ts";
import { spokenFormsOf } from "./spoken-forms.ts";

/** A term with what speaks for it. */
export interface ExtractedTerm extends Term {
  /** How often it stands in the documents. */
  readonly count: number;
  readonly reasons: readonly TermReason[];
  /** The first places where it stands, such as `deck.pdf, page 3`. */
  readonly places: readonly string[];
  /** Index of the document and number of the page of every page that holds it. */
  readonly pages: readonly { readonly document: number; readonly page: number }[];
  /** What terms are ranked by; comparable within one extraction only. */
  readonly score: number;
}

export interface ExtractOptions {
  /** Terms kept for each page at most. Default 30. */
  readonly termsPerPage?: number;
  /** Most terms altogether. Default 20,000. */
  readonly mostTerms?: number;
}

export const defaultTermsPerPage = 30;
const defaultMostTerms = 20_000;
const shownPlaces = 5;

/** What each reason adds to the score of a candidate. */
const reasonScores: Readonly<Record<TermReason, number>> = {
  identifier: 3,
  "mixed case": 3,
  acronym: 3,
  "letters and digits": 2.6,
  "given as a name": 2.6,
  name: 2.2,
  "rare word": 1,
  "Chinese term": 1.2,
  phrase: 1.1,
  "set apart": 0.8,
};

/** Reasons strong enough that the term weighs as if a person had listed it. */
const strongReasons: ReadonlySet<TermReason> = new Set([
  "identifier",
  "mixed case",
  "acronym",
  "letters and digits",
  "name",
  "given as a name",
] as const);

/**
 * The terms of documents, the best first.
 *
 * @param documents as `readContext` gives them
 */
export function extractTerms(
  documents: readonly ContextDocument[],
  options: ExtractOptions = {},
): ExtractedTerm[] {
  const { termsPerPage = defaultTermsPerPage, mostTerms = defaultMostTerms } = options;
  const { candidates, words } = collectCandidates(documents);
  dropPartsOfPhrases(candidates);
  const scored = [...candidates.values()]
    .map((candidate) => ({ candidate, score: scoreOf(candidate) }))
    .filter(({ candidate, score }) => score > 0 && spellingOf(candidate).length <= longestTermCharacters)
    .sort((a, b) => b.score - a.score);
  const taken = new Map<string, number>();
  const kept: ExtractedTerm[] = [];
  for (const { candidate, score } of scored) {
    if (kept.length >= mostTerms) break;
    // Charged to one page only, so that what stands on every page leaves room for what stands on one.
    const page = candidate.places
      .map((place) => `${place.document} ${place.page}`)
      .find((key) => (taken.get(key) ?? 0) < termsPerPage);
    if (page === undefined) continue;
    taken.set(page, (taken.get(page) ?? 0) + 1);
    kept.push(termOf(candidate, score, documents, words));
  }
  return kept;
}

function scoreOf(candidate: Candidate): number {
  const { reasons, count, titles, marks, rarity, words, edge } = candidate;
  let score = 0;
  for (const reason of reasons) score = Math.max(score, reasonScores[reason]);
  score += 1.2 * rarity + 0.35 * Math.log2(count) + 0.5 * Math.min(titles, 2) + 0.6 * Math.min(marks, 2);
  if (reasons.has("phrase") && reasons.size === 1) {
    // A phrase that only stands in the middle or at the beginning of longer ones may be half of something.
    score -= 0.9 * (1 - edge);
    score -= 0.25 * (words - 2);
    if (rarity < 0.1) score -= 0.3;
  }
  return score;
}

/** A phrase that always stands in the same repeated longer phrase adds nothing. */
function dropPartsOfPhrases(candidates: Map<string, Candidate>): void {
  for (const [key, candidate] of candidates) {
    if (!candidate.reasons.has("phrase") || candidate.words < 3 || candidate.count < 2) continue;
    const words = key.split(" ");
    for (const part of [words.slice(0, -1), words.slice(1)]) {
      const shorter = candidates.get(part.join(" "));
      const onlyPhrase = shorter?.reasons.size === 1 && shorter.reasons.has("phrase");
      if (!shorter || !onlyPhrase || shorter.count > candidate.count || shorter.marks > 0) continue;
      // The end of a phrase is often the term itself: "efficient beam search".
      if (part.length >= 2 && part[0] === words[1]) continue;
      candidates.delete(part.join(" "));
    }
  }
}

/** The commonest spelling; among equals the one with fewer capitals, as titles have too many. */
function spellingOf(candidate: Candidate): string {
  const capitals = (text: string) => text.match(/\p{Lu}/gu)?.length ?? 0;
  return [...candidate.spellings].sort((a, b) => b[1] - a[1] || capitals(a[0]) - capitals(b[0]))[0]![0];
}

function termOf(
  candidate: Candidate,
  score: number,
  documents: readonly ContextDocument[],
  words: ReadonlySet<string>,
): ExtractedTerm {
  const text = spellingOf(candidate);
  const places = candidate.places
    .slice(0, shownPlaces)
    .map(({ document, place }) => sourceOf(documents[document]!.file, place));
  const isStrong = [...candidate.reasons].some((reason) => strongReasons.has(reason)) || candidate.marks > 0;
  return {
    text,
    spokenForms: spokenFormsOf(text, words),
    weight: isStrong ? 1 : candidate.rarity >= 0.5 ? 0.8 : 0.5,
    source: places[0]!,
    count: candidate.count,
    reasons: [...candidate.reasons],
    places: [...new Set(places)],
    pages: candidate.places.map(({ document, page }) => ({ document, page })),
    score: Math.round(score * 100) / 100,
  };
}
