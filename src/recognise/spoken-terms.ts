/**
 * Which of a long list of terms may be in a stretch of speech: only these take part in the search, so that a list of ten thousand is
 * as easy as one of fifty, and what nobody says cannot be written.
 */
import type { Term } from "../context/term.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import type { HeardWord } from "../retrieval/heard-words.ts";
import { labelScores, type LetterScorer } from "../retrieval/letter-head.ts";
import { prune, type ScoredMatch } from "../retrieval/prune.ts";
import { spotterOf, type TermSighting, type TermSpotter } from "../retrieval/term-spotter.ts";
import { type WrittenFit, writtenFits } from "../retrieval/written-words.ts";
import { type Glossary, PreparedTerms } from "./glossary.ts";

/** The search itself deals as well with shorter lists. */
export const longestUnpruned = 100;
/** Low on purpose: a term too many costs little here, a term lost is lost. */
const leastScore = 0.001;
const mostTerms = 100;

/** What the sounds of a window say about a list. */
export interface Sighted {
  readonly sightings: readonly TermSighting[];
  /** How well what a first pass wrote fits the sounds. */
  readonly fitsOf: (words: readonly HeardWord[]) => WrittenFit[];
  /** Terms that the head has no labels for. */
  readonly unspellable: Iterable<Term>;
}

/** Finds the terms of windows with a letter head over the model's frames. */
export class TermFinder implements AsyncDisposable {
  readonly #head: LetterScorer;
  readonly #cacheFolder: string | undefined;
  readonly #spotters = new WeakMap<PreparedTerms, Promise<TermSpotter>>();

  /** @param cacheFolder where long lists are kept as they were made ready */
  constructor(head: LetterScorer, cacheFolder?: string) {
    this.#head = head;
    this.#cacheFolder = cacheFolder;
  }

  /**
   * @param startSeconds of the window in the recording
   * @returns null for lists that are searched as they are
   */
  async find(
    model: SpeechModel,
    frames: AudioFrames,
    prepared: PreparedTerms,
    startSeconds: number,
  ): Promise<Sighted | null> {
    if (prepared.used.length <= longestUnpruned) return null;
    const spotter = await this.#spotterFor(prepared);
    const scores = await labelScores(this.#head, model, frames);
    const { labels, placeSeconds } = this.#head;
    const sightings = spotter.spot(scores.logits, scores.places, placeSeconds, startSeconds);
    const fitsOf = (words: readonly HeardWord[]) =>
      writtenFits(words, scores, labels, placeSeconds, startSeconds);
    return { sightings, fitsOf, unspellable: spotter.unspellable.keys() };
  }

  #spotterFor(prepared: PreparedTerms): Promise<TermSpotter> {
    let spotter = this.#spotters.get(prepared);
    if (!spotter)
      this.#spotters.set(
        prepared,
        (spotter = spotterOf(prepared.used, this.#head.labels, this.#cacheFolder)),
      );
    return spotter;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#head[Symbol.asyncDispose]();
  }
}

/**
 * The terms that take part in the search of a window: what anything speaks for, what was written before in the recording, and what
 * cannot be looked for.
 *
 * @param matches by the sounds and by a first pass
 */
export function candidates(
  model: SpeechModel,
  matches: readonly ScoredMatch[],
  unspellable: Iterable<Term>,
  glossary: Glossary,
): PreparedTerms {
  const { kept } = prune(matches, { threshold: leastScore, most: mostTerms });
  return new PreparedTerms(
    [...new Set([...kept.map(({ term }) => term), ...glossary.written, ...unspellable])],
    model,
  );
}

/** Times in seconds from the start of the recording. */
interface PlacedMatch extends ScoredMatch {
  readonly start: number;
  readonly end: number;
}

/** Word times of a search may be off by as much, in seconds. */
const timeTolerance = 0.5;

/**
 * How probable a term is at a place by what was found before the search. Of terms that were found elsewhere only, and of those that were
 * written before in the recording and may be said again, nothing is known.
 */
export function probabilitiesOf(
  matches: readonly PlacedMatch[],
  glossary: Glossary,
): (found: Omit<PlacedMatch, "score">) => number | undefined {
  const byTerm = new Map<Term, PlacedMatch[]>();
  for (const match of matches) {
    const known = byTerm.get(match.term);
    if (known) known.push(match);
    else byTerm.set(match.term, [match]);
  }
  for (const term of glossary.written) byTerm.delete(term);
  return ({ term, start, end }) =>
    byTerm
      .get(term)
      ?.filter((match) => Math.min(match.end, end) - Math.max(match.start, start) > -timeTolerance)
      .reduce<number | undefined>((most, { score }) => Math.max(most ?? 0, score), undefined);
}
