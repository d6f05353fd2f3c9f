/**
 * Text to tokens and back, for byte-level BPE (Whisper) and SentencePiece BPE (Moonshine, Llama).
 *
 * Splitting text into tokens is the work of `@huggingface/tokenizers`. Turning tokens into text is done here by
 * bytes, because search and alignment need what one token adds to the text, and one token may hold part of a
 * character.
 */
import { readFile } from "node:fs/promises";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { GlossaError } from "../errors.ts";

/** The parts of a `tokenizer.json` that are read here. */
interface TokenizerFile {
  model: { type: string; vocab: Record<string, number>; byte_fallback?: boolean };
  added_tokens: { id: number; content: string; special: boolean }[];
  pre_tokenizer: { type: string } | null;
}

export class Tokenizer {
  /** Number of tokens, special ones included. */
  readonly vocabularySize: number;
  /** Special tokens by their text, such as `<|startoftranscript|>`. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #sentencePiece: boolean;
  /** What the tokens of the vocabulary are called; undefined for those that are no text. */
  readonly #names: (string | undefined)[] = [];
  /** The bytes of tokens that were asked for, and of those that are not in the vocabulary. */
  readonly #bytes = new Map<number, Uint8Array>();
  /** Made from `#file` when first needed: without terms or a prompt no text is ever split. */
  #library: HuggingFaceTokenizer | null = null;
  #file: object | null;

  /**
   * @param file the parsed `tokenizer.json`
   * @param vocabularySize size of the model's output, when it is larger than what the file names (Moonshine adds
   *   768 special tokens that the file may not list)
   */
  constructor(file: unknown, vocabularySize?: number) {
    const parsed = file as TokenizerFile;
    this.#file = parsed;
    this.#sentencePiece = parsed.model.byte_fallback === true;
    const special = new Map<string, number>();
    const names = this.#names;
    const { vocab } = parsed.model;
    for (const text in vocab) names[vocab[text]!] = text;
    for (const token of parsed.added_tokens) {
      // Whisper's timestamps are added tokens that are not marked as special, but they are no text either.
      const isText = !token.special && !/^<\|.*\|>$/.test(token.content);
      names[token.id] = undefined;
      if (isText) this.#bytes.set(token.id, new TextEncoder().encode(token.content));
      else special.set(token.content, token.id);
    }
    this.specialTokens = special;
    this.vocabularySize = Math.max(vocabularySize ?? 0, names.length);
  }

  /** Reads a `tokenizer.json`. */
  static async load(path: string, vocabularySize?: number): Promise<Tokenizer> {
    try {
      return new Tokenizer(JSON.parse(await readFile(path, "utf8")), vocabularySize);
    } catch (cause) {
      throw new GlossaError("model-corrupt", `${path} cannot be read as a tokenizer.json file.`, { cause });
    }
  }

  /**
   * The tokens of `text`, exactly as it stands: a leading space matters, and no special tokens are added.
   */
  encode(text: string): number[] {
    if (text === "") return [];
    this.#library ??= new HuggingFaceTokenizer(this.#file!, {});
    this.#file = null;
    const library = this.#library;
    const encode = (part: string) => library.encode(part, { add_special_tokens: false }).ids;
    if (!this.#sentencePiece) return encode(text);
    // SentencePiece puts a space in front of every text. After a line break, which is one byte token, nothing is added.
    if (text.startsWith(" ")) return encode(text.slice(1));
    const lineBreak = library.token_to_id("<0x0A>")!;
    const tokens = encode(`\n${text}`);
    return tokens.slice(tokens.indexOf(lineBreak) + 1);
  }

  /** The text of `tokens`; special tokens add nothing, an incomplete character becomes U+FFFD. */
  decode(tokens: Iterable<number>): string {
    const parts: Uint8Array[] = [];
    for (const token of tokens) parts.push(this.tokenBytes(token));
    return new TextDecoder().decode(Buffer.concat(parts));
  }

  /** The UTF-8 bytes that a token adds to the text; none for special tokens. */
  tokenBytes(token: number): Uint8Array {
    const known = this.#bytes.get(token);
    if (known) return known;
    const name = this.#names[token];
    const toBytes = this.#sentencePiece ? sentencePieceBytes : byteLevelBytes;
    const bytes = name === undefined ? noBytes : (toBytes(name) ?? noBytes);
    this.#bytes.set(token, bytes);
    return bytes;
  }

  /** The token of a special text such as `<|zh|>`. */
  specialToken(text: string): number {
    const token = this.specialTokens.get(text);
    if (token === undefined) {
      throw new GlossaError(
        "model-corrupt",
        `The tokenizer has no token ${text}; is it the right file for this model?`,
      );
    }
    return token;
  }
}

const noBytes = new Uint8Array(0);

/** GPT-2's printable stand-in for every byte, turned round. */
const byteOfCharacter = (() => {
  const map = new Map<string, number>();
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let shifted = 256;
  for (let byte = 0; byte < 256; byte++)
    map.set(String.fromCodePoint(printable(byte) ? byte : shifted++), byte);
  return map;
})();

function byteLevelBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => byteOfCharacter.get(character) ?? 0);
}

function sentencePieceBytes(text: string): Uint8Array | undefined {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(text);
  if (byte) return Uint8Array.of(Number.parseInt(byte[1]!, 16));
  if (text === "<unk>" || text === "<s>" || text === "</s>" || /^<<.*>>$/.test(text)) return undefined;
  return new TextEncoder().encode(text.replaceAll("▁", " "));
}
