import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { makeMoonshineTokenizer } from "./moonshine-tokenizer.ts";

const vocabulary = ["<unk>", "<s>", "</s>", "▁▁", "▁a", "ab", "▁ab", "▁", "a", "b", "0", "1"];
const id = (token: string) => vocabulary.indexOf(token);

function script(merges: readonly (readonly [number, number])[]): string {
  const pairs = new Uint16Array(merges.flat());
  const words = Buffer.from(vocabulary.join("\n")).toString("base64");
  return `const llama_vocab_base64 = "${words}";\nconst llama_merges_binary = "${Buffer.from(pairs.buffer).toString("base64")}";`;
}

const merges = [
  [id("▁"), id("▁")],
  [id("▁"), id("a")],
  [id("a"), id("b")],
  [id("▁a"), id("b")],
] as const;

describe("makeMoonshineTokenizer", () => {
  it("writes vocabulary, merges with runs of spaces last, and 768 special tokens", () => {
    const text = makeMoonshineTokenizer(script(merges));
    const { model, added_tokens } = JSON.parse(text);
    expect(model.vocab).toEqual(Object.fromEntries(vocabulary.map((token, index) => [token, index])));
    expect(model.merges).toEqual([
      ["▁", "a"],
      ["a", "b"],
      ["▁a", "b"],
      ["▁", "▁"],
    ]);
    expect(added_tokens).toHaveLength(3 + 768);
    expect(added_tokens.at(-1)).toMatchObject({ id: 32_767, content: "<<ST_767>>", special: true });
    // In the order of the token numbers, although "0" looks like an array index.
    expect(text.indexOf('"0": 10')).toBeGreaterThan(text.indexOf('"b": 9'));
  });

  it("makes a file that the tokenizer library reads", () => {
    const tokenizer = new Tokenizer(JSON.parse(makeMoonshineTokenizer(script(merges))), {});
    expect(tokenizer.encode("ab", { add_special_tokens: false }).ids).toEqual([id("▁ab")]);
    expect(tokenizer.decode([1, id("▁ab"), 32_000, 2], { skip_special_tokens: true })).toBe("ab");
  });

  it("refuses a script that does not hold the data", () => {
    expect(() => makeMoonshineTokenizer("export default 1")).toThrow(/does not hold llama_vocab_base64/);
    expect(() => makeMoonshineTokenizer(script([[id("b"), id("b")]]))).toThrow(/unknown tokens/);
    expect(() => makeMoonshineTokenizer(script([[60_000, 1]]))).toThrow(/unknown tokens/);
  });
});
