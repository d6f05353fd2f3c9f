/**
 * The user's terms made ready for one model and language: what is boosted, what is prompted, how each is spelled, and
 * what becomes of every one.
 */
import { rarityOf } from "../context/extraction/word-rarity.ts";
import type { Term } from "../context/term.ts";
import { glossaryText } from "../decode/prompt.ts";
import { TermTracker } from "../decode/term-tracker.ts";
import { TermTree } from "../decode/term-tree.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import type { TermReport } from "../transcript/transcript.ts";
import type { FusedMatch } from "../retrieval/fuse.ts";
import type { Pruned, PrunedTerm } from "../retrieval/prune.ts";
import type { TermMatch } from "../retrieval/term-matcher.ts";
import type { Checkpoint, Likeness, Occurrence, Rejection } from "./options.ts";
import type { FoundTerm } from "./search-window.ts";

/** Longer lists are cut here: beyond it nearly every word is a term. */
export const longestGlossary = 200_000;

/** Words rarer than this are hardly met by chance; see `rarityOf`. */
const rarestOrdinaryWord = 0.5;

/** "th'", "said'" and "'tis" in a list would be written wherever "the" and "said" are heard; "goin'" is a word of its own. */
function isOrdinaryButForApostrophe(term: string): boolean {
  const word = /^['’]?(\p{L}+)['’]?$/u.exec(term)?.[1];
  return word !== undefined && word !== term && rarityOf(word.toLowerCase()) <= rarestOrdinaryWord;
}

/** A list of terms made ready for a model: what can be shared by all recordings. */
export class PreparedTerms {
  readonly given: readonly Term[];
  /** The terms that are used, the heaviest first. */
  readonly used: readonly Term[];
  /** Where each of them stands in `used`. */
  readonly places: ReadonlyMap<Term, number>;
  /** The terms that are not used, and why. */
  readonly dropped: ReadonlyMap<Term, string>;
  /** Undefined without terms. */
  readonly tree: TermTree | undefined;
  readonly tracker: TermTracker | undefined;
  /** Whether the model can be shown terms. */
  readonly hasPrompt: boolean;
  /** Whether the prompt can hold all terms beside the text so far. */
  readonly fitPrompt: boolean;
  readonly warnings: readonly string[];

  constructor(given: readonly (string | Term)[], model: SpeechModel) {
    this.given = given.map((term) =>
      typeof term === "string" ? { text: term.trim(), spokenForms: [], weight: 1 } : term,
    );
    const dropped = new Map<Term, string>();
    const used: Term[] = [];
    const seen = new Set<string>();
    for (const term of this.given) {
      if (!/[\p{L}\p{N}]/u.test(term.text)) dropped.set(term, "it has no letters or digits");
      else if (term.weight === 0) dropped.set(term, "its weight is 0");
      else if (isOrdinaryButForApostrophe(term.text))
        dropped.set(term, "it sounds like an ordinary word, and an apostrophe at its end is not heard");
      else if (seen.has(term.text)) dropped.set(term, "it stands in the list twice");
      else {
        seen.add(term.text);
        used.push(term);
      }
    }
    used.sort((a, b) => b.weight - a.weight);
    for (const term of used.splice(longestGlossary)) {
      dropped.set(
        term,
        `the list holds more than ${longestGlossary} terms; raise the weight of those that matter`,
      );
    }
    this.dropped = dropped;
    if (used.length > 0) {
      this.tree = new TermTree(used);
      this.tracker = new TermTracker(this.tree, model.tokenizer);
      for (const term of this.tree.shadowed)
        dropped.set(term, "another term is spelled the same but for case");
    }
    this.used = used.filter((term) => !dropped.has(term));
    this.places = new Map(this.used.map((term, place) => [term, place]));
    this.hasPrompt = model.promptLimit > 0;
    this.fitPrompt = fitsPrompt(used, model);
    this.warnings = this.#warnings(model);
  }

