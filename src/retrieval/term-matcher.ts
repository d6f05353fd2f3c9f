/**
 * Finds terms in what a first pass heard, by sound and by spelling: "Quentoo VL" for `Qwen2-VL`. Thousands of terms against a
 * window of 30 s take milliseconds.
 */
import { rarityOf } from "../context/extraction/word-rarity.ts";
import type { Term } from "../context/term.ts";
import { Aligner, fullCost } from "./alignment.ts";
import { type Evidence, probabilityOf } from "./evidence.ts";
import { type HeardSounds, type HeardWord, saidOtherwise, soundsOf } from "./heard-words.ts";
import { pronunciationsOf } from "./pronunciation.ts";
import { SoundIndex } from "./sound-index.ts";
import { spellingSimilarity, lettersOf } from "./spelling.ts";

/** A term at a place of the speech. */
export interface TermMatch {
  readonly term: Term;
  /** Probability that it was said there, 0 to 1. */
  readonly score: number;
  /** Seconds from the start of the recording. */
  readonly start: number;
  readonly end: number;
  /** What the first pass wrote there. */
  readonly heard: string;
  readonly evidence: Evidence;
}

/** Matches whose sounds have less in common are not looked at further. */
const leastPhonetic = 0.45;
/** What similar sounds say about the spelling of a term in another script than what was heard. */
const soundAsSpelling = 0.8;
const han = /\p{Script=Han}/u;
/** Matches that are less likely are not reported. */
const leastScore = 0.002;

/** A list of terms made ready for matching; make it once for all windows. */
export class TermMatcher {
  readonly terms: readonly Term[];
  /** The sounds of every way of saying a term, the term of each, and what missing all of it costs. */
  readonly #sequences: Uint8Array[] = [];
  readonly #termOf: number[] = [];
  readonly #fullCosts: number[] = [];
  /** The letters of a term as written and as spoken. */
  readonly #letters: string[][];
  readonly #index: SoundIndex;
  readonly #aligner = new Aligner();

  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.#letters = terms.map((term) => [...new Set([term.text, ...term.spokenForms].map(lettersOf))]);
    for (const [index, term] of terms.entries()) {
      for (const { sounds } of pronunciationsOf(term)) {
        this.#sequences.push(sounds);
        this.#termOf.push(index);
        this.#fullCosts.push(fullCost(sounds));
      }
    }
    this.#index = new SoundIndex(this.#sequences);
  }

  /**
   * Where terms may have been said, the likeliest first; a term at most once at a place.
   *
   * @param hypotheses what was heard, the best first; more than one makes it less likely that a term is missed
   */
  match(hypotheses: readonly (readonly HeardWord[])[]): TermMatch[] {
    const found: Found[] = [];
    for (const words of hypotheses) {
      this.#matchWords(soundsOf(words), found);
      for (const stretch of saidOtherwise(words)) this.#matchWords(soundsOf(stretch), found);
    }
    return bestPerPlace(this.#withRivals(found));
  }

  #matchWords(heard: HeardSounds, found: Found[]): void {
    if (heard.sounds.length === 0) return;
    this.#index.search(heard, ({ sequence, from, to }) => this.#look(sequence, heard, from, to, found));
  }

  /** Looks for the best place of a way of saying a term in a stretch, and then before and behind it. */
  #look(sequence: number, heard: HeardSounds, from: number, to: number, found: Found[]): void {
    const sounds = this.#sequences[sequence]!;
    const { cost, from: first, to: last } = this.#aligner.align(sounds, heard, from, to);
    const phonetic = 1 - cost / this.#fullCosts[sequence]!;
    if (phonetic < leastPhonetic) return;
    found.push(this.#found(sequence, heard, first, last, phonetic));
    const enough = (2 * sounds.length) / 3;
    if (first - from >= enough) this.#look(sequence, heard, from, first, found);
    if (to - last >= enough) this.#look(sequence, heard, last, to, found);
  }

  #found(sequence: number, heard: HeardSounds, first: number, last: number, phonetic: number): Found {
    const firstUnit = heard.wordOf[first]!;
    const units = heard.units.slice(firstUnit, heard.wordOf[last - 1]! + 1);
    const letters = units.map((unit) => unit.letters).join("");
    const term = this.#termOf[sequence]!;
    let orthographic = 0;
    for (const written of this.#letters[term]!) {
      orthographic = Math.max(
        orthographic,
        // Characters spell a foreign word by its sounds: 亦外恩 for `E Y N`.
        han.test(letters) && !han.test(written)
          ? soundAsSpelling * phonetic
          : spellingSimilarity(written, letters),
      );
    }
    return {
      term,
      start: units[0]!.start,
      end: units.at(-1)!.end,
      heard: joined(units),
      phonetic,
      orthographic,
      sounds: this.#sequences[sequence]!.length,
      confidence: Math.min(...units.map((unit) => unit.confidence)),
      rarity: Math.max(...units.map((unit) => rarityOfHeard(unit.text))),
    };
  }

  /** Adds to each match by how much the best other term at the same place fits better. */
  #withRivals(found: readonly Found[]): TermMatch[] {
    const byStart = [...found].sort((a, b) => a.start - b.start);
    const fitOf = (match: Found) => (match.phonetic + match.orthographic) / 2;
    const longest = found.reduce((most, match) => Math.max(most, match.end - match.start), 0);
    return byStart.flatMap((match, index) => {
      let best = 0;
      const look = (other: Found) => {
        if (other.term === match.term) return;
        const overlap = Math.min(match.end, other.end) - Math.max(match.start, other.start);
        // What is longer and fits as well explains more: "attention pooling" against "pooling" leaves both standing.
        if (overlap > 0.6 * (match.end - match.start) && overlap > 0.6 * (other.end - other.start)) {
          best = Math.max(best, fitOf(other));
        }
      };
      for (let i = index - 1; i >= 0 && byStart[i]!.start > match.start - longest; i--) look(byStart[i]!);
      for (let i = index + 1; i < byStart.length && byStart[i]!.start < match.end; i++) look(byStart[i]!);
      const { term, start, end, heard, ...evidence } = match;
      const complete = { ...evidence, rival: Math.max(0, best - fitOf(match)) };
      const score = probabilityOf(complete);
      return score < leastScore
        ? []
        : [{ term: this.terms[term]!, score, start, end, heard, evidence: complete }];
    });
  }
}

interface Found extends Omit<Evidence, "rival"> {
  /** Index of the term. */
  readonly term: number;
  readonly start: number;
  readonly end: number;
  readonly heard: string;
}

function bestPerPlace(matches: readonly TermMatch[]): TermMatch[] {
  const taken = new Map<Term, TermMatch[]>();
  return [...matches]
    .sort((a, b) => b.score - a.score)
    .filter((match) => {
      const places = taken.get(match.term);
      if (places?.some((place) => place.start < match.end && match.start < place.end)) return false;
      if (places) places.push(match);
      else taken.set(match.term, [match]);
      return true;
    });
}

function joined(units: readonly { text: string }[]): string {
  let text = "";
  for (const unit of units) {
    const isHan = /^[\p{Script=Han}々〇]/u.test(unit.text);
    text += text === "" || isHan ? unit.text : ` ${unit.text}`;
  }
  return text;
}

function rarityOfHeard(text: string): number {
  const letters = text.toLowerCase().replace(/[^\p{L}]/gu, "");
  return letters === "" || /\p{Script=Han}/u.test(letters) ? 0 : rarityOf(letters);
}
