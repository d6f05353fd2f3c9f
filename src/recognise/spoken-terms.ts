/**
 * Which of a long list of terms may be in a stretch of speech, by its sounds: only these take part in the search, so that a list
 * of ten thousand is as easy as one of fifty, and what nobody says cannot be written.
 */
import type { Term } from "../context/term.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { labelScores, type LetterScorer } from "../retrieval/letter-head.ts";
import { prune } from "../retrieval/prune.ts";
import { TermSpotter, type TermSighting } from "../retrieval/term-spotter.ts";
import { PreparedTerms } from "./glossary.ts";

/** The search itself deals as well with shorter lists. */
export const longestUnpruned = 100;
/** Low on purpose: a term too many costs little here, a term lost is lost. */
const leastScore = 0.005;
const mostTerms = 100;

/** The terms of a window that the sounds speak for. */
export interface SpokenTerms {
  /** Ready for the search. */
  readonly candidates: PreparedTerms;
  /** The same with scores and times, the likeliest first. */
  readonly sightings: readonly TermSighting[];
}

/** Finds the terms of windows with a letter head over the model's frames. */
export class TermFinder {
  readonly #head: LetterScorer;
  readonly #spotters = new WeakMap<PreparedTerms, TermSpotter>();

  constructor(head: LetterScorer) {
    this.#head = head;
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
  ): Promise<SpokenTerms | null> {
    if (prepared.used.length <= longestUnpruned) return null;
    let spotter = this.#spotters.get(prepared);
    if (!spotter) this.#spotters.set(prepared, (spotter = new TermSpotter(prepared.used, this.#head.labels)));
    const { logits, places } = await labelScores(this.#head, model, frames);
    const sightings = spotter.spot(logits, places, this.#head.placeSeconds, startSeconds);
    const { kept } = prune(sightings, { threshold: leastScore, most: mostTerms });
    // What the head has no labels for cannot be found by it, and is searched as ever.
    const terms: Term[] = [...kept.map(({ term }) => term), ...spotter.unspellable.keys()];
    return {
      candidates: new PreparedTerms(terms, model),
      sightings: kept.flatMap(({ matches }) => matches).sort((a, b) => b.score - a.score),
    };
  }
}
