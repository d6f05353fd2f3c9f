/**
 * Text as the tokens that terms are made of: words of any script with the signs that stand inside names and identifiers,
 * Chinese words, and the breaks between phrases.
 */
import { rarityOf, segmentChinese } from "./word-rarity.ts";

export interface Token {
  readonly text: string;
  readonly lower: string;
  readonly kind: "word" | "number" | "han";
  /** Part of speech of a Chinese word, in jieba's notation. */
  readonly tag: string;
  /** No phrase goes on from the token before to this one: punctuation or the end of a line stands between them. */
  readonly breaksBefore: boolean;
  /** The first word of a sentence or line, whose capital says nothing. */
  readonly isFirst: boolean;
  /** Follows the token before without a space. */
  readonly isJoined: boolean;
}

const letter = "[\\p{L}\\p{N}\\p{M}²³₀-₉]";
/**
 * Runs of Chinese; assignments; words with inner signs (`Qwen2-VL`, `node.js`, `AT&T`, `CUDA_VISIBLE_DEVICES`, `TCP/IP`) and
 * trailing ones (`C++`, `C#`); anything else but spaces.
 */
const pattern = new RegExp(
  "[\\p{Script=Han}々〇]+" +
    "|[A-Z][A-Z0-9]*_[A-Z0-9_]+=[\\w.,:/-]*[\\w/]" +
    `|(?:(?<![\\w.])\\.(?=[A-Z]{2}))?(?![\\p{Script=Han}])(?:_{0,2}(?!\\p{Script=Han})${letter}(?:(?!\\p{Script=Han})${letter}|_+|[-.'’&](?=(?!\\p{Script=Han})[\\p{L}\\p{N}])|(?<=[A-Z])/(?=[A-Z]))*(?:_{1,2}(?!\\w))?(?:\\+\\+|#(?!\\w))?)` +
    "|\\n+|[^\\s]",
  "gu",
);

/** Ends of sentences and lines. */
const endsSentence = /^[.!?。！？:：\n]/u;
/** Signs that do not end a phrase. */
const transparent = /^["“”«»‘’']$/u;
/** A line that is shorter than this was ended by its author, not by the width of the page. */
const wrappedLineCharacters = 45;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let breaks = true;
  let isFirst = true;
  let end = -1;
  const add = (piece: string, kind: Token["kind"], tag: string, isJoined: boolean) => {
    tokens.push({
      text: piece,
      lower: piece.toLowerCase(),
      kind,
      tag,
      breaksBefore: breaks,
      isFirst,
      isJoined,
    });
    breaks = false;
    isFirst = false;
  };
  for (const match of unwrapLines(text).matchAll(pattern)) {
    const piece = match[0];
    const isJoined = match.index === end && !breaks;
    end = match.index + piece.length;
    if (/^[\p{Script=Han}々〇]/u.test(piece)) {
      for (const [index, { word, tag }] of segmentChinese(piece).entries()) {
        add(word, "han", tag, index > 0 || isJoined);
      }
    } else if (/[\p{L}\p{N}]/u.test(piece)) {
      // A sentence that begins without a space after the last: "end.Next".
      const parts = /^(\p{Ll}{3,})\.(\p{Lu}\p{Ll}+)$/u.exec(piece);
      if (parts) {
        add(parts[1]!, "word", "", isJoined);
        breaks = isFirst = true;
        add(parts[2]!, "word", "", false);
      } else {
        const word = piece.replace(/['’]s?$/u, "");
        add(word, /^[\d.,:/-]+$/.test(word) ? "number" : "word", "", isJoined);
      }
    } else if (!transparent.test(piece)) {
      breaks = true;
      if (endsSentence.test(piece) || piece === "•") isFirst = true;
    }
  }
  return tokens;
}

/** Line ends that the width of the page made become spaces; the others separate. */
function unwrapLines(text: string): string {
  if (!text.includes("\n")) return text;
  const lines = joinHyphens(text).split("\n");
  let result = lines[0]!;
  for (let i = 1; i < lines.length; i++) {
    const wrapped =
      lines[i - 1]!.length >= wrappedLineCharacters && /^[\p{Ll}\p{Script=Han}(]/u.test(lines[i]!);
    const glue = wrapped
      ? /\p{Script=Han}$/u.test(lines[i - 1]!) && /^\p{Script=Han}/u.test(lines[i]!)
        ? ""
        : " "
      : "\n";
    result += glue + lines[i]!;
  }
  return result;
}

/** A word broken at the end of a line becomes whole again; a compound such as `fine-tuning` keeps its hyphen. */
function joinHyphens(text: string): string {
  return text.replace(/(\p{L}*\p{Ll})-\n(\p{Ll}+)/gu, (_, first: string, second: string) => {
    const isCompound =
      rarityOf((first + second).toLowerCase()) === 1 &&
      rarityOf(first.toLowerCase()) < 0.7 &&
      rarityOf(second) < 0.7;
    return isCompound ? `${first}-${second}` : first + second;
  });
}
