/**
 * The protocols of contextual biasing: which terms the recogniser is given for which utterance.
 *
 * Distractors are drawn for every utterance from its own seeded generator, so that they depend neither on the order of
 * the utterances nor on how many there are, and one after the other, so that the list of 100 is the beginning of the
 * list of 500.
 */
import { createHash } from "node:crypto";
import { GlossaError } from "../errors.ts";
import { normaliseForScoring } from "../text/normalise.ts";
import type { Utterance } from "./datasets/utterance.ts";
import { randomGenerator } from "../random.ts";
import type { TermsProtocol } from "./records.ts";
import { TermTrie } from "./term-trie.ts";

export interface TermListOptions {
  protocol: TermsProtocol;
  /** Distractors per utterance, for the protocols that have them; null takes all that the data set gives. */
  listSize: number | null;
  seed: number;
  /** One list for the whole set: an utterance's own terms are those of them that it says. */
  glossary: readonly string[] | null;
  /** What distractors are drawn from; null takes the utterance's own distractors, else the terms of the whole set. */
  distractors: readonly string[] | null;
  /** For utterances that do not say their language. */
  language: string | undefined;
}

/** The terms of one utterance. */
export interface UtteranceTerms {
  own: readonly string[];
  /** What the recogniser is given, in an order that does not tell own terms from distractors. */
  given: readonly string[];
  /** Undefined for `all`, whose list is the same for all utterances. */
  distractors?: readonly string[];
}

export class TermLists {
  /** The list of the whole set: its glossary, or the union of the utterances' terms in the order of the set. */
  readonly allTerms: readonly string[];
  readonly #options: TermListOptions;
  readonly #glossaryIndex = new Map<string, TermTrie>();
  readonly #normalised = new Map<string, string>();

  /** @param utterances of the whole set, also when only a part of it is run */
  constructor(utterances: readonly Utterance[], options: TermListOptions) {
    this.#options = options;
    this.allTerms = unique(options.glossary ?? utterances.flatMap(listedTerms));
    const { protocol, listSize } = options;
    const pool = options.distractors ?? this.allTerms;
    const ownDistractors = options.distractors === null && utterances.some(({ distractors }) => distractors);
    const draws = protocol === "own+distractors" || protocol === "distractors";
    if (draws && listSize === null && !ownDistractors) {
      throw new GlossaError("invalid-argument", `--terms ${protocol} needs --list-size`);
    }
    if (draws && !ownDistractors && pool.length < listSize!) throw tooFew(listSize!, pool.length);
  }

  of(utterance: Utterance): UtteranceTerms {
    const { protocol, seed } = this.#options;
    const own = this.#ownTerms(utterance);
    if (protocol === "none") return { own, given: [], distractors: [] };
    if (protocol === "own") return { own, given: own, distractors: [] };
    if (protocol === "all") return { own, given: this.allTerms };
    const random = randomGenerator(seedOf(seed, utterance.id));
    const distractors = this.#drawDistractors(utterance, own, random);
    if (protocol === "distractors") return { own, given: distractors, distractors };
    return { own, given: [...drawn([...own, ...distractors], random)], distractors };
  }

  /** Tells one list from another: the terms that lists are made of. */
  fingerprint(): string {
    return fingerprintOf([this.#options.glossary, this.#options.distractors]);
  }

  #ownTerms(utterance: Utterance): readonly string[] {
    const { glossary } = this.#options;
    if (glossary === null || utterance.text === null) return unique(listedTerms(utterance));
    const language = this.#languageOf(utterance);
    let index = this.#glossaryIndex.get(language);
    if (index === undefined) {
      index = new TermTrie(this.allTerms.map((term) => normaliseForScoring(term, language)));
      this.#glossaryIndex.set(language, index);
    }
    const spoken = index.find(normaliseForScoring(utterance.text, language));
    return unique(spoken.map(({ term }) => this.allTerms[term]));
  }

  /** Leaves out what the utterance says: a term that is spoken is no distractor. */
  #drawDistractors(utterance: Utterance, own: readonly string[], random: () => number): string[] {
    const { listSize, distractors } = this.#options;
    const pool = distractors ?? utterance.distractors ?? this.allTerms;
    const size = listSize ?? pool.length;
    const language = this.#languageOf(utterance);
    const spoken = ` ${normaliseForScoring(utterance.text ?? "", language).join(" ")} `;
    const taken = new Set(own.map((term) => this.#key(term, language)));
    const result: string[] = [];
    for (const term of drawn(pool, random)) {
      if (result.length === size) break;
      const key = this.#key(term, language);
      if (key === "" || taken.has(key) || spoken.includes(` ${key} `)) continue;
      taken.add(key);
      result.push(term);
    }
    if (listSize !== null && result.length < listSize) throw tooFew(listSize, result.length, utterance.id);
    return result;
  }

  #languageOf(utterance: Utterance): string {
    return utterance.language ?? this.#options.language ?? "und";
  }

  #key(term: string, language: string): string {
    const cacheKey = `${language}\n${term}`;
    let key = this.#normalised.get(cacheKey);
    if (key === undefined) {
      key = normaliseForScoring(term, language).join(" ");
      this.#normalised.set(cacheKey, key);
    }
    return key;
  }
}

/** The terms that a data set lists for an utterance: `terms`, else `rare_words`, else `keywords`. */
export function listedTerms({
  terms,
  rareWords,
  keywords,
}: Pick<Utterance, "terms" | "rareWords" | "keywords">): readonly string[] {
  return terms ?? rareWords ?? keywords ?? [];
}

/** All items in random order, found one after the other (Fisher–Yates over a map of what was moved). */
function* drawn<T>(items: readonly T[], random: () => number): Generator<T> {
  const moved = new Map<number, T>();
  for (let first = 0; first < items.length; first++) {
    const index = first + Math.floor(random() * (items.length - first));
    yield moved.get(index) ?? items[index];
    moved.set(index, moved.get(first) ?? items[first]);
  }
}

/** A seed for one utterance. */
export function seedOf(seed: number, id: string): number {
  return createHash("sha256").update(`${seed}\n${id}`).digest().readUInt32LE();
}

/** SHA-256 of a value as JSON. */
export function fingerprintOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function unique(terms: readonly string[]): string[] {
  return [...new Set(terms.map((term) => term.trim()))].filter((term) => term !== "");
}

function tooFew(listSize: number, available: number, id?: string): GlossaError {
  const where = id === undefined ? "" : ` for the utterance ${id}`;
  return new GlossaError(
    "invalid-argument",
    `--list-size ${listSize}: there are only ${available} distractors${where}; give a longer list with --distractors`,
  );
}
