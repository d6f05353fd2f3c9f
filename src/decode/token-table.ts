/**
 * What search needs to know of every token's text: whether a word can begin or end between two tokens.
 */
import type { Tokenizer } from "../text/tokenizer.ts";

/** Bit set when the token's first character continues a word that came before it (a letter or digit, no Han). */
export const beginsInsideWord = 1;
/** Bit set when the token's last character is part of a word that the next token may continue. */
const endsInsideWord = 2;

/** One byte of flags a token; made once for a tokeniser. */
export class TokenTable {
  readonly vocabularySize: number;
  readonly flags: Uint8Array;

  private constructor(tokenizer: Tokenizer) {
    this.vocabularySize = tokenizer.vocabularySize;
    this.flags = new Uint8Array(tokenizer.vocabularySize);
    const decoder = new TextDecoder();
    for (let token = 0; token < this.flags.length; token++) {
      const bytes = tokenizer.tokenBytes(token);
      if (bytes.length === 0) continue;
      const text = decoder.decode(bytes);
      const first = text[Symbol.iterator]().next().value!;
      const last = Array.from(text.slice(-2)).at(-1)!;
      this.flags[token] =
        (isWordCharacter(first) ? beginsInsideWord : 0) | (isWordCharacter(last) ? endsInsideWord : 0);
    }
  }

  static of(tokenizer: Tokenizer): TokenTable {
    let table = tables.get(tokenizer);
    if (!table) tables.set(tokenizer, (table = new TokenTable(tokenizer)));
    return table;
  }

  /** Whether a word that ends with `token` could go on in the next token. */
  endsInsideWord(token: number): boolean {
    return (this.flags[token]! & endsInsideWord) !== 0;
  }

  /** Whether `token`, put after a word character, would continue that word. */
  beginsInsideWord(token: number): boolean {
    return (this.flags[token]! & beginsInsideWord) !== 0;
  }
}

const tables = new WeakMap<Tokenizer, TokenTable>();

/**
 * Letters and digits of scripts that write spaces between words. Part of a character (U+FFFD here) is Han in all
 * likelihood, and Han needs no boundary.
 */
function isWordCharacter(character: string): boolean {
  return (
    /[\p{L}\p{N}]/u.test(character) &&
    !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(character)
  );
}
