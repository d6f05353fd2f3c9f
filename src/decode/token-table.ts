/**
 * What search needs to know of every token's text: the folded bytes that terms are compared by. Made once for a
 * tokeniser.
 */
import { foldBytes } from "../text/fold.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

export class TokenTable {
  readonly vocabularySize: number;
  /** Folded bytes of all tokens, one after the other. */
  readonly folded: Uint8Array;
  /** For every folded byte 1 when a capital letter begins there. */
  readonly capitals: Uint8Array;
  /** Where each token begins in `folded`; one entry more than there are tokens. */
  readonly foldedOffsets: Uint32Array;

  private constructor(tokenizer: Tokenizer) {
    this.vocabularySize = tokenizer.vocabularySize;
    const tokens = Array.from({ length: this.vocabularySize }, (_, token) =>
      foldBytes(tokenizer.tokenBytes(token)),
    );
    this.folded = Uint8Array.from(Buffer.concat(tokens.map(({ bytes }) => bytes)));
    this.capitals = Uint8Array.from(Buffer.concat(tokens.map(({ capitals }) => capitals)));
    this.foldedOffsets = new Uint32Array(this.vocabularySize + 1);
    for (const [token, { bytes }] of tokens.entries())
      this.foldedOffsets[token + 1] = this.foldedOffsets[token]! + bytes.length;
  }

  static of(tokenizer: Tokenizer): TokenTable {
    let table = tables.get(tokenizer);
    if (!table) tables.set(tokenizer, (table = new TokenTable(tokenizer)));
    return table;
  }
}

const tables = new WeakMap<Tokenizer, TokenTable>();
