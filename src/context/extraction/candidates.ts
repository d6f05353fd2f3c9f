/**
 * Candidate terms of documents: every word, name and phrase that a recogniser may get wrong, counted over all documents,
 * with the places where it stands and the reasons why it is one.
 */
import {
  charactersPerPage,
  lettersPerHan,
  type ContextDocument,
  type DocumentPart,
  type Place,
} from "../documents/document.ts";
import { nameConnectors, generalTermWords, stopWords } from "./stop-words.ts";
import { chineseCandidates } from "./chinese-candidates.ts";
import { repairPictureText } from "./picture-noise.ts";
import { type Token, tokensOf } from "./tokens.ts";
import { rarityOf } from "./word-rarity.ts";

/** Why a recogniser is likely to get it wrong, or why it matters. */
export type TermReason =
  | "acronym"
  | "mixed case"
  | "identifier"
  | "letters and digits"
  | "name"
  | "rare word"
  | "phrase"
  | "Chinese term"
  | "set apart"
  | "given as a name";

export interface Candidate {
  /** Its spellings and how often each occurs. */
  readonly spellings: Map<string, number>;
  readonly reasons: Set<TermReason>;
  count: number;
  /** How often it stands in a title, and how often it is set apart by bold, italics or a code font. */
  titles: number;
  marks: number;
  /** 0 to 1, of its rarest word. */
  rarity: number;
  /** Words in it. */
  readonly words: number;
  /**
   * 1 when it ends a phrase somewhere, where the head of an English noun phrase stands; 0.5 when it only ever begins one; 0
   * when it only stands inside longer ones.
   */
  edge: number;
  /** Where it stands: the first place on each page. */
  readonly places: { readonly document: number; readonly page: number; readonly place: Place }[];
}

const han = /\p{Script=Han}/gu;
/** A line that has been seen more often is a header or footer. */
const mostRepeats = 3;
const longestPhraseWords = 4;

/** Whether a word is written in small letters somewhere: then its capital at the beginning of a line says nothing. */
interface WordCases {
  lower: number;
  capital: number;
}

/** All candidates by their spelling in lower case, and all words of the documents in lower case. */
export function collectCandidates(documents: readonly ContextDocument[]): {
  candidates: Map<string, Candidate>;
  words: Set<string>;
} {
  const cases = new Map<string, WordCases>();
  const parts: { part: DocumentPart; tokens: Token[]; document: number; page: number }[] = [];
  for (const [document, { parts: all }] of documents.entries()) {
    const repeats = new Map<string, number>();
    let letters = 0;
    let textPage = 1;
    for (const part of all) {
      if (letters > charactersPerPage || (part.beginsPage && letters > 0)) {
        textPage++;
        letters = 0;
      }
      letters += part.text.length + (lettersPerHan - 1) * (part.text.match(han)?.length ?? 0);
      const seen = (repeats.get(part.text) ?? 0) + 1;
      repeats.set(part.text, seen);
      if (seen > mostRepeats && part.text.length < 120) continue;
      const text = part.isPicture ? repairPictureText(part.text) : part.text;
      const tokens = part.role === "name" ? [] : tokensOf(text);
      for (const token of tokens) countCase(token, part, cases);
      const paged = part.place.unit === "page" || part.place.unit === "slide";
      const page = paged ? part.place.number : textPage;
      parts.push({ part, tokens, document, page });
    }
  }
  const collector = new CandidateCollector(cases);
  for (const { part, tokens, document, page } of parts) collector.addPart(part, tokens, document, page);
  return { candidates: collector.candidates, words: new Set(cases.keys()) };
}

function countCase(token: Token, part: DocumentPart, cases: Map<string, WordCases>): void {
  if (token.kind !== "word") return;
  let known = cases.get(token.lower);
  if (!known) cases.set(token.lower, (known = { lower: 0, capital: 0 }));
  if (token.text === token.lower) known.lower++;
  else if (!token.isFirst && part.role === "text") known.capital++;
}

class CandidateCollector {
  readonly candidates = new Map<string, Candidate>();
  readonly #cases: ReadonlyMap<string, WordCases>;

  constructor(cases: ReadonlyMap<string, WordCases>) {
    this.#cases = cases;
  }

