/**
 * The language of a recording: given by the user, or voted on by its windows until the vote is clear.
 */
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import type { Checkpoint } from "./options.ts";

/** A language with this much of the vote is not asked about again. */
const clearMajority = 0.9;

export class LanguageVote {
  readonly #given: string | undefined;
  readonly #logVotes = new Map<string, number>();
  #language: string | null;
  #isSettled: boolean;

  /** @param earlier the votes of the windows before, when recognition goes on after them */
  constructor(given: string | undefined, earlier?: Checkpoint["vote"]) {
    this.#given = given;
    this.#language = given ?? earlier?.language ?? null;
    this.#isSettled = given !== undefined || earlier?.isSettled === true;
    for (const [language, logVotes] of earlier?.logVotes ?? []) this.#logVotes.set(language, logVotes);
  }

  /** The votes so far. */
  get votes(): Checkpoint["vote"] {
    return { language: this.#language, isSettled: this.#isSettled, logVotes: [...this.#logVotes] };
  }

  /** The language so far; null before the first window, when none was given. */
  get language(): string | null {
    return this.#language;
  }

  /** Whether all windows to come are in a language that is known now. */
  isSettled(model: SpeechModel): boolean {
    return this.#isSettled || model.languages.length === 1;
  }

  /** The language in which a window should be recognised. */
  async languageOf(frames: AudioFrames, model: SpeechModel): Promise<string> {
    if (this.#given !== undefined) return this.#given;
    if (this.#isSettled) return this.#language!;
    let best = -Infinity;
    for (const [language, probability] of await model.detectLanguage(frames)) {
      const votes = (this.#logVotes.get(language) ?? 0) + Math.log(Math.max(probability, 1e-6));
      this.#logVotes.set(language, votes);
      if (votes > best) {
        best = votes;
        this.#language = language;
      }
    }
    const sum = [...this.#logVotes.values()].reduce((total, votes) => total + Math.exp(votes - best), 0);
    this.#isSettled = 1 / sum >= clearMajority;
    return this.#language!;
  }
}
