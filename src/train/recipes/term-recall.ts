/**
 * How well terms are found: the terms that a recording says among many that it does not say, by their scores.
 */
import { readFile } from "node:fs/promises";
import { GlossaError } from "../../errors.ts";
import { bootstrapInterval, type Interval } from "../../eval/bootstrap.ts";
import { randomGenerator } from "../../random.ts";
import { normaliseForScoring } from "../../text/normalise.ts";
import { shuffled } from "../data/batch-loader.ts";
import { wordsOfText } from "../data/sub-texts.ts";
import type { TrainingUtterance } from "../data/training-utterances.ts";

/** From here on a word is one that a user would give as a term. */
const rareFrom = 0.5;
const leastLetters = 3;

/** The rare words of a text, each once: what stands for its terms where nobody has listed any. */
export function rareWordsOf(text: string): string[] {
  const rare = wordsOfText(text).filter(
    (word) => word.rarity >= rareFrom && word.text.length * (word.isChinese ? 2 : 1) >= leastLetters,
  );
  return [...new Set(rare.map(({ text: word }) => word.toLowerCase()))];
}

/** The terms of an utterance: those that its set lists, else its rare words. */
export function termsOf({ terms, text }: Pick<TrainingUtterance, "terms" | "text">): string[] {
  return terms.length > 0 ? [...new Set(terms)] : rareWordsOf(text);
}

/** Terms that recordings are asked for though they may not say them, the same for all of a language. */
export class Distractors {
  readonly #byScript: Readonly<Record<Script, readonly string[]>>;
  /** By language and term. */
  readonly #words = new Map<string, string>();

  /**
   * Draws as many of each script, or all there are.
   *
   * @param isReadable whether the model can be asked for a term
   */
  constructor(pool: Iterable<string>, size: number, seed: number, isReadable: (term: string) => boolean) {
    const all = shuffled([...new Set(pool)], randomGenerator(seed));
    const drawn: Record<Script, string[]> = { han: [], other: [] };
    for (const term of all) {
      const own = drawn[scriptOf(term)];
      if (own.length < size && isReadable(term)) own.push(term);
    }
    this.#byScript = drawn;
  }

  get all(): readonly string[] {
    return [...this.#byScript.han, ...this.#byScript.other];
  }

  /** Those of its script that an utterance does not say. */
  of({ text, language }: Pick<TrainingUtterance, "text" | "language">): string[] {
    const said = wordsOf(text, language);
    return this.#byScript[scriptOf(text)].filter((term) => {
      const key = `${language} ${term}`;
      let words = this.#words.get(key);
      if (words === undefined) this.#words.set(key, (words = wordsOf(term, language)));
      return !said.includes(words);
    });
  }
}

/** As they are scored, with a space around each. */
function wordsOf(text: string, language: string): string {
  return ` ${normaliseForScoring(text, language).join(" ")} `;
}

type Script = "han" | "other";

function scriptOf(text: string): Script {
  return /\p{Script=Han}/u.test(text) ? "han" : "other";
}

/** Reads a list of terms, one a line. @throws GlossaError `unreadable-input` */
export async function readWordList(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new GlossaError("unreadable-input", `distractors: ${path} cannot be read: ${cause.message}`, {
      cause,
    });
  });
  const words = text.split(/\r?\n/).map((line) => line.trim());
  return words.filter((word) => word !== "");
}

/** What came of one recording. */
export interface FoundTerms {
  /** Whether the term with the highest score is one of its own: 0 or 1. */
  readonly topOne: number;
  /** Its terms among the best, as many as it has and five more. */
  readonly found: number;
  readonly terms: number;
}

const more = 5;

/** Where scores are the same, the distractor counts as the better. @param own scores of at least one term */
export function countFound(own: readonly number[], distractors: readonly number[]): FoundTerms {
  const sorted = [...own].sort((a, b) => b - a);
  const kept = own.length + more;
  const found = sorted.filter((score, before) => {
    const better = distractors.reduce((count, other) => count + Number(other >= score), 0);
    return before + better < kept;
  }).length;
  const topOne = Number(distractors.every((other) => other < sorted[0]!));
  return { topOne, found, terms: own.length };
}

/** Shares over recordings; none has a value where there is no recording. */
export interface TermRecall {
  /** Share of the recordings whose highest score is one of their own terms'. */
  readonly topOneRecall: Interval | null;
  /** Share of the terms that are among as many as are true and five more. */
  readonly recallAtTruePlusFive: Interval | null;
}

/** With bootstrap intervals by recording. */
export function termRecall(recordings: readonly FoundTerms[]): TermRecall {
  const share = ([part, whole]: readonly number[]) => (whole! > 0 ? part! / whole! : null);
  return {
    topOneRecall: bootstrapInterval(
      recordings.map(({ topOne }) => [topOne, 1]),
      share,
    ),
    recallAtTruePlusFive: bootstrapInterval(
      recordings.map(({ found, terms }) => [found, terms]),
      share,
    ),
  };
}