  #warnings(model: SpeechModel): string[] {
    const warnings: string[] = [];
    if (this.dropped.size > 0) {
      const examples = [...this.dropped].slice(0, 3).map(([term, reason]) => `"${term.text}" (${reason})`);
      const more = this.dropped.size > examples.length ? ", …" : "";
      warnings.push(
        `${this.dropped.size} of ${this.given.length} terms are not used: ${examples.join(", ")}${more}`,
      );
    }
    if (!this.fitPrompt && model.promptLimit > 0) {
      warnings.push(
        `the ${this.used.length} terms are more than the prompt of ${model.id} can hold (${model.promptLimit} tokens, half of them ` +
          "for terms): the model is shown those of which something alike was heard",
      );
    }
    return warnings;
  }
}

/** The terms in one recording: which are prompted, which were heard, and in the end what became of each. */
export class Glossary {
  readonly prepared: PreparedTerms;
  readonly #occurrences = new Map<Term, Occurrence[]>();
  readonly #rejections = new Map<Term, Rejection[]>();
  readonly #prompted = new Set<Term>();
  readonly #likenesses = new Map<Term, Likeness>();
  /** Null when all terms take part in every search. */
  #searched: Set<Term> | null = null;

  /** @param earlier what became of the terms before, when recognition goes on */
  constructor(prepared: PreparedTerms, earlier?: Checkpoint["terms"]) {
    this.prepared = prepared;
    for (const place of earlier?.prompted ?? []) this.#prompted.add(prepared.used[place]!);
    for (const [place, occurrences] of earlier?.occurrences ?? []) {
      this.#occurrences.set(prepared.used[place]!, [...occurrences]);
    }
    for (const [place, rejections] of earlier?.rejections ?? []) {
      this.#rejections.set(prepared.used[place]!, [...rejections]);
    }
    for (const [place, likeness] of earlier?.likenesses ?? []) {
      this.#likenesses.set(prepared.used[place]!, likeness);
    }
    if (earlier?.searched) this.noteSearched(earlier.searched.map((place) => prepared.used[place]!));
  }

