/**
 * Finds the user's terms in recognised text and puts them into the user's own spelling.
 */
import { rarityOf } from "../context/extraction/word-rarity.ts";
import type { Term } from "../context/term.ts";
import {
  capitalOf,
  letterE,
  letterS,
  shortestWithPlural,
  withBreak,
  type TermTree,
} from "../decode/term-tree.ts";
import { breakByte, continuesCharacter, foldText, standsAlone, type FoldedText } from "../text/fold.ts";
import { replaceText, type TimedText } from "./timed-text.ts";

/** A term in the text: characters `from` to `to`, without the ending of a plural or possessive. */
export interface TermOccurrence {
  readonly term: Term;
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the terms, the longest at each place, and rewrites them. Between a Latin term and a Han character comes a space.
 *
 * @returns the text with the terms as the user spells them, and where they stand in it
 */
export function writeTerms(
  timed: TimedText,
  tree: TermTree,
): { timed: TimedText; occurrences: TermOccurrence[] } {
  const occurrences: TermOccurrence[] = [];
  let result = timed;
  let shift = 0;
  for (const found of findTerms(timed.text, tree)) {
    const from = found.from + shift;
    const to = found.to + shift;
    const before = result.text.slice(0, from);
    const written = result.text.slice(from, to);
    const after = result.text.slice(to);
    const { text } = found.term;
    const spelling = keepsCapital(text, written, before) ? written : text;
    const [open, close] = spacesAround(text, before, after);
    const replacement = `${open}${spelling}${close}`;
    if (replacement !== written) result = replaceText(result, from, to, replacement);
    shift += replacement.length - written.length;
    const start = from + open.length;
    occurrences.push({ term: found.term, from: start, to: start + spelling.length });
  }
  return { timed: result, occurrences };
}

/** The terms in a text from left to right, the longest at each place, none overlapping. */
export function findTerms(text: string, tree: TermTree): TermOccurrence[] {
  const folded = foldText(text);
  const boundary = boundariesOf(folded.bytes);
  const found: TermOccurrence[] = [];
  for (let at = 0; at < folded.bytes.length;) {
    const match = boundary[at] === wordStart ? longestAt(folded, boundary, at, tree) : null;
    if (match) {
      const to = match.end < folded.bytes.length ? folded.positions[match.end]! : text.trimEnd().length;
      found.push({ term: match.term, from: folded.positions[at]!, to });
    }
    at = match ? match.end : at + 1;
  }
  return found;
}

/** Words up to this rarity are known to everybody; a plural is a little rarer than its word, or as rare. See `rarityOf`. */
const knownRarity = 0.6;
const pluralRarity = 0.25;

const noBoundary = 0;
const wordEnd = 1;
const wordStart = 2;

/** What each byte begins: a word, the gap after one, or neither; one entry more for the end. */
function boundariesOf(bytes: Uint8Array): Uint8Array {
  const boundary = new Uint8Array(bytes.length + 1);
  let last: "break" | "word" | "alone" = "break";
  for (const [i, byte] of bytes.entries()) {
    if (byte === breakByte) {
      boundary[i] = wordEnd;
      last = "break";
    } else if (!continuesCharacter(byte)) {
      const alone = standsAlone(byte);
      boundary[i] = alone || last !== "word" ? wordStart : noBoundary;
      last = alone ? "alone" : "word";
    }
  }
  boundary[bytes.length] = wordEnd;
  return boundary;
}

function longestAt(
  { bytes, capitals }: FoldedText,
  boundary: Uint8Array,
  start: number,
  tree: TermTree,
): { term: Term; end: number } | null {
  let best: { term: Term; end: number } | null = null;
  const { size, exactLow, exactHigh } = tree;
  for (const [firstKey, lastKey, firstDepth] of [
    [0, size, 0],
    [exactLow, exactHigh, 1],
  ] as const) {
    let low = firstKey;
    let high = lastKey;
    let depth = firstDepth;
    let breaks = 0;
    for (let at = start; at < bytes.length && low < high; at++) {
      const byte = bytes[at]!;
      if (byte === breakByte) {
        breaks = withBreak(breaks, depth);
        continue;
      }
      const goesOn =
        tree.child(low, high, depth, byte) ||
        (capitals[at] === 1 && tree.child(low, high, depth, capitalOf(byte)));
      if (!goesOn) break;
      ({ low, high } = tree);
      depth++;
      const end = endOfWord(bytes, boundary, at + 1, depth);
      if (end < 0 || (best && best.end >= at + 1)) continue;
      const key = tree.completeKey(low, high, depth, breaks);
      if (key < 0) continue;
      const term = tree.termOf(key);
      if (end > at + 1 && isAnotherWord(bytes.subarray(start, end), term)) continue;
      best = { term, end: at + 1 };
    }
  }
  return best;
}

/** Where a word ends, from a byte on: there, or after the ending of a plural; -1 when it goes on otherwise. */
function endOfWord(bytes: Uint8Array, boundary: Uint8Array, at: number, length: number): number {
  if (boundary[at] !== noBoundary) return at;
  if (length < shortestWithPlural) return -1;
  const s = bytes[at] === letterE ? at + 1 : at;
  return bytes[s] === letterS && boundary[s + 1] !== noBoundary ? s + 1 : -1;
}

/** A rare term with an s behind it may be a word that everybody knows: "thi" is not said in "this". */
function isAnotherWord(word: Uint8Array, { text }: Term): boolean {
  const rarity = rarityOf(Buffer.from(word).toString("latin1"));
  return rarity <= knownRarity && rarityOf(text.toLowerCase()) > rarity + pluralRarity;
}

/** A term in lower case may keep the capital that begins a sentence. */
function keepsCapital(term: string, written: string, before: string): boolean {
  if (term !== term.toLowerCase() || written.length !== term.length) return false;
  const beginsSentence = /(?:^|[.?!。？！…:]["'”’)]*)\s*["'“‘(]*$/u.test(before);
  return beginsSentence && written.slice(1) === term.slice(1) && written.toLowerCase() === term;
}

const han = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const endsHan = new RegExp(`${han}$`, "u");
const beginsHan = new RegExp(`^${han}`, "u");
const holdsHan = new RegExp(han, "u");

/** The spaces that a Latin term needs between Han characters. */
function spacesAround(term: string, before: string, after: string): [string, string] {
  if (holdsHan.test(term)) return ["", ""];
  return [endsHan.test(before) ? " " : "", beginsHan.test(after) ? " " : ""];
}
