/**
 * How alike two spellings are: letters and digits only, by edit distance.
 */
import { simplifyChinese } from "../text/normalise-chinese.ts";

const han = /\p{Script=Han}/u;

/** Letters and digits in lower case, accents taken off, Chinese in simplified characters: recognisers write either. */
export function lettersOf(text: string): string {
  const letters = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
  return han.test(letters) ? simplifyChinese(letters) : letters;
}

const longest = 256;
const row = new Uint16Array(longest + 1);

/** 1 for the same letters, 0 for nothing in common: 1 less the edits by the longer length. Only the first 256 letters count. */
export function spellingSimilarity(first: string, second: string): number {
  const a = first.length > longest ? first.slice(0, longest) : first;
  const b = second.length > longest ? second.slice(0, longest) : second;
  const length = Math.max(a.length, b.length);
  if (length === 0) return 1;
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 0; i < a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i + 1;
    const letter = a.charCodeAt(i);
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const change = diagonal + Number(letter !== b.charCodeAt(j - 1));
      row[j] = Math.min(change, above + 1, row[j - 1]! + 1);
      diagonal = above;
    }
  }
  return 1 - row[b.length]! / length;
}