  /** What became of the terms so far, as a new glossary over the same list can take it up. */
  checkpoint(): Checkpoint["terms"] {
    const { places } = this.prepared;
    return {
      prompted: [...this.#prompted].map((term) => places.get(term)!),
      occurrences: [...this.#occurrences].map(([term, occurrences]) => [places.get(term)!, [...occurrences]]),
      rejections: [...this.#rejections].map(([term, rejections]) => [places.get(term)!, [...rejections]]),
      likenesses: [...this.#likenesses].map(([term, likeness]) => [places.get(term)!, likeness]),
      searched: this.#searched && [...this.#searched].map((term) => places.get(term)!),
    };
  }

  /**
   * Terms for the prompt, best first: those that this stretch of speech may hold, those heard before, the last one first, then
   * the others if the whole list has room. A prompt filled with terms that are not said helps no one and costs time
   * (docs/experiments.md).
   */
  forPrompt(likely: readonly Term[] = []): readonly Term[] {
    const { used, fitPrompt } = this.prepared;
    const lastHeard = (term: Term) => this.#occurrences.get(term)!.at(-1)!.start;
    const heard = [...this.#occurrences.keys()].sort((a, b) => lastHeard(b) - lastHeard(a));
    return [...new Set([...likely, ...heard, ...(fitPrompt ? used : [])])];
  }

  /** The terms that stand in the text so far. */
  get written(): Iterable<Term> {
    return this.#occurrences.keys();
  }

  notePrompted(terms: readonly Term[]): void {
    for (const term of terms) this.#prompted.add(term);
  }

  /** @param terms those that took part in the search of a window, of a list too long for all to do so */
  noteSearched(terms: readonly Term[]): void {
    this.#searched ??= new Set();
    for (const term of terms) this.#searched.add(term);
  }

  noteLikenesses({ kept, dropped }: Pruned<FusedMatch | TermMatch>): void {
    const note = (isEnough: boolean) => (entry: PrunedTerm<FusedMatch | TermMatch>) => {
      const known = this.#likenesses.get(entry.term);
      const [match] = entry.matches;
      const { start } = match!;
      const heard = "heard" in match! ? match.heard : match!.evidence.heard;
      const likeness = { heard, start, probability: entry.score, isEnough };
      if (!known || rankOf(likeness) > rankOf(known)) this.#likenesses.set(entry.term, likeness);
    };
    kept.forEach(note(true));
    dropped.forEach(note(false));
  }

  noteOccurrences(found: readonly FoundTerm[]): void {
    for (const { term, start, end, text, confidence, evidence } of found) {
      const { posterior } = evidence;
      note(this.#occurrences, term, { start, end, text, confidence, posterior });
    }
  }

  /** @param rejected terms that were found and taken back */
  noteRejections(rejected: readonly FoundTerm[]): void {
    for (const { term, start, end, evidence } of rejected)
      note(this.#rejections, term, { start, end, posterior: evidence.posterior });
  }

  /** What became of every term that was given, in the order given. */
  report(): TermReport[] {
    return this.prepared.given.map((term) => this.#reportOn(term));
  }

  #reportOn(term: Term): TermReport {
    const occurrences = this.#occurrences.get(term) ?? [];
    const rejections = this.#rejections.get(term);
    const status = this.#statusOf(term);
    const reason = this.prepared.dropped.get(term) ?? (status === "written" ? undefined : this.#whyNot(term));
    return {
      term: term.text,
      status,
      score: occurrences.length > 0 ? Math.max(...occurrences.map(({ confidence }) => confidence)) : null,
      occurrences: occurrences.map(({ start, end, text, posterior }) => ({ start, end, text, posterior })),
      ...(rejections && { rejections: [...rejections] }),
      ...(reason !== undefined && { reason }),
    };
  }

  /** What was heard that is like a term which does not stand in the text; undefined when nothing was, or nobody looked. */
  #whyNot(term: Term): string | undefined {
    const likeness = this.#likenesses.get(term);
    if (!likeness) return this.#takesPart(term) ? undefined : "nothing like it was heard";
    const { heard, start, probability, isEnough } = likeness;
    const what =
      heard === null
        ? `sounds like it were heard at ${start.toFixed(1)} s`
        : `a quick pass heard "${heard}" at ${start.toFixed(1)} s`;
    const probably = `(probability ${probability.toPrecision(1)})`;
    if (!this.#takesPart(term)) return `${what}, too little like it to be searched for ${probably}`;
    if (!this.prepared.hasPrompt) return `${what}, but the search did not bear it out ${probably}`;
    if (!isEnough) return `${what}, too little like it for the model to be shown the term ${probably}`;
    return this.#prompted.has(term)
      ? `${what}, so the model was shown the term, but it wrote something else`
      : `${what}, but the prompt had no room for the term`;
  }

  /** Whether the term took part in the search of any window. */
  #takesPart(term: Term): boolean {
    return this.#searched === null || this.#searched.has(term);
  }

  #statusOf(term: Term): TermReport["status"] {
    if (this.prepared.dropped.has(term) || !this.#takesPart(term)) return "dropped";
    if (this.#occurrences.has(term)) return "written";
    if (this.#rejections.has(term)) return "rejected";
    return this.#prompted.has(term) ? "prompted" : "boosted";
  }
}

/** A place in the prompt says more than the probability: only the likeliest have one. */
function rankOf({ isEnough, probability }: Likeness): number {
  return Number(isEnough) + probability;
}

function note<Value>(all: Map<Term, Value[]>, term: Term, value: Value): void {
  const known = all.get(term);
  if (known) known.push(value);
  else all.set(term, [value]);
}

function fitsPrompt(terms: readonly Term[], model: SpeechModel): boolean {
  const limit = model.promptLimit / 2;
  // No term is shorter than a token.
  if (terms.length > limit) return false;
  return model.tokenizer.encode(glossaryText(terms)).length <= limit;
}
