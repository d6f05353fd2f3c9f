/**
 * Which of a long list of terms are worth a place in the prompt of a stretch of speech: those that a quick pass without terms
 * heard something like (speech-aware pruning, docs/context.md).
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { prune, type Pruned, type ScoredMatch } from "../retrieval/prune.ts";
import { TermMatcher, type TermMatch } from "../retrieval/term-matcher.ts";
import type { Word } from "../transcript/transcript.ts";
import { PreparedTerms } from "./glossary.ts";
import { searchWindow } from "./search-window.ts";

/** Making the index of longer lists takes longer than what it brings; of those only terms are looked for that the sounds speak for. */
const longestMatchedList = 20_000;
/** By how much being near in time, as on the slide that is shown, raises the odds of a term. */
const nearOdds = 3;

/** How a text is searched for that is not the result: partial ones, and those that terms are looked for in. */
export const fastest = { beamSize: 1, temperatures: [0], seed: 0, context: [] };

const matchers = new WeakMap<readonly Term[], TermMatcher>();

/** The words that a model hears in a window without terms; none where they cannot be trusted. */
export async function quickPass(
  model: SpeechModel,
  window: SpeechWindow,
  frames: AudioFrames,
  language: string,
  signal: AbortSignal | undefined,
): Promise<readonly Word[]> {
  const request = { ...fastest, language, terms: new PreparedTerms([], model), signal };
  const { part } = await searchWindow(model, window, frames, request);
  return !part || part.suspicion !== null ? [] : part.words;
}

/**
 * Where something like a term was heard.
 *
 * @param terms the same array every time: its index is made once
 * @param words what the quick pass heard
 * @param sighted what the sounds speak for, if they were asked
 */
export function heardTerms(
  terms: readonly Term[],
  words: readonly Word[],
  sighted: readonly { readonly term: Term }[] = [],
): readonly TermMatch[] {
  if (terms.length === 0 || words.length === 0) return [];
  if (terms.length > longestMatchedList) {
    const few = [...new Set(sighted.map(({ term }) => term))];
    return new TermMatcher(few).match([words]);
  }
  let matcher = matchers.get(terms);
  if (!matcher) matchers.set(terms, (matcher = new TermMatcher(terms)));
  return matcher.match([words]);
}

/**
 * The terms that are worth a place in the prompt, the likeliest first, and those that are too little like anything that was heard.
 *
 * @param near terms that are more likely than others now
 */
export function likeliest<Match extends ScoredMatch>(
  matches: readonly Match[],
  near: readonly Term[] = [],
): Pruned<Match> {
  const nearTexts = new Set(near.map((term) => term.text));
  const raised = (match: Match): Match => {
    if (!nearTexts.has(match.term.text)) return match;
    const odds = (nearOdds * match.score) / (1 - match.score);
    return { ...match, score: odds === Infinity ? 1 : odds / (1 + odds) };
  };
  return prune(matches.map(raised));
}