  addPart(part: DocumentPart, tokens: readonly Token[], document: number, page: number): void {
    const add = (text: string, words: number, rarity: number, reason: TermReason, edge = 1) => {
      const key = text.toLowerCase();
      let candidate = this.candidates.get(key);
      if (!candidate) {
        candidate = {
          spellings: new Map(),
          reasons: new Set(),
          count: 0,
          titles: 0,
          marks: 0,
          rarity,
          words,
          edge: 0,
          places: [],
        };
        this.candidates.set(key, candidate);
      }
      candidate.spellings.set(text, (candidate.spellings.get(text) ?? 0) + 1);
      candidate.reasons.add(reason);
      candidate.count++;
      if (part.role === "title") candidate.titles++;
      candidate.edge = Math.max(candidate.edge, edge);
      const last = candidate.places.at(-1);
      if (!last || last.document !== document || last.page !== page) {
        candidate.places.push({ document, page, place: part.place });
      }
      return candidate;
    };
    if (part.role === "name") {
      if (part.text.length <= 80)
        add(part.text.replace(/\n/g, " "), part.text.split(/\s/).length, 1, "given as a name");
      return;
    }
    for (const marked of part.marked) {
      const text = marked
        .replace(/\s+/g, " ")
        .replace(/^[\s"“]+|[\s"”.,:;]+$|^\((?=[^)]*$)|(?<=^[^(]*)\)$/g, "");
      const words = text.split(" ");
      const isTerm =
        /\p{L}/u.test(text) &&
        words.length <= longestPhraseWords &&
        !words.every((word) => isGeneral(word.toLowerCase()));
      if (isTerm && words.length === 1 && part.role !== "code")
        add(text, 1, rarityOf(text.toLowerCase()), "set apart").marks++;
      else if (isTerm && words.length > 1) add(text, words.length, 0.5, "set apart").marks++;
    }
    const isCode = part.role === "code";
    for (const token of tokens) {
      if (token.kind !== "word") continue;
      const reason = this.#reasonFor(token, isCode, part.role === "title");
      if (reason !== null) add(this.#spellingOf(token), 1, rarityOf(token.lower), reason);
      if (token.text.includes("=")) add(token.text.split("=")[0]!, 1, 1, "identifier");
      else if (isCode && token.text.includes(".")) {
        for (const member of token.text.split("."))
          if (/[_\p{Ll}]\p{Lu}|_\w/u.test(member)) add(member, 1, 1, "identifier");
      }
    }
    if (!isCode) {
      const names = new Set(namesIn(tokens));
      for (const name of names) add(name, name.split(" ").length, 0.9, "name");
      for (const { text, words, rarity, edge } of phrasesIn(tokens, (token) => this.#spellingOf(token))) {
        if (!names.has(text)) add(text, words, rarity, "phrase", edge);
      }
    }
    for (const { text, words, rarity } of chineseCandidates(tokens)) add(text, words, rarity, "Chinese term");
  }

  /** A word with a capital that it only has at the beginning of a sentence or in a title is written small. */
  #spellingOf(token: Token): string {
    if (!/^\p{Lu}[\p{Ll}'’-]+$/u.test(token.text)) return token.text;
    const known = this.#cases.get(token.lower);
    const isName = known !== undefined && known.capital > known.lower;
    return !isName && (rarityOf(token.lower) < 1 || (known?.lower ?? 0) > 0) ? token.lower : token.text;
  }

  #reasonFor(token: Token, isCode: boolean, isTitle: boolean): TermReason | null {
    const { text, lower } = token;
    if (text.length < 2 || text.length > 60 || !/\p{L}/u.test(text)) return null;
    if (/_|=|\w\.\w+\.\w|^\p{Ll}+\.\p{Ll}/u.test(text) && !/^(?:e\.g|i\.e|a\.m|p\.m)/.test(lower)) {
      return /\p{L}{2}/u.test(text) ? "identifier" : null;
    }
    if (/^\p{Lu}+-?\d|\p{L}\d|\d\p{L}/u.test(text)) {
      // Ordinals and units are said as they are: 1st, 90s, 10ms, 5x, 30k.
      return /^\d+(?:st|nd|rd|th|s|x|k|m|ms|kb|mb|gb|px|pt|cm|mm|kg|am|pm|h)$/.test(lower)
        ? null
        : "letters and digits";
    }
    const capitals = text.match(/\p{Lu}/gu)?.length ?? 0;
    const letters = text.match(/\p{L}/gu)!.length;
    if (capitals >= 2 && letters <= 12 && (capitals === letters || /^\p{Lu}+s$/u.test(text))) {
      // A heading in capitals is not made of acronyms.
      const shouting = isTitle || letters > 6;
      return /^[IVXLC]+$/.test(text) || stopWords.has(lower) || (shouting && rarityOf(lower) < 0.5)
        ? null
        : "acronym";
    }
    if (capitals === letters && letters > 12) return rarityOf(lower) >= 0.5 ? "rare word" : null;
    if (/\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}/u.test(text)) return "mixed case";
    if (/[+#&]|^\./u.test(text)) return "letters and digits";
    if (stopWords.has(lower)) return null;
    const rarity = rarityOf(lower);
    if (isCode) return rarity === 1 && text.length >= 4 ? "rare word" : null;
    if (/^\p{Lu}/u.test(text)) {
      const known = this.#cases.get(lower);
      if (!token.isFirst && !isTitle && (known?.lower ?? 0) < (known?.capital ?? 0))
        return references.has(lower) ? null : "name";
    }
    if (text.includes("-")) {
      const rarest = Math.max(...lower.split("-").map((part) => (part.length > 1 ? rarityOf(part) : 0)));
      return rarest >= 0.1 || rarityOf(lower) >= 0.5 ? "rare word" : null;
    }
    return rarity >= 0.1 && !isGeneral(lower) && text.length >= 3 ? "rare word" : null;
  }
}

/** Runs of words with a capital, with connectors inside: "Bank of England", "Ludwig van Beethoven". Not in titles, where all have one. */
function namesIn(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  let run: Token[] = [];
  const finish = () => {
    while (run.length > 0 && nameConnectors.has(run.at(-1)!.text)) run.pop();
    if (run[0]?.isFirst && stopWords.has(run[0].lower)) run.shift();
    if (run.length >= 2 && run.length <= 5) names.push(run.map((token) => token.text).join(" "));
    run = [];
  };
  for (const token of tokens) {
    const isCapital =
      token.kind === "word" && /^\p{Lu}/u.test(token.text) && (token.isFirst || !stopWords.has(token.lower));
    const connects = run.length > 0 && nameConnectors.has(token.text);
    if (token.breaksBefore) finish();
    if (isCapital || (connects && !token.breaksBefore)) run.push(token);
    else finish();
  }
  finish();
  return names;
}

/** Written with a capital when they point somewhere. */
const references = new Set(
  "figure fig table tab section sec chapter appendix equation eq algorithm page slide part step figures tables".split(
    " ",
  ),
);

function isGeneral(word: string): boolean {
  return stopWords.has(word) || generalTermWords.has(word);
}

/** Phrases of two to four words between function words and breaks: the whole stretch, and its parts. */
function* phrasesIn(
  tokens: readonly Token[],
  spellingOf: (token: Token) => string,
): Generator<{ text: string; words: number; rarity: number; edge: number }> {
  let start = 0;
  while (start < tokens.length) {
    if (!isContent(tokens[start]!)) {
      start++;
      continue;
    }
    let end = start + 1;
    while (end < tokens.length && isContent(tokens[end]!) && !tokens[end]!.breaksBefore) end++;
    for (let length = 2; length <= Math.min(longestPhraseWords, end - start); length++) {
      for (let from = start; from + length <= end; from++) {
        const words = tokens.slice(from, from + length);
        if (isGeneral(words[0]!.lower) || isGeneral(words.at(-1)!.lower)) continue;
        if (words.every((word) => word.kind === "number")) continue;
        const rarity =
          words.reduce((sum, word) => sum + (word.kind === "number" ? 0 : rarityOf(word.lower)), 0) / length;
        // "dynamic time warping", but not "everybody left early".
        if (rarity < 0.1 && words.some((word) => isGeneral(word.lower))) continue;
        yield {
          text: words.map((word) => spellingOf(word)).join(" "),
          words: length,
          rarity,
          edge: from + length === end ? 1 : from === start ? 0.5 : 0,
        };
      }
    }
    start = end;
  }
}

function isContent(token: Token): boolean {
  if (token.kind === "han") return false;
  return (
    token.kind === "number" ||
    (!stopWords.has(token.lower) && token.text.length > 1) ||
    /^\p{Lu}$/u.test(token.text)
  );
}
