/**
 * One stretch of audio → its words with times, and the terms in them with the evidence for each. Terms for which the evidence
 * is too thin are taken back.
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import { decodeWindow, type DecodeOptions } from "../decode/decode-window.ts";
import type { Suspicion } from "../decode/guards.ts";
import type { Hypothesis } from "../decode/hypothesis.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { confidenceCurve } from "./confidence.ts";
import { evidenceOf, isDoubtful, isThin, type Evidence } from "./evidence.ts";
import type { PreparedTerms } from "./glossary.ts";
import { type TimedText, timedTextOf } from "./timed-text.ts";
import { timedTokens } from "./timed-tokens.ts";
import { wordsOf, type PlacedWord } from "./words.ts";
import { writeTerms } from "./written-terms.ts";

export interface SearchRequest extends Omit<DecodeOptions, "terms"> {
  readonly terms: PreparedTerms;
  /** Whether the words of the search's other texts are wanted. */
  readonly alternatives?: boolean;
  /** How probable a term was found to be at its place before the search, 0 to 1; undefined where nothing is known. */
  readonly probabilityOf?: ((found: FoundTerm) => number | undefined) | null;
}

/** What is said in a stretch of audio. */
export interface RecognisedPart {
  readonly window: SpeechWindow;
  readonly text: string;
  /** At least one. */
  readonly words: readonly PlacedWord[];
  readonly suspicion: Suspicion | null;
  /** The terms in it. */
  readonly found: readonly FoundTerm[];
  /** The words of what else the search came up with, the best first; empty when they are not wanted. */
  readonly others: readonly (readonly PlacedWord[])[];
}

/** A term in the text. Times in seconds from the start of the recording. */
export interface FoundTerm {
  readonly term: Term;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly confidence: number;
  readonly evidence: Evidence;
}

/** A term, and the first token that it takes part in. */
interface PlacedTerm extends FoundTerm {
  readonly firstToken: number;
}

/** A part, what it was made from, and the natural logarithm of its text's probability without context. */
interface Searched extends RecognisedPart {
  readonly found: readonly PlacedTerm[];
  readonly hypothesis: Hypothesis;
  readonly contextFreeLogProbability: number;
}

/** Times that terms are doubted, at most. */
const mostRounds = 3;
/** A text without a term may part from the one with it some tokens before. */
const tokensBefore = 4;

/**
 * Where a term may be doubted, the search is made again from shortly before, without it and without context. If too much speaks for
 * what is then found, that stands.
 *
 * @param frames the window, encoded
 * @returns the part, null when nothing is said; and the terms that were taken back, as they were found
 */
export async function searchWindow(
  model: SpeechModel,
  window: SpeechWindow,
  frames: AudioFrames,
  request: SearchRequest,
): Promise<{ part: RecognisedPart | null; rejected: readonly FoundTerm[] }> {
  const { terms, ...options } = request;
  const rejected: FoundTerm[] = [];
  const searchWithout = ({ hypothesis }: Searched, excluded: readonly PlacedTerm[]) => {
    const tracker = terms.tracker!.without(new Set([...rejected, ...excluded].map(({ term }) => term)));
    const length = Math.max(0, Math.min(...excluded.map(({ firstToken }) => firstToken)) - tokensBefore);
    const beginning = { hypothesis, length };
    return search(model, window, frames, terms, { ...options, terms: tracker, context: [], beginning });
  };
  let part = await search(model, window, frames, terms, { ...options, terms: terms.tracker });
  for (let round = 0; part && round < mostRounds; round++) {
    const doubtful = part.found.filter(({ evidence }) => isDoubtful(evidence));
    if (doubtful.length === 0) break;
    const alternative = await searchWithout(part, doubtful);
    const contrast = alternative
      ? Math.max(0, alternative.contextFreeLogProbability - part.contextFreeLogProbability)
      : 0;
    const doubts = doubtful.reduce((sum, { evidence }) => sum + evidence.shortfall, 0);
    const thin = doubtful.filter((found) => {
      // What speaks against several terms at once is shared out among them.
      const share = doubts > 0 ? (contrast * found.evidence.shortfall) / doubts : 0;
      return isThin(found.evidence, share, model.id, request.probabilityOf?.(found));
    });
    if (thin.length === 0) break;
    rejected.push(...thin);
    part = thin.length === doubtful.length ? alternative : await searchWithout(part, thin);
  }
  return { part, rejected };
}

async function search(
  model: SpeechModel,
  window: SpeechWindow,
  frames: AudioFrames,
  { tree }: PreparedTerms,
  options: DecodeOptions & Pick<SearchRequest, "alternatives">,
): Promise<Searched | null> {
  const decoded = await decodeWindow(model, frames, options);
  if (decoded.silence) return null;
  const timedText = (hypothesis: Hypothesis) =>
    timedTextOf(timedTokens({ ...decoded, hypothesis }, window, model), model.tokenizer);
  const placedWords = (timed: TimedText) => wordsOf(timed, confidenceCurve(model.id), window.speech);
  const plain = timedText(decoded.hypothesis);
  const { timed, occurrences } = tree ? writeTerms(plain, tree) : { timed: plain, occurrences: [] };
  const words = placedWords(timed);
  if (words.length === 0) return null;
  const found = occurrences.map(({ term, from, to }) => {
    const covered = words.filter((word) => word.from < to && word.to > from);
    return {
      term,
      start: covered[0]!.start,
      end: covered.at(-1)!.end,
      text: timed.text.slice(from, to),
      confidence: Math.min(...covered.map((word) => word.confidence)),
      evidence: evidenceOf(decoded.hypothesis, timed, from, to),
      firstToken: timed.token[from]!,
    };
  });
  const { contextFreeLogProbabilities } = decoded.hypothesis;
  return {
    window,
    text: timed.text,
    words,
    suspicion: decoded.suspicion,
    found,
    others: options.alternatives ? decoded.others.map((other) => placedWords(timedText(other))) : [],
    hypothesis: decoded.hypothesis,
    contextFreeLogProbability: contextFreeLogProbabilities.reduce((sum, value) => sum + value, 0),
  };
}
