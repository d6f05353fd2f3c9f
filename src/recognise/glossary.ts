/**
 * The user's terms made ready for one model and language: what is boosted, what is prompted, how each is spelled, and
 * what becomes of every one.
 */
import type { Term } from "../context/term.ts";
import { glossaryText } from "../decode/prompt.ts";
import { termTokens } from "../decode/term-forms.ts";
import { TermTree } from "../decode/term-tree.ts";
import { TokenTable } from "../decode/token-table.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import type { TermReport } from "../transcript/transcript.ts";
import type { Checkpoint, Occurrence } from "./options.ts";
import { TermIndex } from "./written-terms.ts";

/** Longer lists are cut here: beyond it nearly every word begins a term, and bonuses stop telling words apart. */
export const longestGlossary = 20_000;

const languagesWithoutSpaces = new Set(["zh", "yue", "ja", "th", "lo", "my", "km"]);

/** A list of terms made ready for a model and a way of writing: what can be shared by all recordings. */
export class PreparedTerms {
  readonly given: readonly Term[];
  /** The terms that are used, the heaviest first. */
  readonly used: readonly Term[];
  /** Where each of them stands in `used`. */
  readonly places: ReadonlyMap<Term, number>;
  /** The terms that are not used, and why. */
  readonly dropped: ReadonlyMap<Term, string>;
  readonly tree: TermTree | undefined;
  readonly index: TermIndex;
  /** Whether the prompt can hold all terms beside the text so far. */
  readonly fitPrompt: boolean;
  readonly warnings: readonly string[];

  constructor(given: readonly (string | Term)[], model: SpeechModel, language: string) {
    this.given = given.map((term) =>
      typeof term === "string" ? { text: term.trim(), spokenForms: [], weight: 1 } : term,
    );
    const dropped = new Map<Term, string>();
    const used: Term[] = [];
    const seen = new Set<string>();
    for (const term of this.given) {
      if (!/[\p{L}\p{N}]/u.test(term.text)) dropped.set(term, "it has no letters or digits");
      else if (term.weight === 0) dropped.set(term, "its weight is 0");
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
    this.used = used;
    this.places = new Map(used.map((term, place) => [term, place]));
    this.dropped = dropped;
    this.index = new TermIndex(used);
    const spaces = !languagesWithoutSpaces.has(language);
    this.tree =
      used.length > 0
        ? new TermTree(termTokens(used, model.tokenizer, spaces), TokenTable.of(model.tokenizer))
        : undefined;
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
          "for terms): all are favoured in the search, and those heard once are prompted from then on",
      );
    }
    return warnings;
  }
}

/** The terms in one recording: which are prompted, which were heard, and in the end what became of each. */
export class Glossary {
  readonly prepared: PreparedTerms;
  readonly #occurrences = new Map<Term, Occurrence[]>();
  readonly #prompted = new Set<Term>();

  /** @param earlier what became of the terms before, when recognition goes on */
  constructor(prepared: PreparedTerms, earlier?: NonNullable<Checkpoint["terms"]>) {
    this.prepared = prepared;
    for (const place of earlier?.prompted ?? []) this.#prompted.add(prepared.used[place]!);
    for (const [place, occurrences] of earlier?.occurrences ?? []) {
      this.#occurrences.set(prepared.used[place]!, [...occurrences]);
    }
  }

  /** What became of the terms so far, as a new glossary over the same list can take it up. */
  checkpoint(): Pick<NonNullable<Checkpoint["terms"]>, "prompted" | "occurrences"> {
    const { places } = this.prepared;
    return {
      prompted: [...this.#prompted].map((term) => places.get(term)!),
      occurrences: [...this.#occurrences].map(([term, occurrences]) => [places.get(term)!, [...occurrences]]),
    };
  }

  /**
   * Terms for the prompt, best first: those heard already, then the others if the whole list has room. A prompt filled with
   * terms that are not said helps no one and costs time (docs/experiments.md).
   */
  forPrompt(): readonly Term[] {
    const { used, fitPrompt } = this.prepared;
    const heard = used.filter((term) => this.#occurrences.has(term));
    return fitPrompt ? [...heard, ...used.filter((term) => !this.#occurrences.has(term))] : heard;
  }

  notePrompted(terms: readonly Term[]): void {
    for (const term of terms) this.#prompted.add(term);
  }

  noteOccurrence(term: Term, occurrence: Occurrence): void {
    const known = this.#occurrences.get(term);
    if (known) known.push(occurrence);
    else this.#occurrences.set(term, [occurrence]);
  }

  /** What became of every term that was given, in the order given. */
  report(): TermReport[] {
    return this.prepared.given.map((term) => {
      const occurrences = this.#occurrences.get(term) ?? [];
      const reason = this.prepared.dropped.get(term);
      const used = this.#prompted.has(term) ? "prompted" : "boosted";
      const status = reason !== undefined ? "dropped" : occurrences.length > 0 ? "written" : used;
      return {
        term: term.text,
        status,
        score: occurrences.length > 0 ? Math.max(...occurrences.map(({ confidence }) => confidence)) : null,
        occurrences: occurrences.map(({ start, end, text }) => ({ start, end, text })),
        ...(reason !== undefined && { reason }),
      };
    });
  }
}

function fitsPrompt(terms: readonly Term[], model: SpeechModel): boolean {
  const limit = model.promptLimit / 2;
  // No term is shorter than a token.
  if (terms.length > limit) return false;
  return model.tokenizer.encode(glossaryText(terms)).length <= limit;
}
